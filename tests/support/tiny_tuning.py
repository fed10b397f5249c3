"""Searches that take seconds, and folders in which they can begin."""

import math
from pathlib import Path
from typing import Any

from raysweep.execution.tasks import Workplace
from raysweep.study import Digits, LcVae, Omega
from raysweep.tuning import MedianRule, Random, Tpe, Tuning, choice, log_uniform

TINY = Tuning(
    name="tiny",
    title="A tiny tuning",
    question="Does the whole way work?",
    data=Digits(limit=100),
    model=LcVae(width=4, steps=20, batch=16, latent_dim=2),
    space={
        "lam": log_uniform(0.1, 10, otherwise=0),
        "c": log_uniform(0.05, 0.3, otherwise=math.inf),
        "clamp": choice("weights", "weights_and_gains", only_with="c"),
    },
    objectives=("held_out_loss", "looseness"),
    measures=(Omega(pairs=20, jacobians=2),),
    baselines={"published": {"lam": 3, "c": 0.3}, "plain_vae": {"lam": 0, "c": math.inf}},
    twin="plain_vae",
    sampler=Tpe(startup=3),
    configurations=5,
    parallel=2,
    seeds=(0,),
    finalists=1,
    fresh_seeds=(100, 101),
)


def workplace(folder: Path, settings: Tuning) -> Workplace:
    """A results folder in which a search can begin."""
    place = Workplace(folder, folder)
    place.store.save_study(settings.study({"model": settings.model}, (0,)), settings.data.facts(folder), {})
    return place


def tiny(**changes: Any) -> Tuning:
    """`TINY` with other settings, checked anew."""
    return Tuning.model_validate({name: getattr(TINY, name) for name in Tuning.model_fields} | changes)


PRUNED = tiny(
    model=TINY.model.model_copy(update={"steps": 10}),
    space={"learning_rate": log_uniform(1e-5, 1e-1)},
    objectives=("held_out_loss",),
    measures=(),
    baselines={},
    twin=None,
    pruner=MedianRule(startup=1, warmup=0.1),
    sampler=Random(),
    configurations=6,
    seeds=(0, 1),
)


def study_file(folder: Path, settings: Tuning = TINY) -> str:
    file = folder / "study_file.py"
    file.write_text(
        f"from raysweep.tuning import Tuning\nSTUDY = Tuning.model_validate_json({settings.model_dump_json()!r})\n"
    )
    return str(file)


SHORT = TINY.model_copy(update={"configurations": 4, "fresh_seeds": (100,)})
