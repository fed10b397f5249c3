"""Tables of a search as a tuning leaves them, with numbers that tests can work out by hand."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.results import Results

Values = Mapping[str, object]
Score = Callable[[str, Values, int], Mapping[str, float]]
"""From a configuration's name, its values and a seed to every objective."""

SEEDS, FRESH_SEEDS = (0, 1), (100, 101, 102)
BASELINES: dict[str, Values] = {
    "published": {"lam": 30.0, "c": 0.3, "clamp": "weights", "latent_dim": 10, "learning_rate": 1e-3},
    "plain_vae": {"lam": 0.0, "c": math.inf, "clamp": "weights", "latent_dim": 10, "learning_rate": 1e-3},
}


def drawn(count: int) -> dict[str, Values]:
    """Random settings of an LC-VAE, by the names that a search gives them after the two baselines."""
    random = np.random.default_rng(0)
    return {
        f"c{index}": {
            "lam": 0.0 if random.random() < 0.3 else float(10 ** random.uniform(-1, 2.5)),
            "c": math.inf if random.random() < 0.3 else float(10 ** random.uniform(-2.5, -0.5)),
            "clamp": str(random.choice(["weights", "weights_and_gains"])),
            "latent_dim": int(random.integers(2, 51)),
            "learning_rate": float(10 ** random.uniform(-4, -2)),
        }
        for index in range(2, 2 + count)
    }


def plausible_score(name: str, values: Values, seed: int) -> Mapping[str, float]:
    """A loss with its best learning rate at 1e-3, a looseness that falls with λ, and a noisy distance of samples."""
    noise = np.random.default_rng([seed, *name.encode()]).normal(size=4)
    lam, rate = float(str(values["lam"])), float(str(values["learning_rate"]))
    dim = float(str(values["latent_dim"]))
    return {
        "held_out_loss": 100 + 20 * (math.log10(rate) + 3) ** 2 + 2 * math.log1p(lam) + noise[0],
        "looseness": 0.8 / (1 + 0.3 * math.log1p(lam)) + 0.01 * noise[1],
        "collision_entropy": 1.8 + 0.1 * math.log(dim) / math.log(50) + 0.02 * noise[2],
        "frechet": 60 / dim**0.4 + 2 * abs(math.log10(rate) + 3) + noise[3],
    }


def with_search(
    results: Results,
    configurations: Mapping[str, Values],
    finalists: Sequence[str] = (),
    score: Score = plausible_score,
    *,
    fresh_seeds: Sequence[int] = FRESH_SEEDS,
    failed: Sequence[str] = (),
    pruned: Sequence[str] = (),
) -> Results:
    """The results, as if a search had tried these configurations and `BASELINES`.

    Finalists have twins: their own settings, without λ and c.
    """
    searched = {**BASELINES, **configurations}
    twins = {f"{name}_plain_vae": {**configurations[name], "lam": 0.0, "c": math.inf} for name in finalists}
    checked = {name: searched[name] for name in (*BASELINES, *finalists)} | twins
    states = dict.fromkeys(twins, "twin") | dict.fromkeys(failed, "failed") | dict.fromkeys(pruned, "pruned")
    rows = [
        {
            "configuration": name,
            "state": states.get(name, "complete"),
            "reason": "seed 0: why" if name in {*failed, *pruned} else "",
            "fresh": int(name in checked),
            "values": json.dumps(values),
        }
        for name, values in (searched | twins).items()
    ]
    stages = [("search", searched, SEEDS), ("fresh", checked, fresh_seeds)]
    evaluations = [
        {"configuration": name, "stage": stage, "objective": objective, "seed": seed, "value": value}
        for stage, some, seeds in stages
        for name, values in some.items()
        for seed in seeds
        if not (stage == "search" and name in {*failed, *pruned})
        for objective, value in score(name, values, seed).items()
    ]
    tables = {"configurations": pd.DataFrame(rows), "evaluations": pd.DataFrame(evaluations)}
    return replace(results, tables={**results.tables, **tables})


FINALISTS = ("c2", "c3")
MEANS = {
    "published": (2.0, 0.5, 3.0),
    "plain_vae": (1.0, 0.2, 1.0),
    "c2": (1.0, 0.5, 1.0),  # the plain VAE, but of larger entropy: that dominates it
    "c3": (3.0, 0.4, 3.0),  # no better than `published` anywhere
    "c2_plain_vae": (1.5, 0.5, 2.0),
    "c3_plain_vae": (2.0, 0.4, 0.5),
}


def known(name: str, values: Values, seed: int) -> Mapping[str, float]:
    """Means as above, with one spread of seeds that both of a pair share, and a little of their own."""
    loss, entropy, distance = MEANS.get(name, (9.0, 0.1, 9.0))
    shared, own = 0.1 * (seed - 101), 0.001 * (seed - 101) * len(name)
    return {"held_out_loss": loss + shared + own, "collision_entropy": entropy, "frechet": distance + own}
