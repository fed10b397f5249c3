"""Results of every kind of study, and what may become of them: columns of zeros or infinities, arms without rows."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.random import Generator

from analysis.results import Results
from raysweep.results.tables import all_tables
from raysweep.study import (
    Arm,
    Autoencoder,
    ClassMap,
    ClassRadius,
    ExactRadius,
    Gan,
    Grid2d,
    Interpolant,
    LcVae,
    Mnist,
    Modes,
    Polynomial,
    Reconstruction,
    ReconstructionClassifier,
    Study,
    Toy,
    Vae,
    WganGp,
    grid,
)
from raysweep.study.table import REAL, Column
from support.pretended_results import Numbers, pretended_results, pretended_study
from support.pretended_search import drawn, with_search


def _images() -> Study:
    """Four families and an untrained generator at two dim(z), with everything that is measured."""
    dims = grid(2, 10)
    arms = (
        Arm(model=WganGp(steps=400, width=8), over={"latent_dim": dims}),
        Arm(model=Autoencoder(steps=400, width=8), over={"latent_dim": dims}),
        Arm(model=Vae(width=8), over={"latent_dim": dims}),
        Arm(model=LcVae(width=8), over={"latent_dim": dims, "c": grid(0.3, math.inf)}),
        Arm(name="untrained", model=WganGp(steps=0, width=8), over={"latent_dim": dims}),
    )
    reconstruction = Reconstruction(
        images=8, generated=4, shard=4, keep=2, shifts=(1, 4), foreign=Mnist(), noise=4, latents=True
    )
    more = (reconstruction, ReconstructionClassifier(images=8))
    return pretended_study(arms=arms, measures=(*more, *pretended_study().measures[1:]))


def _other_axes() -> Study:
    """Arms of which dim(z) is not varied."""
    arms = (
        Arm(model=WganGp(steps=40, width=8, latent_dim=2), over={"learning_rate": grid(1e-4, 1e-3)}),
        Arm(model=LcVae(width=8, latent_dim=2), over={"lam": grid(3, 30)}),
        Arm(model=Vae(width=8, latent_dim=2)),
        Arm(model=Autoencoder(width=8, latent_dim=2), over={"batch": grid(8)}),
    )
    return pretended_study(arms=arms)


def _points() -> Study:
    arms = (
        Arm(model=Gan(layers="mlp"), over={"latent_dim": grid(2, 10)}),
        Arm(name="pacgan2", model=Gan(layers="mlp", packing=2), over={"latent_dim": grid(2, 10)}),
        Arm(name="square", model=Toy(generator="square")),
        Arm(name="lattice", model=Toy()),
    )
    nearest = ClassRadius(classifier="nearest_mode", samples=6, shard=6)
    exact = ClassMap(classifier="nearest_mode", resolution=5, samples=2)
    return pretended_study(data=Grid2d(), arms=arms, measures=(Modes(), nearest, exact, ExactRadius()))


def _polynomials() -> Study:
    over = {"images": grid(4, 16), "nodes": grid("equispaced", "chebyshev")}
    return pretended_study(arms=(Arm(model=Polynomial(), over=over),), measures=(Interpolant(steps=3),))


STUDIES: Mapping[str, Callable[[], Study]] = {
    "images": _images,
    "other_axes": _other_axes,
    "points": _points,
    "polynomials": _polynomials,
}

KINDS = (*STUDIES, "search")
"""What results there are."""


@cache
def pretended(name: str) -> Results:
    """Results of one of `KINDS`."""
    with TemporaryDirectory() as folder:
        results = pretended_results(Path(folder), STUDIES.get(name, pretended_study)(), Numbers())
    return with_search(results, drawn(12), ("c2", "c3")) if name == "search" else results


VALUES: Mapping[str, Callable[[Generator, int], object]] = {
    "zero": lambda random, count: 0,
    "one": lambda random, count: 1,
    "infinite": lambda random, count: math.inf,
    "empty": lambda random, count: None,
    "negative": lambda random, count: -random.random(count),
    "tiny": lambda random, count: 1e-310,
    "huge": lambda random, count: 1e300,
    "not a number": lambda random, count: math.nan,
    "some zero": lambda random, count: np.where(random.random(count) < 0.5, 0.0, random.random(count)),
    "some infinite": lambda random, count: np.where(random.random(count) < 0.5, math.inf, random.random(count)),
}
"""What a column of real numbers may hold."""


def changed(results: Results, random: Generator, share: float) -> Results:
    """The results, with about this share of arms, measures, trials, rows and columns changed at random."""
    some = [trial for trial in results.trials if random.random() >= share / 2]
    arms = {name for name in dict.fromkeys(trial.arm for trial in results.trials) if random.random() >= share}
    kept = {trial.id for trial in some if trial.arm in arms}
    trials = tuple(trial if trial.id in kept else replace(trial, status="diverged") for trial in results.trials)
    tables = {
        name: frame if "trial" not in frame or name == "trials" else frame[frame["trial"].isin(kept)]
        for name, frame in results.tables.items()
    }
    for name, table in all_tables().items():
        frame = tables[name].copy()
        if "measure" in frame:
            frame = frame[random.random(len(frame)) >= share / 4] if random.random() < share else frame
            frame = frame.iloc[:0] if random.random() < share else frame
            for column in table.columns[table.keys :]:
                if random.random() < share:
                    _change(frame, column, random)
        tables[name] = frame
    return replace(results, trials=trials, tables=tables)


def _change(frame: pd.DataFrame, column: Column, random: Generator) -> None:
    """Changes a column of numbers in place, to what its type and the table's definition allow."""
    kinds = [kind for kind in VALUES if kind != "empty" or column.nullable]
    kind = str(random.choice(kinds))
    if column.type == REAL:
        frame[column.name] = VALUES[kind](random, len(frame))
        frame[column.name] = frame[column.name].astype(float)
