"""The development commands: `nox -l` lists them, plain `nox` runs `check`.

Each session runs in a fresh environment with the exact versions of constraints-dev.txt, under the Python that runs nox;
`nox -P 3.13` (a version or a path) takes another one.
"""

from __future__ import annotations

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["check"]
nox.options.error_on_missing_interpreters = True  # a Python that was asked for and is not there is no success

STEPS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "contracts": ("lint-imports",),
    "tests": ("pytest", "-n", "2", "--dist", "loadgroup"),  # two workers: see pytest-xdist in pyproject.toml
}


def prepare(session: nox.Session) -> None:
    """Install what the lock holds, then this checkout.

    Two steps, because pip checks the hash of everything or of nothing, and a directory has none.
    """
    session.install("-r", "constraints-dev.txt")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session
def check(session: nox.Session) -> None:
    """Everything: format, lint, types, import contracts, then all tests. Arguments go to pytest."""
    prepare(session)
    failed = []
    for name, command in STEPS.items():
        try:
            session.run(*command, *(session.posargs if name == "tests" else ()))
        except CommandFailed:
            failed.append(name)  # go on: one run shows everything that is wrong
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests alone: `nox -s tests -- tests/http -k slow`."""
    prepare(session)
    session.run(*STEPS["tests"], *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Format, lint, types and import contracts, without the tests."""
    prepare(session)
    for name in ("format", "lint", "types", "contracts"):
        session.run(*STEPS[name])


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Format the code and mend what the linter can mend by itself."""
    prepare(session)
    session.run("ruff", "check", "--fix-only", ".")
    session.run("ruff", "format", ".")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the source archive into dist/."""
    session.install("-r", "constraints.txt")
    session.run("hatchling", "build")


@nox.session
def lock(session: nox.Session) -> None:
    """Write constraints*.txt anew from pyproject.toml; `-- --upgrade` takes newer versions.

    For every platform and Python from 3.11 on, with the hash of every wheel. Registries and paths stay out of them.
    """
    session.install(*nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "lock"))
    resolve = (
        *("uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
        *("--generate-hashes", "--only-binary", ":all:", "--emit-build-options", "--no-emit-package", "insights-tui"),
        *("--annotation-style", "line", "--custom-compile-command", "nox -s lock", "--extra", "demo", *session.posargs),
    )
    session.run(*resolve, "--group", "build", "-o", "constraints.txt")
    session.run(*resolve, "--group", "dev", "-c", "constraints.txt", "-o", "constraints-dev.txt")
