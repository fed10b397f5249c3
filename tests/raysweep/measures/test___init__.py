from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.models import build_learner
from raysweep.results.tables import measure_tables
from raysweep.study import (
    BirthdayTest,
    ClassMap,
    ClassRadius,
    Encodings,
    ExactRadius,
    FrechetDistance,
    Gan,
    Holes,
    Interpolant,
    Interpolation,
    KernelDistance,
    LeNet,
    LossSurface,
    Memorisation,
    Modes,
    Omega,
    PrecisionRecall,
    ProjectedAdam,
    Reconstruction,
    ReconstructionClassifier,
    Samples,
    Toy,
    Vae,
    Weights,
    WganGp,
)
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.quality import QualitySettings
from support.point_models import GAN, GRID, MAP, RADIUS, Make


@pytest.mark.parametrize("settings", [Modes(samples=50), RADIUS, MAP, ExactRadius()], ids=lambda s: s.kind)
@pytest.mark.parametrize("model", [GAN, WganGp(layers="mlp", width=4, latent_dim=2), Toy()], ids=lambda m: m.family)
def test_measures_of_points_fill_the_tables_equally_each_time(
    settings: MeasureSettings, model: Gan | WganGp | Toy, make_of_points: Make
) -> None:
    if not settings.applies_to(model):
        pytest.skip("nothing to measure")
    tables = [
        [run_measure(settings, shard, make_of_points(model)) for shard in settings.shards(model, GRID.facts(Path()))]
        for _ in range(2)
    ]
    assert all(first.equals(second) for first, second in zip(*tables, strict=True))


CPU = torch.device("cpu")
KINDS = set(MeasureSettings.kinds().values())

FOLLOWED = Reconstruction(images=6, generated=3, shard=4, keep=1, latents=True, solver=ProjectedAdam(steps=3))

SMALL = (
    FOLLOWED,
    FrechetDistance(samples=10),
    KernelDistance(samples=10, subsets=3, subset_size=5),
    PrecisionRecall(samples=10),
    Memorisation(samples=10),
    BirthdayTest(samples=10, rate=0.05),
    ClassRadius(samples=4, shard=3, bank=20, rays=2),
    Encodings(images=12),
    Holes(samples=20, images=25),
    Omega(pairs=8, jacobians=3),
    Interpolation(pairs=3, points=4, shard=2, keep=1),
    Weights(bins=10),
    LossSurface(samples=2, resolution=5, path=9),
    Samples(count=3),
    ReconstructionClassifier(images=6, classifier=LeNet(steps=3, batch=4)),
)

OF_POINTS = (ClassMap(), ExactRadius(), Modes())
"""Tested in test_points.py."""

OF_POLYNOMIALS = (Interpolant(),)
"""Tested in test_interpolant.py."""

ROWS_OF_A_SHARD = {Memorisation: 2}
"""Of a measure that judges all images of a shard together, where they are not one."""


def test_every_measure_that_a_study_can_name_has_code_and_a_table() -> None:
    assert {type(settings) for settings in (*SMALL, *OF_POINTS, *OF_POLYNOMIALS)} == KINDS
    assert all(callable(kind.implementation().run) for kind in KINDS)
    assert {kind.table.name for kind in KINDS} <= set(measure_tables())


def test_what_needs_a_reference_can_prepare_one() -> None:
    assert {kind for kind in KINDS if kind().needs_reference} == {
        kind for kind in KINDS if hasattr(kind.implementation(), "prepare")
    }


@pytest.mark.parametrize(
    ("settings", "model"),
    [
        pytest.param(settings, model, id=f"{settings.kind}-{model.family}")
        for settings in SMALL
        for model in (WganGp(latent_dim=3, width=2), Vae(latent_dim=3, width=2))
        if settings.applies_to(model)
    ],
)
def test_real_models_fill_the_tables_equally_each_time(
    settings: MeasureSettings,
    model: WganGp | Vae,
    make_context: Callable[..., MeasureContext],
    data: DataSet,
    halves: Any,
) -> None:
    real = prepare(settings, StudyContext(data, CPU, halves)) if settings.needs_reference else {}
    tables = []
    for _ in range(2):
        context = make_context(model, 0, real)
        learner = build_learner(model, data.facts, 0, CPU)
        learner.load_weights(learner.weights())
        object.__setattr__(context, "learner", learner)
        if settings.follows:
            followed = [run_measure(FOLLOWED, shard, context) for shard in FOLLOWED.shards(model, data.facts)]
            object.__setattr__(context, "followed", pa.concat_tables(followed).to_pandas())
        tables.append([run_measure(settings, shard, context) for shard in settings.shards(model, data.facts)])
    schema = settings.table.schema
    assert all(table.schema == schema for table in tables[0])
    assert all(first.equals(second) for first, second in zip(*tables, strict=True))
    expected = sum(shard.stop - shard.start for shard in settings.shards(model, data.facts))
    assert sum(len(table) for table in tables[0]) == (
        len(tables[0]) * ROWS_OF_A_SHARD.get(type(settings), 1)
        if isinstance(settings, QualitySettings | ReconstructionClassifier | Holes | Omega)
        else expected
    )
