"""Train the trials, measure what they left, gather the tables: what is missing is done, what exists is not done again.

Workers write their results into the results folder themselves, whole or not at all. So to resume is to run the same
command again: after a crash, on another cluster, or with a larger study.
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
"""So many take a while to gather for the first time, which is said."""


class Progress(Protocol):
    """Who is told how the work goes on. Told by one thread at a time."""

    def start(self, pieces: Mapping[str, Piece], already: Mapping[Kind, int], more: float = 0.0) -> None:
        """Work begins: its pieces by name, how many of each kind were done before, and `more` as in `grow`."""

    def grow(self, pieces: Mapping[str, Piece], more: float) -> None:
        """More work has come, and about `more` times as much as there is by now is still to come."""

    def note(self, text: str) -> None:
        """Something is worth a line."""

    def advance(self, name: str, share: float, node: str, seconds: float) -> None:
        """A piece of work is done to `share` (0 … 1), for which it ran on that node for so long."""

    def finish(self) -> None:
        """The work is over."""


class Backend(Protocol):
    """What runs the work: one process, or a Ray cluster."""

    def run(self, agenda: Agenda, progress: Progress) -> None:
        """Trains and computes all that is on the agenda, and what is added to it as work ends; returns when everything
        has ended, well or badly.

        A shard may run while other trials train. Failed work is retried, and its last error is recorded in the results
        folder by `record_failure`; a failure ends only what needs its result.
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
    """Does what is missing of the study, gathers the tables, and says how it stands."""
    store, facts = workplace.store, study.data.facts(workplace.data)
    plan = make_plan(study, facts, store)
    work(plan, workplace, backend, progress, steps)
    if plan.shards >= MANY_SHARDS:
        progress.note(f"Gathering the rows of {plan.shards:,} shards")
    gather(store, study, facts)
    return outcome(study, facts, store)


def work(plan: Plan, workplace: Workplace, backend: Backend, progress: Progress, steps: Collection[Step]) -> None:
    """Does what is missing in the plan.

    `steps` chooses among training and measuring. A failure is recorded and left for the next run; `outcome` tells.
    """
    agenda = make_agenda(plan, workplace, steps)
    if agenda.pieces:
        progress.start(agenda.pieces, agenda.already)
        backend.run(agenda, progress)
        progress.finish()


def outcome(study: Study, facts: DataFacts, store: StudyStore) -> Outcome:
    """How a study stands, by its tables."""
    trials, schedule, failures = (store.table(name) for name in ("trials", "schedule", "failures"))
    statuses = {name: int((trials["status"] == name).sum()) for name in ("finished", "diverged", "failed", "missing")}
    shards = sum(1 for _ in study.measurements(facts))
    missing = shards - int((schedule["shard"] != "").sum())
    of_trials = failures["shard"] == ""
    reasons = [*failures["reason"][of_trials], *failures["reason"][~of_trials]]
    keys = [study.measure_key(m) for m in study.measures if m.needs_reference]
    reasons += filter(None, (store.assets.failure(statistics_name(key, study.data)) for key in keys))
    return Outcome(**statuses, shards=shards, shards_missing=missing, reasons=tuple(dict.fromkeys(reasons)))
