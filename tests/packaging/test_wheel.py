"""The wheel, built from a clean copy and installed where no checkout can help it."""

import configparser
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from tests.packaging.checkout import ROOT, copy_to, files


def build(source: Path, kind: str, out: Path) -> Path:
    """Build a wheel or an sdist with the locked hatchling, without asking any registry."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def archive(wheel: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(wheel) as opened:
        yield opened


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment with the wheel in it, and return its folder of programs."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", place], check=True, capture_output=True, timeout=100)
    programs = place / "bin"
    subprocess.run(
        [programs / "python", "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True, timeout=100
    )
    # The dependencies come from the environment of the tests. A plain path in a .pth file does not bring along that
    # environment's own .pth files, so its editable installation of the checkout stays out of sight.
    (packages,) = place.glob("lib/python*/site-packages")
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(paths)))
    return programs


def run(*command: str | Path, cwd: Path) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "INSIGHTS_", "COV"))}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_holds_the_package_the_styles_and_nothing_else(archive: zipfile.ZipFile, source: Path) -> None:
    names = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(source).as_posix() for path in (source / "insights_tui").rglob("*") if path.is_file()}
    styles = {f"insights_tui/styles/{path.name}" for path in (source / "styles").glob("*.tcss")}
    assert styles
    assert "insights_tui/py.typed" in modules
    assert names - {"insights_tui/styles/.gitkeep"} == modules | styles


def test_metadata_names_the_program_and_the_pythons(archive: zipfile.ZipFile) -> None:
    (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    points = configparser.ConfigParser()
    points.read_string(archive.read(f"{info}/entry_points.txt").decode())
    metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    assert dict(points["console_scripts"]) == {"insights-tui": "insights_tui.cli.main:main"}
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_payload() == (ROOT / "README.md").read_text()


def test_the_source_archive_builds_the_same_wheel(wheel: Path, source: Path, tmp_path: Path) -> None:
    sdist = build(source, "sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as opened:
        if hasattr(tarfile, "data_filter"):  # Debian 12 has Python 3.11.2, which is older than the filters
            opened.extraction_filter = tarfile.data_filter
        opened.extractall(tmp_path / "unpacked")  # noqa: S202 - our own archive, built a line above
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    again = build(unpacked, "wheel", tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        names = {name for name in first.namelist() if not name.endswith(".gitkeep")}
        assert names == {name for name in second.namelist() if not name.endswith(".gitkeep")}
        assert all(first.read(name) == second.read(name) for name in names if not name.endswith("RECORD"))


def test_the_styles_are_found_from_an_installed_wheel(installed: Path, tmp_path: Path) -> None:
    script = "from insights_tui.tui.styles_path import styles_dir as d; print(*sorted(d().glob('*.tcss')), sep='\\n')"
    found = [Path(line) for line in run(installed / "python", "-c", script, cwd=tmp_path).splitlines()]
    assert {path.name for path in found} == {path.name for path in (ROOT / "styles").glob("*.tcss")}
    assert all(path.is_relative_to(installed.parent) for path in found)


def test_the_styles_are_found_from_the_checkout(tmp_path: Path) -> None:
    script = "import sys; sys.path.insert(0, sys.argv[1]); from insights_tui.tui.styles_path import styles_dir"
    found = run(sys.executable, "-c", f"{script}; print(styles_dir())", ROOT, cwd=tmp_path)
    assert Path(found.strip()) == ROOT / "styles"


def test_the_installed_program_runs(installed: Path, tmp_path: Path) -> None:
    shown = run(installed / "insights-tui", "--help", cwd=tmp_path)
    assert "demo" in shown
    assert "agent" in shown


def test_the_installed_demo_delivers(installed: Path, tmp_path: Path) -> None:
    shown = run(installed / "insights-tui", "demo", "--headless", "--seconds", "2", cwd=tmp_path)
    assert "delivered" in shown
    assert not list(tmp_path.iterdir())


def test_every_module_of_the_wheel_imports(installed: Path, tmp_path: Path, source: Path) -> None:
    """A file that only the checkout has, or a package that only the tests install, shows here."""
    modules = [
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((source / "insights_tui").rglob("*.py"))
        if path.name != "__main__.py"
    ]
    place = run(
        installed / "python",
        "-W",
        "error",
        "-c",
        f"import {', '.join(modules)}; print(insights_tui.__file__)",
        cwd=tmp_path,
    )
    assert Path(place.strip()).is_relative_to(installed.parent)


def test_the_stylesheets_are_tracked() -> None:
    assert any(path.suffix == ".tcss" for path in files("styles"))
