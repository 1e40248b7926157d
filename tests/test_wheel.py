"""The wheel: all that runs is in it, and nothing else."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stalplan.stalwart.releases import Release

ROOT = Path(__file__).parents[1]
NOT_CODE = {".sh", ".typed"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the pinned tool."""
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    subprocess.run([*argv, str(folder)], check=True, cwd=ROOT, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip put the wheel, far from the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    argv += ["--no-index", "--disable-pip-version-check", "--target", str(folder)]
    subprocess.run([*argv, str(wheel)], check=True, capture_output=True)
    return folder


def run(installed: Path, *argv: str) -> str:
    """What that stalplan, and no other, prints."""
    done = subprocess.run(
        [sys.executable, "-m", "stalplan", *argv],
        check=True,
        cwd=installed,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    """What git knows of the package is what users get; tests stay here."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "stalplan"],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert set(listed.stdout.split()) == names
    assert {Path(name).suffix for name in names} <= {".py", *NOT_CODE}


def test_it_is_typed(installed: Path) -> None:
    """Type checkers may rely on what the package says of its types."""
    assert (installed / "stalplan/py.typed").is_file()


def test_its_program_is_stalplan(installed: Path) -> None:
    """What pip puts into the folder of programs runs."""
    done = subprocess.run(
        [installed / "bin" / "stalplan", "--version"],
        check=True,
        cwd=installed,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("stalplan, version ")


def test_it_runs_from_there(installed: Path) -> None:
    """The installed package is what answers."""
    where = subprocess.run(
        [sys.executable, "-c", "import stalplan; print(stalplan.__file__)"],
        check=True,
        cwd=installed,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed)
    assert run(installed, "--version").startswith("stalplan, version ")
    example = ROOT / "examples/three-nodes-0.15/stalplan.toml"
    assert "is valid" in run(installed, "validate", "-f", str(example))
    assert "draft-04" in run(installed, "schema")
    config = next((example.parent / "nodes").glob("*.toml"))
    argv = ["--release", Release.V0_15.value, "--format", "json", str(config)]
    assert json.loads(run(installed, "inspect", *argv))["node_id"] is not None
