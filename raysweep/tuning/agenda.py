"""The agenda of a search: configurations that are drawn as others end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from typing_extensions import override

from raysweep.execution.agenda import Agenda, extend
from raysweep.execution.pipeline import Backend, Progress
from raysweep.execution.plan import Plan, look_up_existing, make_plan
from raysweep.execution.tasks import MeasureTask, PrepareTask, TrainTask, Workplace, task_name
from raysweep.study.core import Study, Trial
from raysweep.study.objectives import OBJECTIVES
from raysweep.tuning.judge import _trials, judge
from raysweep.tuning.search import Configuration, Search
from raysweep.tuning.settings import Tuning


class SearchAgenda(Agenda):
    """The work of a search: `parallel` configurations, and one more whenever one of them has ended.

    An ended configuration is judged and told to the search at once.
    """

    def __init__(
        self, search: Search, known: Sequence[Configuration], workplace: Workplace, progress: Progress
    ) -> None:
        super().__init__(workplace)
        self.search = search
        self.tuning = search.tuning
        self.progress = progress
        self.facts = search.tuning.data.facts(workplace.data)
        self._drawn = len(known)
        self._ended = {each.number for each in known if each.state != "running"}
        self._in_work: dict[str, Configuration] = {}
        """By arm."""
        self._left: Counter[str] = Counter()
        """How many pieces of each arm in work have not ended."""
        self._owners: dict[str, str] = {}
        """The arm in work to which each piece belongs."""
        self._adding = False
        self._go_on([each for each in known if each.state == "running"])

    @override
    def train(self, task: TrainTask) -> None:
        self._own(task, task.trial)
        super().train(task)

    @override
    def compute(self, task: PrepareTask | MeasureTask, condition: str, needs: Iterable[str]) -> None:
        if isinstance(task, MeasureTask):
            self._own(task, task.trial)
        super().compute(task, condition, needs)

    @override
    def take_sweep(self) -> list[TrainTask]:
        """Takes none: a sweep would have to be known in advance, while the next trials are drawn as others end."""
        return []

    @override
    def succeed(self, name: str) -> None:
        super().succeed(name)
        self._end(name)

    @override
    def fail(self, name: str) -> None:
        super().fail(name)
        self._end(name)

    def _own(self, task: TrainTask | MeasureTask, trial: Trial) -> None:
        if trial.arm in self._in_work:  # the classifier's trial belongs to no arm
            self._owners[task_name(task)] = trial.arm
            self._left[trial.arm] += 1

    def _end(self, name: str) -> None:
        arm = self._owners.pop(name, None)
        if arm is not None:
            self._left[arm] -= 1
        if not self._adding:  # not all of the work that is being added is counted yet
            self._go_on()

    def _go_on(self, drawn: Sequence[Configuration] = ()) -> None:
        """Adds what was drawn, tells the search what has ended, and draws others in its place."""
        while True:
            if drawn:
                self._add(drawn)
            for arm in [arm for arm in self._in_work if not self._left[arm]]:
                self._tell(self._in_work.pop(arm))
            drawn = self._draw()
            if not drawn:
                return

    def _draw(self) -> list[Configuration]:
        """Draws as many as fit, and as can be drawn before more have ended."""
        drawn: list[Configuration] = []
        while (
            self._drawn < self.tuning.configurations
            and len(self._in_work) + len(drawn) < self.tuning.parallel
            and self._ended.issuperset(range(self._drawn - self.tuning.lag))
        ):
            drawn.append(self.search.draw())
            self._drawn += 1
        return drawn

    def _add(self, configurations: Sequence[Configuration]) -> None:
        """Adds the missing work of these to the agenda."""
        self._in_work |= {each.arm: each for each in configurations}
        study = self._study(configurations)
        limits = {t.id: each.limits[t.seed] for each in configurations if each.limits for t in _trials(study, each.arm)}
        before = len(self.pieces)
        self._adding = True
        extend(self, self.plan(study), ("train", "measure"), limits)
        self._adding = False
        more = self.tuning.configurations / self._drawn - 1.0
        self.progress.grow(dict(islice(self.pieces.items(), before, None)), more)

    def plan(self, study: Study) -> Plan:
        """The plan for a few configurations, in a folder that may hold very many."""
        store = self.workplace.store
        return make_plan(study, self.facts, store, look_up_existing(study, store))

    def _tell(self, configuration: Configuration) -> None:
        found = judge(self.tuning, self._study([configuration]), configuration, self.facts, self.workplace.store)
        self.search.tell(found)
        self._ended.add(found.number)
        self.progress.note(f"{found.arm}: {_words(found)} ({len(self._ended)} of {self.tuning.configurations})")

    def _study(self, configurations: Sequence[Configuration]) -> Study:
        return self.tuning.study({each.arm: each.model for each in configurations}, self.tuning.seeds)


def _words(configuration: Configuration) -> str:
    """How a configuration ended."""
    if configuration.state != "complete":
        return f"{configuration.state}: {configuration.reason}"
    return ", ".join(f"{OBJECTIVES[name].words} {np.mean(each):.4g}" for name, each in configuration.scores.items())


def run_search(tuning: Tuning, workplace: Workplace, backend: Backend, progress: Progress) -> Search:
    """Draws, trains, measures and records configurations until there are as many as the tuning wants."""
    search = Search(tuning, workplace.store)
    known = search.configurations()
    if len(known) < tuning.configurations or any(each.state == "running" for each in known):
        progress.start({}, {}, more=1.0)
        backend.run(SearchAgenda(search, known, workplace, progress), progress)
        progress.finish()
    return search
