import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.streams import normal_each
from raysweep.study import ClassRadius, WganGp
from raysweep.study.measures import Shard

SETTINGS = ClassRadius(samples=20, bank=300)
SHARD = Shard("samples", 0, 20)


def rows(context: MeasureContext, start: int, stop: int) -> list[dict[str, Any]]:
    return run_measure(SETTINGS, Shard("samples", start, stop), context).to_pylist()


def test_it_is_the_distance_to_the_boundary(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(WganGp(latent_dim=3), seed=7)
    measured = rows(context, 0, 20)
    z = normal_each(range(20), (3,), torch.device("cpu"), "class_radius", 7, "sample")
    plane = context.learner.networks["generator"].weight.T @ context.classifier.normal  # type: ignore[union-attr]
    value = z @ plane
    assert [row["radius"] for row in measured] == pytest.approx((value.abs() / plane.norm()).tolist(), rel=0.01)
    assert [row["label"] for row in measured] == (value < 0).long().tolist()
    assert all(row["other_label"] == 1 - row["label"] for row in measured)
    assert {row["status"] for row in measured} == {"found"}
    assert [row["sample"] for row in measured] == list(range(20))


def test_rows_do_not_depend_on_how_samples_are_cut(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(WganGp(latent_dim=3))
    whole, parts = rows(context, 0, 20), rows(context, 0, 7) + rows(context, 7, 20)
    for row, other in zip(whole, parts, strict=True):
        # Batches of another size are rounded differently by the linear algebra below.
        assert row.pop("radius") == pytest.approx(other.pop("radius"), rel=1e-5)
        assert row == other


def test_trials_of_different_seeds_measure_different_samples(make_context: Callable[..., MeasureContext]) -> None:
    first, second = (make_context(WganGp(latent_dim=3), seed=seed) for seed in (0, 1))
    same_model = replace(second, learner=first.learner)
    radii = [[row["radius"] for row in rows(context, 0, 20)] for context in (first, same_model)]
    assert radii[0] != radii[1]


def test_a_model_of_one_class_is_censored(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(WganGp(latent_dim=3))

    def always_first(images: Tensor) -> Tensor:
        return torch.tensor([1.0, 0.0]) + 0 * images.flatten(1)[:, :2]

    context.classifier.logits = always_first  # type: ignore[method-assign, union-attr]
    for row in rows(context, 0, 5):
        assert row["radius"] == math.inf
        assert row["other_label"] is None
        assert row["status"] == "censored"
        assert row["evaluations"] == 1 + 2 + 6 * SETTINGS.rays  # its own class, its gradient, and every ray's scan
