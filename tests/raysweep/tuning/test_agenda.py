"""What a search adds to its agenda, and how it looks for what is there."""

from dataclasses import replace
from pathlib import Path

import pytest

from raysweep.execution.agenda import extend, make_agenda
from raysweep.execution.plan import make_plan
from raysweep.execution.tasks import Workplace
from raysweep.results.files import LocalFolder
from raysweep.results.names import shard_file
from raysweep.study import LcVae
from raysweep.tuning import Tuning, log_uniform
from raysweep.tuning.agenda import SearchAgenda
from raysweep.tuning.search import Search
from support.runs import Recorder
from support.small_study import STUDY
from support.stored import finish

FACTS = STUDY.data.facts(Path())


def ended_search(place: Workplace) -> SearchAgenda:
    """The agenda of a search of which nothing is left to do."""
    tuning = Tuning(
        name="tiny",
        title="Tiny",
        question="?",
        data=STUDY.data,
        model=LcVae(width=4),
        space={"lam": log_uniform(0.1, 10)},
        objectives=("held_out_loss",),
        configurations=1,
    )
    search = Search(tuning, place.store)
    return SearchAgenda(search, [replace(search.draw(), state="failed")], place, Recorder())


def test_the_agenda_of_a_search_finds_the_same_and_looks_at_no_other_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace(tmp_path, tmp_path)
    names = {m.name: m for m in STUDY.measures}
    measure = names["samples"]
    study = STUDY.model_copy(update={"arms": STUDY.arms[2:4], "measures": (measure, names["weights"])})
    first, *_ = [trial for trial in study.trials if trial.arm == "vae"]
    finish(place.store, first)
    (shard,) = measure.shards(first.model, FACTS)
    place.store.folder.write(shard_file(study.measure_key(measure), first.id, shard), lambda file: file.write(b""))
    whole = make_agenda(make_plan(study, FACTS, place.store), place, ("train", "measure"))

    listed = []
    tree = LocalFolder.tree
    monkeypatch.setattr(LocalFolder, "tree", lambda folder, name: listed.append(name) or tree(folder, name))
    agenda = ended_search(place)
    extend(agenda, agenda.plan(study), ("train", "measure"))
    assert (agenda.pieces, agenda.already) == (whole.pieces, whole.already)
    assert agenda.already == {"train": 1, "prepare": 0, "measure": 1}
    assert {name.rpartition("/")[2] for name in listed} == {trial.id for trial in study.trials}
