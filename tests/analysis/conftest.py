from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.results import Results, load_results
from pretended_results import Numbers, pretended_study, write_results
from raysweep.store import StudyStore
from raysweep.study import Study


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., StudyStore]:
    """Writes a results folder: `make_store(study, mse=..., censored=...)`."""

    def make(study: Study | None = None, **numbers: object) -> StudyStore:
        study = study or pretended_study()
        return write_results(tmp_path / "results" / study.name, study, Numbers(**numbers))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_results(make_store: Callable[..., StudyStore]) -> Callable[..., Results]:
    """Writes a results folder and loads it."""
    return lambda study=None, **numbers: load_results(make_store(study, **numbers))


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> StudyStore:
    """A results folder that tests only read."""
    study = pretended_study()
    return write_results(tmp_path_factory.mktemp("shared") / study.name, study, Numbers())


@pytest.fixture(scope="session")
def shared_results(shared_store: StudyStore) -> Results:
    """The same, loaded."""
    return load_results(shared_store)
