"""What the package imports is declared, and what is declared is used."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.checkout import ROOT, pyproject

LOADED_BY_NAME = {
    "cramjam",  # aiokafka compresses with it
    "httptools",  # uvicorn's http="httptools"
    "uvloop",  # uvicorn's loop, or a loop factory by name
}


def imported() -> dict[str, str]:
    """Collect the top-level packages that the code imports, anywhere in a module, each with one place."""
    places: dict[str, str] = {}
    for path in sorted((ROOT / "insights_tui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            else:
                continue
            for name in names:
                places.setdefault(name.split(".")[0], f"{path.relative_to(ROOT)}:{node.lineno}")
    return {name: place for name, place in places.items() if name not in {*sys.stdlib_module_names, "insights_tui"}}


def declared() -> set[str]:
    project = pyproject()["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def distributions(package: str) -> set[str]:
    """Name the projects that install this package; its own name where none is installed."""
    if package == "pydantic_core":
        package = "pydantic"  # which asks for one exact version of its core
    return {canonicalize_name(name) for name in packages_distributions().get(package, [package])}


def test_every_import_is_declared() -> None:
    stray = {place: name for name, place in imported().items() if not distributions(name) & declared()}
    assert stray == {}, "add these to pyproject.toml with a reason, then run `nox -s lock`"


def test_every_declared_dependency_is_used() -> None:
    used = {project for name in imported() for project in distributions(name)}
    assert declared() - used - LOADED_BY_NAME == set()


@pytest.mark.parametrize(("package", "place"), [("confluent_kafka", "demo"), ("keyring", "keyrings.py")])
def test_an_extra_is_imported_in_one_place_alone(package: str, place: str) -> None:
    """An installation without it runs everything else."""
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "insights_tui").rglob("*.py")
        if re.search(rf"^\s*(import|from) {package}\b", path.read_text(), re.MULTILINE)
    ]
    assert found
    assert all(place in name for name in found), found
