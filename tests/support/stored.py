"""A small study whose results are written by hand, to test what reads them."""

from pathlib import Path

import pyarrow as pa

from raysweep.results.store import StudyStore
from raysweep.results.trials import TrialRecord, Work
from raysweep.study import Arm, Digits, FrechetDistance, Samples, Study, Trial, WganGp, grid
from raysweep.study.measures import Shard
from raysweep.study.table import HISTORY

WORK = Work("node", 1, 0.0, 2.0, 1.0)


FACTS = Digits().facts(Path())


STUDY = Study(
    name="small",
    title="Small",
    question="Does it work?",
    data=Digits(),
    arms=(Arm(model=WganGp(width=4), over={"latent_dim": grid(2, 8)}),),
    measures=(FrechetDistance(features="inception", samples=10), Samples(count=3)),
)


def history(trial: Trial) -> pa.Table:
    rows = {"trial": [trial.id], "step": [1], "split": ["train"], "metric": ["loss"], "value": [0.5]}
    return HISTORY.rows(rows)


def finish(store: StudyStore, trial: Trial, status: str = "finished") -> None:
    store.trials.finish(trial.id, TrialRecord(status, "", 10, 5), lambda file: file.write(b"w"), history(trial), WORK)


def save_samples(store: StudyStore, trial: Trial, shard: Shard) -> None:
    rows: dict[str, list[object]] = {
        "measure": ["samples"] * 3,
        "trial": [trial.id] * 3,
        "sample": [2, 0, 1],
        "pixels": [b"c", b"a", b"b"],
    }
    store.shards.save(STUDY.measure_key(STUDY.measures[1]), trial.id, shard, Samples.table.rows(rows), WORK)
