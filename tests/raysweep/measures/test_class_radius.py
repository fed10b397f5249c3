import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.streams import normal_each
from raysweep.study import (
    ClassRadius,
    Gan,
    WganGp,
    WithinEpsilon,
)
from raysweep.study.measures import Shard
from raysweep.study.measures.class_radius import GRID_TOLERANCE
from support.point_models import RADIUS, Make, measured

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
        assert (row["lower"], row["lower_by"]) == (None, "none: the generator or the classifier is no stack of layers")
        assert row["radius"] == math.inf
        assert row["other_label"] is None
        assert row["status"] == "censored"
        assert row["evaluations"] == 1 + 2 + 6 * SETTINGS.rays  # its own class, its gradient, and every ray's scan


def test_within_epsilon_of_a_training_image(make_context: Callable[..., MeasureContext]) -> None:
    """Through x = Az with orthonormal columns, scaled, the images within ε of A z₀ come from a ball around z₀."""
    context = make_context(WganGp(latent_dim=2))
    matrix = torch.linalg.qr(context.learner.networks["generator"].weight).Q / 4  # type: ignore[arg-type]
    context.learner.networks["generator"].weight = torch.nn.Parameter(matrix, requires_grad=False)
    image, _ = context.data.train.batch(np.array([3]), torch.device("cpu"))
    center = 16 * image.flatten(1) @ matrix
    off = float((image.flatten(1) - center @ matrix.T).norm())
    epsilon = (off**2 + (float(center.norm()) / 4) ** 2) ** 0.5
    settings = ClassRadius(samples=20, bank=300, classifier=WithinEpsilon(epsilon=epsilon, reference=3))
    measured = run_measure(settings, SHARD, context).to_pylist()
    z = normal_each(range(20), (2,), torch.device("cpu"), "class_radius", 0, "sample")
    # The ball's radius is ‖z₀‖, so its border passes through the origin of latent space.
    distance = (z - center).norm(dim=1) - center.norm()
    assert [row["label"] for row in measured] == (distance > 0).long().tolist()
    assert [row["radius"] for row in measured] == pytest.approx(distance.abs().tolist(), rel=0.02, abs=1e-4)
    assert [row["lower"] for row in measured] == pytest.approx(distance.abs().tolist(), abs=GRID_TOLERANCE + 1e-4)


def test_the_nearest_mean_image_of_a_class(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(WganGp(latent_dim=3))
    settings = ClassRadius(samples=20, bank=300, classifier="nearest_mode")
    measured = run_measure(settings, SHARD, context).to_pylist()
    train = context.data.train
    means = torch.stack([torch.from_numpy(train.pixels[train.labels == k] / 127.5 - 1).mean(dim=0) for k in (0, 1)])
    z = normal_each(range(20), (3,), torch.device("cpu"), "class_radius", 0, "sample")
    images = context.learner.generate(z)
    distances = (images[:, None] - means.float()).flatten(2).norm(dim=2)
    assert [row["label"] for row in measured] == distances.argmin(dim=1).tolist()


CPU = torch.device("cpu")


def test_the_class_radius_of_a_linear_generator(make_of_points: Make) -> None:
    """Through g(z) = 2z classes are cells of width 1 in latent space; the outer ones go on for ever."""
    rows = measured(RADIUS, make_of_points(generate=lambda z: 2 * z))
    borders = torch.tensor([-1.5, -0.5, 0.5, 1.5])
    z = normal_each(range(60), (2,), CPU, "class_radius", 0, "sample")
    truth = (z[:, :, None] - borders).abs().flatten(1).amin(dim=1)
    assert [row["radius"] for row in rows] == pytest.approx(truth.tolist(), rel=0.01)
    cells = (z.clamp(-2, 2).round() + 2).long()
    assert [row["label"] for row in rows] == (5 * cells[:, 0] + cells[:, 1]).tolist()
    assert {row["lower_by"] for row in rows} == {"grid"}
    assert [row["lower"] for row in rows] == pytest.approx(truth.tolist(), abs=GRID_TOLERANCE + 1e-4)


def test_beyond_the_plane_the_layers_prove_a_lower_bound(make_of_points: Make) -> None:
    rows = measured(RADIUS, make_of_points(Gan(layers="mlp", width=4, latent_dim=3)))
    assert {row["lower_by"] for row in rows} == {"certified"}
    assert all(0 < row["lower"] <= row["radius"] for row in rows)  # type: ignore[operator]
    none = RADIUS.model_copy(update={"lower_up_to": 2})
    rows = measured(none, make_of_points(Gan(layers="mlp", width=4, latent_dim=3)))
    assert {(row["lower"], row["lower_by"]) for row in rows} == {(None, "none: dim(z) is above 2")}


def test_a_generator_of_one_class_has_no_radius(make_of_points: Make) -> None:
    rows = measured(RADIUS, make_of_points(generate=lambda z: 0.01 * z))
    assert {row["status"] for row in rows} == {"censored"}
