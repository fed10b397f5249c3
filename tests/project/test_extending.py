"""Adding a part takes the places that docs/extending.md names, and no other file has to know it."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from raysweep.study import Automatic
from raysweep.study.base import Kind
from raysweep.study.data import DataSettings
from raysweep.study.measures import MeasureSettings
from raysweep.study.models import FamilySettings
from raysweep.study.solvers import Solver

ROOT = Path(__file__).parents[2]
NEW_PARTS = ROOT / "tests" / "support" / "new_parts"
"""A tree of files to be added, or, where raysweep has the file already, of lines to be added to it."""
VOCABULARY = "raysweep/study/__init__.py"


def names_in(file: Path) -> set[str]:
    """What the code of a file names: identifiers, modules and strings; not what its docstrings and comments say."""
    tree, found = ast.parse(file.read_text()), set[str]()
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.ClassDef(name=name) | ast.alias(name=name):
                found.add(name)
            case ast.ImportFrom(module=str(module)):
                found.add(module)
            case ast.Constant(value=str(text)) if id(node) not in prose:
                found.add(text)
    return found


NAMES = {
    str(file.relative_to(ROOT)): names_in(file)
    for package in ("raysweep", "analysis")
    for file in (ROOT / package).rglob("*.py")
}


def places_of(kind: type[Kind]) -> set[str]:
    """The files that name a part: by its class, its name, or the module of its settings or of its code."""
    tag = kind.model_fields[kind.tag].default
    own = {kind.__name__, tag, *({kind.__module__} if kind.__module__.endswith(tag) else ())}
    return {file for file, names in NAMES.items() if own & names}


def claims(places: set[str]) -> set[str]:
    return {place for place in places if place.startswith("analysis/claims/")}


@pytest.mark.parametrize("name", ["autoencoder", "gan", "wgan_gp", "pca", "glo"])
def test_a_family_is_named_in_its_settings_its_learner_and_the_vocabulary(name: str) -> None:
    """And in claims, which papers made about it."""
    places = places_of(FamilySettings.kinds()[name])
    expected = {f"raysweep/study/models/{name}.py", f"raysweep/models/{name}.py", VOCABULARY}
    assert places - claims(places) == expected


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("memorisation", {"memorisation"}),
        ("birthday_test", {"birthday_test"}),
        ("kernel_distance", {"kernel_distance"}),
        ("precision_recall", {"precision_recall"}),
        ("class_map", {"class_map"}),
        ("exact_radius", {"exact_radius"}),
        ("interpolant", {"polynomial"}),
        ("reconstruction_classifier", {"reconstruction_classifier"}),
    ],
)
def test_a_measure_is_named_in_its_settings_its_code_the_vocabulary_its_figures_and_claims(
    name: str, figures: set[str]
) -> None:
    places = places_of(MeasureSettings.kinds()[name])
    own = {f"raysweep/study/measures/{name}.py", f"raysweep/measures/{name}.py", VOCABULARY}
    assert places - claims(places) == own | {f"analysis/figures/{figure}.py" for figure in figures}
    assert len(claims(places)) <= 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("levenberg_marquardt", "levenberg_marquardt"),
        ("projected_adam", "projected_adam"),
        ("webster_lbfgs", "webster"),
    ],
)
def test_a_solver_is_named_in_its_settings_its_code_and_the_vocabulary(name: str, code: str) -> None:
    places = places_of(Solver.kinds()[name])
    assert places == {"raysweep/study/solvers.py", f"raysweep/inversion/{code}.py", VOCABULARY}


@pytest.mark.parametrize("base", [DataSettings, FamilySettings, MeasureSettings, Solver])
def test_every_part_that_comes_with_raysweep_is_in_the_vocabulary_and_names_its_code(base: type[Kind]) -> None:
    for kind in base.kinds().values():
        assert kind.__name__ in NAMES[VOCABULARY]
        if kind is not Automatic:  # which chooses another solver
            code = kind.implementation()
            assert callable(getattr(code, "run", code))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of raysweep with a family, a measure with its figure and claim, and a solver more."""
    folder = tmp_path_factory.mktemp("tree")
    for package in ("raysweep", "analysis"):
        shutil.copytree(ROOT / package, folder / package)
    for file in NEW_PARTS.rglob("*.py"):
        with (folder / file.relative_to(NEW_PARTS)).open("a") as target:
            target.write(file.read_text())
    return folder


@pytest.mark.parametrize(
    ("names", "count"),
    [({"MeanMatch", "mean_match"}, 3), ({"Brightness", "brightness"}, 5), ({"RandomSearch", "random_search"}, 3)],
)
def test_the_new_parts_are_named_in_few_places(names: set[str], count: int) -> None:
    """With a test of its own, a family takes four, and a measure with its figure and claim six."""
    files = [file for file in NEW_PARTS.rglob("*.py") if file.name != "study.py"]
    assert len([file for file in files if names & names_in(file)]) == count


@pytest.mark.slow
def test_new_parts_are_trained_measured_and_reported(tree: Path) -> None:
    command = [sys.executable, "-m", "raysweep.run", "study.py", "--serial", "--results", "results"]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = pd.read_parquet(tree / "results" / "own" / "brightness.parquet")
    assert len(rows) == 2
    assert rows["brightness"].between(-1, 1).all()
    errors = pd.read_parquet(tree / "results" / "own" / "reconstruction.parquet")
    assert set(errors["passes"]) == {5}
    page = (tree / "results" / "own" / "report" / "index.html").read_text()
    for words in ("Mean-Match", "Mean pixel value of samples of 2 trials.", "Samples of digits are dark"):
        assert words in page
    assert "inverted by random search (steps 5)" in page
    assert page.count("Mean pixel value") >= 3  # the caption, the claim's statistic, the table of numbers
    assert (tree / "results" / "own" / "report" / "figures" / "brightness.png").is_file()
