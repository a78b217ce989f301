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


def install(session: nox.Session) -> None:
    """Install the library and its tools."""
    session.install("-e", ".[test]")


@nox.session
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
