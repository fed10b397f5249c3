"""A tuning as small as can be, with a baseline, a twin, a pruner and a measure on top."""

import math

from raysweep.study import Digits, LcVae, Omega
from raysweep.tuning import MedianRule, Tpe, Tuning, choice, log_uniform

STUDY = Tuning(
    name="old_tuning",
    title="An old tuning",
    question="Does a newer version go on with a search that an older one has begun?",
    data=Digits(limit=100),
    model=LcVae(width=2, steps=200, batch=16, latent_dim=2),
    space={
        "lam": log_uniform(0.1, 10, otherwise=0),
        "c": log_uniform(0.05, 0.3, otherwise=math.inf),
        "clamp": choice("weights", "weights_and_gains", only_with="c"),
        "learning_rate": log_uniform(1e-5, 1e-1),
    },
    objectives=("held_out_loss",),
    measures=(Omega(pairs=20, jacobians=2),),
    baselines={"plain_vae": {"lam": 0, "c": math.inf}},
    twin="plain_vae",
    sampler=Tpe(startup=3),
    pruner=MedianRule(startup=1, warmup=0.1),
    configurations=3,
    search_seed=2,
    parallel=1,
    seeds=(0,),
    finalists=1,
    fresh_seeds=(100,),
    checkpoint_seconds=0.1,
)
