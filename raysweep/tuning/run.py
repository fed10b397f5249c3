"""Runs a search with Optuna, and checks what it finds on fresh seeds. Training and measuring are the pipeline's."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from raysweep.execution.pipeline import Backend, Progress, run_study
from raysweep.execution.tasks import Workplace
from raysweep.results.names import TUNING
from raysweep.results.store import StudyStore
from raysweep.results.tables import CONFIGURATIONS, EVALUATIONS
from raysweep.study.core import Study
from raysweep.study.objectives import OBJECTIVES, nondominated
from raysweep.tuning.agenda import run_search
from raysweep.tuning.judge import evaluate
from raysweep.tuning.recommendation import recommended_study
from raysweep.tuning.search import Configuration
from raysweep.tuning.settings import Tuning


def choose_finalists(tuning: Tuning, configurations: Sequence[Configuration]) -> list[Configuration]:
    """At most `finalists` configurations that no other dominates in means over seeds, by the sum of their ranks."""
    complete = [each for each in configurations if each.state == "complete"]
    if not complete:
        return []
    means = pd.DataFrame(
        [[OBJECTIVES[name].sign * float(np.mean(each.scores[name])) for name in tuning.objectives] for each in complete]
    )
    ranks = means.rank().sum(axis=1)
    front = nondominated(means.to_numpy())
    candidates = [i for i in np.flatnonzero(front) if complete[i].arm not in tuning.baselines]
    return [complete[i] for i in sorted(candidates, key=lambda i: (ranks[i], i))[: tuning.finalists]]


def final_study(tuning: Tuning, configurations: Sequence[Configuration]) -> Study:
    """Baselines, finalists and their twins on fresh seeds."""
    models = {name: tuning.model_at(tuning.baseline_values(name)) for name in tuning.baselines}
    for each in choose_finalists(tuning, configurations):
        models[each.arm] = each.model
        if tuning.twin is not None:
            kept = {name: getattr(each.model, name) for name in tuning.space}
            models[f"{each.arm}_{tuning.twin}"[:40]] = tuning.model_at({**kept, **tuning.baselines[tuning.twin]})
    return tuning.study(models, tuning.fresh_seeds, final=True)


def run_tuning(tuning: Tuning, workplace: Workplace, backend: Backend, progress: Progress) -> Study:
    """The search, then its finalists and baselines on fresh seeds; returns their study."""
    store = workplace.store
    store.documents.write_text(TUNING, tuning.model_dump_json(indent=2))
    search = run_search(tuning, workplace, backend, progress)
    configurations = search.configurations()
    study = final_study(tuning, configurations)
    facts = tuning.data.facts(workplace.data)
    store.save_study(study, facts, store.load_environment())
    run_study(study, workplace, backend, progress, ("train", "measure"))
    fresh = {arm.name: evaluate(tuning, study, arm.name, facts, store) for arm in study.arms}
    _save_tables(tuning, store, configurations, fresh, study)
    store.save_recommended(recommended_study(tuning, study, {arm: scores for arm, (scores, _) in fresh.items()}))
    return study


def _save_tables(
    tuning: Tuning,
    store: StudyStore,
    configurations: Sequence[Configuration],
    fresh: Mapping[str, tuple[Mapping[str, Sequence[float]], str]],
    study: Study,
) -> None:
    searched = [(each.arm, "search", each.scores, tuning.seeds) for each in configurations]
    checked = [(arm, "fresh", scores, tuning.fresh_seeds) for arm, (scores, _) in fresh.items()]
    evaluations = [
        {"configuration": arm, "stage": stage, "objective": name, "seed": seed, "value": value}
        for arm, stage, scores, seeds in (*searched, *checked)
        for name, each in scores.items()
        for seed, value in zip(seeds, each, strict=True)
    ]
    models = {each.arm: each.model for each in configurations} | {arm.name: arm.model for arm in study.arms}
    by_arm = {each.arm: each for each in configurations}
    rows: list[dict[str, object]] = [
        {
            "configuration": arm,
            "state": by_arm[arm].state if arm in by_arm else "twin",
            "reason": by_arm[arm].reason if arm in by_arm else "",
            "fresh": int(arm in fresh),
            "values": json.dumps({name: getattr(model, name) for name in tuning.space}),
        }
        for arm, model in models.items()
    ]
    store.save_table(CONFIGURATIONS, CONFIGURATIONS.records(rows))
    store.save_table(EVALUATIONS, EVALUATIONS.records(evaluations))
