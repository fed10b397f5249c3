"""The report in short: what it holds, that its links lead somewhere, and that it is made again byte for byte."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from analysis.claims import CLAIMS
from analysis.digest import LARGEST_TABLE, WIDTH, write_digest
from analysis.figures import FIGURES
from analysis.results import load_results
from raysweep.errors import UserError
from raysweep.results.store import StudyStore
from raysweep.study import FrechetDistance, Samples
from support.pretended_results import Numbers, pretended_study, write_results


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> StudyStore:
    """All measures of two arms: what is drawn is what the report draws, and here is how it is laid out in short."""
    study = pretended_study(arms=pretended_study().arms[:2])
    return write_results(tmp_path_factory.mktemp("store") / study.name, study, Numbers())


@pytest.fixture(scope="module")
def folder(store: StudyStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(write_digest(store, tmp_path_factory.mktemp("digest") / "digits").page).parent


@pytest.mark.slow
def test_every_figure_is_shown_and_every_file_that_is_linked_is_there(folder: Path, store: StudyStore) -> None:
    results = load_results(store)
    page = (folder / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert all((folder / link).exists() for link in links)
    pictures = {path.name for path in (folder / "figures").iterdir()}
    assert len(pictures) == sum(len(kind.infos(results)) for kind in FIGURES.values())
    assert {f"figures/{name}" for name in pictures} <= set(links)
    for name in pictures:
        with Image.open(folder / "figures" / name) as picture:
            assert picture.width == WIDTH


@pytest.mark.slow
def test_it_says_what_was_asked_run_and_found(folder: Path, store: StudyStore) -> None:
    page = (folder / "README.md").read_text()
    study, results = store.load_study(), load_results(store)
    assert study.question in page
    assert "`raysweep digits`" in page
    for claim in CLAIMS:
        assert claim.title in page
        finding = claim.examine(results)
        if finding.verdict != "not measured":
            assert f"| {claim.title} | **{finding.verdict}** |" in page


@pytest.mark.slow
def test_its_tables_hold_the_numbers_and_the_evidence(folder: Path, store: StudyStore) -> None:
    numbers = pd.read_csv(folder / "tables" / "numbers.csv")
    cell = numbers[(numbers["arm"] == "AE") & (numbers["latent_dim"] == 2) & (numbers["part"] == "train")]
    mean = load_results(store).tables["reconstruction"]
    own = mean[mean["trial"].str.startswith("autoencoder-d2-") & (mean["part"] == "train")]["mse"].mean()
    assert float(cell["mean"].iloc[0]) == pytest.approx(own, rel=0.005)  # three digits are written
    assert set(pd.read_csv(folder / "tables" / "claims.csv")["verdict"]) <= {"supported", "not supported", "undecided"}
    assert all(path.stat().st_size <= LARGEST_TABLE for path in (folder / "tables").iterdir())


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(make_store: Callable[..., StudyStore], tmp_path: Path) -> None:
    arms = pretended_study().arms[:1]
    store = make_store(pretended_study(arms=arms, measures=(FrechetDistance(samples=10), Samples(count=4)), seeds=(0,)))
    once, again = (Path(write_digest(store, tmp_path / name).page).parent for name in ("once", "again"))
    files = sorted(path.relative_to(once) for path in once.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((once / file).read_bytes() == (again / file).read_bytes() for file in files)


@pytest.mark.slow
def test_a_reduced_study_is_said_to_be_one(make_store: Callable[..., StudyStore], tmp_path: Path) -> None:
    store = make_store(pretended_study(measures=(), seeds=(0,), reduction="One step in a thousand."))
    page = Path(write_digest(store, tmp_path / "out").page).read_text()
    assert "**A reduced study.** One step in a thousand." in page


@pytest.mark.slow
def test_words_of_a_study_are_no_markup(make_store: Callable[..., StudyStore], tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    store = make_store(pretended_study(measures=(), seeds=(0,), title=evil, question=evil, reduction=evil))
    page = Path(write_digest(store, tmp_path / "out").page).read_text()
    assert page.count("&lt;script>alert(1)&lt;/script>") == 3
    assert "<script" not in page


def test_another_folder_is_not_replaced(store: StudyStore, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match=r"holds thesis\.tex"):
        write_digest(store, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
