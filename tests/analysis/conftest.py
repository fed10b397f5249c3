from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.results import Results
from raysweep.results.store import StudyStore
from raysweep.study import Study
from support.other_targets import errors_by_part, gan_ae
from support.pretended_results import Numbers, pretended_results, pretended_study, write_results
from support.pretended_search import FINALISTS, drawn, known, with_search


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., StudyStore]:
    """Writes a results folder: `make_store(study, mse=..., censored=...)`."""

    def make(study: Study | None = None, **numbers: object) -> StudyStore:
        study = study or pretended_study()
        return write_results(tmp_path / "results" / study.name, study, Numbers(**numbers))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_results(tmp_path: Path) -> Callable[..., Results]:
    """The same, loaded: `make_results(study, mse=..., censored=...)`."""

    def make(study: Study | None = None, **numbers: object) -> Results:
        study = study or pretended_study()
        return pretended_results(tmp_path / "results" / study.name, study, Numbers(**numbers))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> StudyStore:
    """A results folder that tests only read."""
    study = pretended_study()
    return write_results(tmp_path_factory.mktemp("shared") / study.name, study, Numbers())


@pytest.fixture(scope="session")
def shared_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The same, loaded."""
    return pretended_results(tmp_path_factory.mktemp("shared"), pretended_study(), Numbers())


@pytest.fixture
def reconstructed(make_results: Callable[..., Results]) -> Results:
    return make_results(gan_ae(), mse=errors_by_part)


@pytest.fixture
def searched(shared_results: Results) -> Results:
    return with_search(shared_results, drawn(4), FINALISTS, known)
