"""Trains the trials, measures their models and gathers the tables: missing work is done, existing results are kept.

Workers write their results into the results folder themselves, whole or not at all. So running the same command again
resumes it: after a crash, on another cluster, or with a larger study.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from raysweep.execution.agenda import Agenda, Kind, Piece, make_agenda
from raysweep.execution.plan import Plan, make_plan
from raysweep.execution.tasks import Workplace
from raysweep.results.gathering import gather
from raysweep.results.names import statistics_name
from raysweep.results.store import StudyStore
from raysweep.study.core import Study
from raysweep.study.data import DataFacts

Step = Literal["train", "measure", "report"]
MANY_SHARDS = 5_000
"""Gathering this many files for the first time takes a while, which is said."""


class Progress(Protocol):
    """Is told how the work goes on, by one thread at a time."""

    def start(self, pieces: Mapping[str, Piece], already: Mapping[Kind, int], more: float = 0.0) -> None:
        """Work begins: its pieces by name, how many of each kind were done before, and `more` as in `grow`."""

    def grow(self, pieces: Mapping[str, Piece], more: float) -> None:
        """More work has been added, and about `more` times as much as there is now is still to come."""

    def note(self, text: str) -> None:
        """Something deserves a line."""

    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        """A share (0 … 1) of a piece of work is done, after it ran on that node for `seconds`."""

    def finish(self) -> None:
        """The work is over."""


class Backend(Protocol):
    """Runs the work: one process, or a Ray cluster."""

    def run(self, agenda: Agenda, progress: Progress) -> None:
        """Does all work on the agenda, and the work that is added as other work ends; returns when everything has
        ended, well or badly.

        A shard may run while other trials train. Failed work is retried, and `record_failure` records its last error in
        the results folder; a failure ends only the work that needs its result.
        """


@dataclass(frozen=True)
class Outcome:
    """How many pieces of work there are, and how they stand."""

    finished: int = 0
    diverged: int = 0
    failed: int = 0
    missing: int = 0
    shards: int = 0
    shards_missing: int = 0
    reasons: tuple[str, ...] = field(default=())
    """Why trials or shards failed, each reason once."""


def run_study(
    study: Study, workplace: Workplace, backend: Backend, progress: Progress, steps: Collection[Step]
) -> Outcome:
    """Does the missing work of the study, gathers the tables, and returns how the study stands."""
    store, facts = workplace.store, study.data.facts(workplace.data)
    plan = make_plan(study, facts, store)
    work(plan, workplace, backend, progress, steps)
    if plan.shards >= MANY_SHARDS:
        progress.note(f"Gathering the rows of {plan.shards:,} shards")
    gather(store, study, facts)
    return outcome(study, facts, store)


def work(plan: Plan, workplace: Workplace, backend: Backend, progress: Progress, steps: Collection[Step]) -> None:
    """Does the work that is missing in the plan.

    `steps` selects training, measuring or both. A failure is recorded and left for the next run; `outcome` tells.
    """
    agenda = make_agenda(plan, workplace, steps)
    if agenda.pieces:
        progress.start(agenda.pieces, agenda.already)
        backend.run(agenda, progress)
        progress.finish()


def outcome(study: Study, facts: DataFacts, store: StudyStore) -> Outcome:
    """The state of a study, by its tables."""
    trials, schedule, failures = (store.table(name) for name in ("trials", "schedule", "failures"))
    statuses = {name: int((trials["status"] == name).sum()) for name in ("finished", "diverged", "failed", "missing")}
    shards = sum(1 for _ in study.measurements(facts))
    missing = shards - int((schedule["shard"] != "").sum())
    of_trials = failures["shard"] == ""
    reasons = [*failures["reason"][of_trials], *failures["reason"][~of_trials]]
    keys = [study.measure_key(m) for m in study.measures if m.needs_reference]
    reasons += filter(None, (store.assets.failure(statistics_name(key, study.data)) for key in keys))
    return Outcome(**statuses, shards=shards, shards_missing=missing, reasons=tuple(dict.fromkeys(reasons)))
