"""Sessions that run the checks in fresh environments: `nox -s tests slow lint types docs`."""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "tests"]

PAGES = (
    "test_readme",
    "test_site",
    "test_references",
    "test_architecture",
    "test_contributing",
    "test_docstrings",
)


PYTHONS = ("3.11", "3.12", "3.13")
"""The versions that the tests are run with, where they are installed."""


def install(session: nox.Session) -> None:
    """Install the library and its tools."""
    session.install("-e", ".[test]")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests but the long ones."""
    install(session)
    session.run("pytest", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the long tests."""
    install(session)
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Build the source distribution and a wheel from it, and run the wheel where nothing else is."""
    session.install("build")
    folder = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", folder)
    session.install(*map(str, Path(folder).glob("*.whl")))
    session.chdir(folder)  # away from the sources
    session.run("multimodal-bounds", "--version")
    session.run("multimodal-bounds", "list", "theorems", silent=True)
    check = "from empirical.erm import compiled; assert compiled.available()"
    session.run("python", "-c", check)


@nox.session
def lint(session: nox.Session) -> None:
    """Run the linter, and check the format."""
    session.install("ruff>=0.9")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    install(session)
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site, check its links, and run every block of code in pages and docstrings."""
    session.install("-e", ".[test,docs]")
    site = str(Path("build", "site"))
    session.run("sphinx-build", "-E", "-q", "-W", "--keep-going", "-b", "html", "docs", site)
    session.run("python", "docs/extensions/links.py", site)
    files = [f"tests/{name}.py" for name in PAGES if Path("tests", f"{name}.py").is_file()]
    session.run("pytest", "-m", "slow or not slow", *files, *session.posargs)
