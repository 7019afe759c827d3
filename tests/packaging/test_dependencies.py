"""Every dependency has a range and a reason, and the lock holds one exact version of each, with hashes."""

import re
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.checkout import ROOT, pyproject

LOCKS = ("constraints.txt", "constraints-dev.txt")


def dependency_lines() -> Iterator[tuple[str, str]]:
    """Yield each requirement of pyproject.toml, lock tools included, with the comment behind it."""
    for line in (ROOT / "pyproject.toml").read_text().splitlines():
        found = re.fullmatch(r'  "([a-z0-9][a-z0-9._-]*[<>=~!][^"]*)",(?: *# (.*))?', line, re.IGNORECASE)
        if found:
            yield found[1], found[2] or ""


def required(*, dev: bool) -> Iterator[Requirement]:
    """Yield what pyproject.toml asks for: the package with its demo, the build, and the tools of development."""
    project = pyproject()
    yield from map(Requirement, project["project"]["dependencies"])
    yield from map(Requirement, project["project"]["optional-dependencies"]["demo"])
    for group in ("build", "dev") if dev else ("build",):
        yield from (Requirement(line) for line in project["dependency-groups"][group] if isinstance(line, str))


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Read a lock: project name → (version, hashes)."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)([^\n]*)$", text, re.MULTILINE)
    return {
        canonicalize_name(project): (version, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", rest))
        for project, version, rest in found
    }


def test_no_dependency_escapes_these_tests() -> None:
    project = pyproject()
    declared = [*project["project"]["dependencies"]]
    declared += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    declared += [line for group in project["dependency-groups"].values() for line in group if isinstance(line, str)]
    assert sorted(declared) == sorted(requirement for requirement, _ in dependency_lines())


@pytest.mark.parametrize(("requirement", "reason"), dependency_lines())
def test_a_dependency_has_a_range_and_a_reason(requirement: str, reason: str) -> None:
    operators = {specifier.operator for specifier in Requirement(requirement).specifier}
    assert len(reason) >= 10, f"{requirement}: say in a comment behind it what it is for"
    if operators == {"=="}:
        assert "pinned" in reason, f"{requirement}: one exact version needs its reason: '…; pinned: …'"
    else:
        assert ">=" in operators, f"{requirement}: say the oldest version that works"
        assert "<" in operators or "no ceiling" in reason, (
            f"{requirement}: set a ceiling, or say why: '…; no ceiling: …'"
        )


def test_the_build_backend_has_one_range() -> None:
    project = pyproject()
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_fits_pyproject(name: str) -> None:
    held = locked(name)
    for requirement in required(dev=name == "constraints-dev.txt"):
        assert canonicalize_name(requirement.name) in held, f"{requirement} is not in {name}: run `nox -s lock`"
        version, _ = held[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{name} holds {version} of {requirement}: run `nox -s lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_has_a_hash_for_everything_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    allowed = (
        r" *#.*|--only-binary :all:|[a-z0-9._-]+==[^\s;]+(?: ; [^\\@/]+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?|"
    )
    strange = [line for line in text.splitlines() if not re.fullmatch(allowed, line)]
    held = locked(name)
    assert not strange
    assert "://" not in text
    assert len(held) > 20
    assert [project for project, (_, hashes) in held.items() if not hashes] == []


def test_both_locks_hold_the_same_versions() -> None:
    runtime, dev = (locked(name) for name in LOCKS)
    assert {project: dev.get(project) for project in runtime} == runtime
