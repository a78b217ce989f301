"""The site: its front page, its links, its gallery. Building it is the work of `nox -s docs`."""

import ast
import doctest
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTENSIONS = ROOT / "docs" / "extensions"
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FRONT = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def extension(name):
    """A module that helps to build the site; they are no part of a package that is installed."""
    spec = importlib.util.spec_from_file_location(f"site_{name}", EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


links = extension("links")


def site(folder, **pages):
    """A small site on disk; the arguments are the texts of its pages."""
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(f"<article>{text}</article>", encoding="utf-8")
    return folder


def test_a_sound_site_has_no_flaw(tmp_path):
    site(
        tmp_path,
        index='<img src="a.png"><a href="one.html#here">1</a><a href="https://arxiv.org">out</a>',
        one='<p id="here"></p><br><a href="two.html">2</a><a href="#here">up</a>',
        two="<math><mi>x</mi></math>",
    )
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "a.css").write_text("/* url(https://comment.org) */ a {background: url(a.png)}")
    assert links.flaws(tmp_path) == []
    assert links.main([str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('<a href="none.html">', "index.html: no file for none.html"),
        ('<a href="#none">', "index.html: no place for #none"),
        ('<a href="one.html#none">', "index.html: no place for one.html#none"),
        ('<a href="../outside.html">', "index.html: no file for ../outside.html"),
        ('<script src="https://cdn.org/x.js">', "index.html: loads https://cdn.org/x.js"),
        ('<link rel="stylesheet" href="//cdn.org/x.css">', "index.html: loads //cdn.org/x.css"),
        ('<img src="http://cdn.org/x.png">', "index.html: loads http://cdn.org/x.png"),
        ('<p style="background: url(https://cdn.org/x)">', "index.html: loads https://cdn.org/x"),
    ],
)
def test_what_is_wrong_with_a_page_is_noticed(tmp_path, text, flaw):
    site(tmp_path, index=text + '<a href="one.html">', one="")
    assert flaw in links.flaws(tmp_path)
    assert links.main([str(tmp_path)]) == 1


def test_a_style_sheet_that_fetches_a_font_is_noticed(tmp_path):
    site(tmp_path, index="")
    (tmp_path / "a.css").write_text('@import "https://fonts.org/a.css"; b {c: url(//f.org/b)}')
    assert links.flaws(tmp_path) == [
        "a.css: loads https://fonts.org/a.css",
        "a.css: loads //f.org/b",
    ]


def test_pages_that_three_clicks_are_needed_for_are_noticed(tmp_path):
    chain = {"index": "one", "one": "two", "two": "three"}
    pages = {name: f'<a href="{target}.html">next</a>' for name, target in chain.items()}
    site(tmp_path, **pages, three="")
    assert links.flaws(tmp_path) == ["three.html: not reached from the front page in 2 clicks"]


def test_links_in_the_margins_do_not_count(tmp_path):
    site(tmp_path, index="", one="")
    index = tmp_path / "index.html"
    index.write_text('<nav><a href="one.html">1</a></nav><article>text</article>')
    assert links.flaws(tmp_path) == ["one.html: not reached from the front page in 2 clicks"]


def test_a_folder_without_a_site_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, EXTENSIONS / "links.py", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout.startswith("links.py: the one argument must be")


TASKS = (
    *("Start here", "Decide about your own modalities", "Is it true on my data?"),
    *("Evaluate and invert a bound", "State your own theorem", "Reproduce the paper"),
    *("Test a bound that someone else published", "How verdicts are decided"),
    "What is proved, what is measured, what is only estimated",
    *("When not to trust a page", "Slips in the sources", "Benchmarks", "How to add things"),
    *("Change log", "API reference", "Catalogue of theorems", "Gallery"),
)


@pytest.mark.parametrize("task", TASKS)
def test_each_task_is_on_the_front_page(task):
    assert len(re.findall(rf"^- \*\*\[{re.escape(task)}\]\(\S+\)", FRONT, re.M)) == 1


def test_the_contents_are_read_from_the_front_page():
    pytest.importorskip("sphinx")
    front_page = extension("front_page")
    text = "# T\n\nwords\n\n## One\n\n- **[A b](a.md)**: c\n- **[C](b.md)**\n\n## Two\n\nwords\n"
    assert front_page.contents(text) == (
        "```{toctree}\n:hidden:\n:caption: One\n\nA b <a.md>\nC <b.md>\n```\n"
    )
    assert front_page.contents(FRONT).count("\n```{toctree}") + 1 == FRONT.count("\n## ")


@pytest.mark.parametrize(
    ("target", "folder", "found"),
    [
        ("../CONTRIBUTING.md#tests", "docs", "/project/contributing.md#tests"),
        ("docs/bounds.md", ".", "/bounds.md"),
        ("theory.md#7-verdicts", "docs", "theory.md#7-verdicts"),
        ("#here", "docs", "#here"),
        ("https://arxiv.org/abs/1", ".", "https://arxiv.org/abs/1"),
        ("../bounds/catalogue.py", "docs", "/theorems/index.rst"),
    ],
)
def test_links_into_the_repository_lead_to_pages(target, folder, found):
    pytest.importorskip("sphinx")
    assert extension("front_page").on_site(target, folder) == found


@pytest.mark.parametrize("name", ["front_page", "gallery", "restructured", "tests_of_theorems"])
def test_examples_in_the_extensions(name, monkeypatch):
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(EXTENSIONS.parent)
    results = doctest.testmod(extension(name))
    assert results.attempted > 0
    assert results.failed == 0


def test_an_index_of_an_accented_letter_stands_to_its_right():
    pytest.importorskip("sphinx")
    to_mathml = extension("formulas").to_mathml
    assert "munder" not in to_mathml(r"\hat g_{M} + \hat{\mathfrak{R}}_S", block=True)
    assert "<munder>" in to_mathml(r"\inf_h r", block=True)


def test_the_theme_and_all_else_that_the_site_imports_is_declared():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = " ".join(settings["project"]["optional-dependencies"]["docs"])
    config = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    for name in ("myst_parser", "sphinx_gallery", "numpydoc", "pydata_sphinx_theme"):
        assert name in config
        assert name.replace("_", "-") in declared


def test_the_gallery_shows_what_it_should():
    assert len(EXAMPLES) >= 10
    assert all(path.stem.isidentifier() for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_a_title_words_and_a_figure(path):
    text = path.read_text(encoding="utf-8")
    title, line, *words = ast.get_docstring(ast.parse(text)).splitlines()
    assert line == "=" * len(title)
    assert len(" ".join(words)) > 80
    assert "plt.subplots(" in text
    assert text.count("\n# %%\n") >= 1
    assert "default_rng()" not in text
