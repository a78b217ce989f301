"""What a release says of itself, and what it carries."""

import fnmatch
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
PACKAGES = ("bounds", "empirical", "verify", "multimodal_bounds")
COMPILED_FROM = {".cpp", ".inl", ".h"}
LEFT = {".py", ".pyc", ".so"}


def test_one_version():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (\S+)$", cited, re.M)[1] == PROJECT["version"]
    assert metadata.version("multimodal-bounds") == PROJECT["version"]
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_what_the_project_says_of_itself():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    (author,) = PROJECT["authors"]
    assert f"- name: {author['name']}" in cited
    assert set(PROJECT["keywords"]) >= set(re.findall(r"^  - ([^:\n]+)$", cited, re.M))
    assert PROJECT["urls"]
    known = {each.rpartition(" :: ")[0] for each in PROJECT["classifiers"]}
    assert "Programming Language :: Python" in known
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_the_same_pythons_everywhere():
    declared = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.M)
    assert PROJECT["requires-python"] == f">={declared[0]}"
    assert f"PYTHONS = {tuple(declared)}".replace("'", '"') in (ROOT / "noxfile.py").read_text()
    wheels = SETTINGS["tool"]["cibuildwheel"]["build"]
    assert wheels == [f"cp{version.replace('.', '')}-*" for version in declared]
    said = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"Python {', '.join(declared[:-1])} or {declared[-1]} is needed" in said


def carried(path):
    """Whether a wheel takes the file: a pattern of package-data names it."""
    data = SETTINGS["tool"]["setuptools"]["package-data"]
    relative = path.relative_to(ROOT)
    parents = [".".join(parent.parts) for parent in relative.parents if parent.parts]
    if any(fnmatch.fnmatch(path.name, pattern) for pattern in data["*"]):
        return True
    return any(
        relative.relative_to(home.replace(".", "/")).match(pattern)
        for home in parents
        for pattern in data.get(home, ())
    )


def others():
    """The files in the packages that are no code."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            hidden = any(part.startswith((".", "__pycache__")) for part in path.parts)
            if path.is_file() and path.suffix not in LEFT | COMPILED_FROM and not hidden:
                yield path


def test_a_wheel_carries_templates_styles_and_schemas():
    found = list(others())
    assert {path.suffix for path in found} >= {".html", ".css", ".json", ".typed"}
    assert sum(path.name == "schema.json" for path in found) == 4
    assert [path.relative_to(ROOT).as_posix() for path in found if not carried(path)] == []


def test_a_source_distribution_carries_what_is_compiled():
    (module,) = SETTINGS["tool"]["setuptools"]["ext-modules"]
    listed = {*module["sources"], *module.get("depends", ())}
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for suffix in COMPILED_FROM
        for path in (ROOT / package).rglob(f"*{suffix}")
    }
    assert listed == there
    assert module["optional"], "without a compiler the library still installs"


@pytest.mark.parametrize("word", ["DeprecationWarning", "schema_version", "two minor releases"])
def test_the_policy_of_deprecations_is_written(word):
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    policy = said[said.index("## Versions and deprecations") : said.index("## Adding something")]
    assert word in policy
