"""The wheel, the declared dependencies, the pins, and what no committed file may contain."""

import ast
import importlib.metadata
import itertools
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("raysweep", "search_spaces", "analysis")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built without the network from a copy of the sources, where no earlier build has left files."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(target), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, capture_output=True)
    (file,) = target.glob("*.whl")
    return zipfile.ZipFile(file)


def source_files() -> Iterator[Path]:
    """Files of the packages, relative to the repository."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT)


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == {path.as_posix() for path in source_files()}
    assert any(name.startswith("analysis/") and name.endswith(".html") for name in packed)


@pytest.mark.slow
def test_the_wheel_carries_the_licence_and_the_command(wheel: zipfile.ZipFile) -> None:
    (licence,) = [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    (commands,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "raysweep = raysweep.run:main" in wheel.read(commands).decode()


@pytest.mark.slow
def test_the_wheel_works_without_the_repository(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "installed")
    command = "import raysweep, raysweep.run; print(raysweep.__file__); raysweep.run.main(['digits', '--plan'])"
    done = subprocess.run(
        [sys.executable, "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(str(tmp_path / "installed"))
    assert "wgan_gp" in done.stdout


def imported_packages() -> dict[str, str]:
    """Top-level packages that the code imports and neither Python nor this repository has, each with a file."""
    found = {}
    for path in source_files():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            found |= {name.partition(".")[0]: str(path) for name in names}
    return {name: path for name, path in found.items() if name not in {*sys.stdlib_module_names, *PACKAGES}}


def names_of(requirements: list[str]) -> set[str]:
    """Canonical names of the packages that are required."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


@pytest.mark.slow
def test_every_import_is_declared_and_every_declaration_used() -> None:
    owners = importlib.metadata.packages_distributions()
    imported = {canonicalize_name(owner) for name in imported_packages() for owner in owners[name]}
    declared = names_of(PROJECT["dependencies"])
    undeclared = {name: path for name, path in imported_packages().items() if not declared & names_of(owners[name])}
    assert undeclared == {}
    assert declared - imported == set()


def pins() -> dict[str, str]:
    """Versions in constraints.txt, by canonical name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    exact = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in exact}


def test_every_requirement_is_pinned_to_a_version_that_satisfies_it() -> None:
    pinned = pins()
    for requirement in map(Requirement, [*PROJECT["dependencies"], *itertools.chain(*EXTRAS.values())]):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_everything_that_the_requirements_pull_in_is_pinned() -> None:
    """Without that, two installations could differ."""
    pinned = pins()
    queue, seen = [("raysweep", frozenset(EXTRAS))], set()
    while queue:
        name, extras = queue.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        assert name == "raysweep" or name in pinned, f"{name} is not pinned in constraints.txt"
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # only in a cluster's installation
        for requirement in map(Requirement, requires):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                queue.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))


def test_no_committed_file_names_a_package_registry_or_a_folder_of_the_machine_it_was_written_on() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of committed files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    # Each is put together here, so that this file does not contain it.
    hosts = [
        "pypi" + ".org",
        "files.python" + "hosted",
        "download.py" + "torch.org",
        "registry.npm" + "js",
        "deb." + "debian",
    ]
    forbidden = [text.encode() for text in (*hosts, "/wo" + "rk/", "/root" + "/")]
    files = [path for name in listed.stdout.split("\0") if (path := ROOT / name).is_file()]
    assert len(files) > len(PACKAGES)
    found = {path.name: text for path in files for text in forbidden if text in path.read_bytes()}
    assert found == {}
