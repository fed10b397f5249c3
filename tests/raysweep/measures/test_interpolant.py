"""Polynomials of which every number is known: lines, constants, and those that overflow."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from raysweep.data.images import DataSet, Images, to_bytes
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.interpolant import ball_points
from raysweep.models import build_learner
from raysweep.models.polynomial import make_nodes
from raysweep.study import Digits, Interpolant, Polynomial, Trial
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from raysweep.theory.prior import radius

CPU = torch.device("cpu")
SHAPE = ImageShape(1, 4)
FACTS = DataFacts(SHAPE, train=500, validation=10, classes=None)
BALL = radius("paper_ball", 1)


def measure(images: Tensor, measure: Interpolant | None = None, **model: Any) -> dict[str, Any]:
    """The row of the polynomial through `images`."""
    polynomial = Polynomial(images=len(images), **model)
    learner = build_learner(polynomial, FACTS, 0, CPU)
    learner.update(images, None, 0)
    empty = Images(np.zeros((0, 1, 4, 4), np.uint8), None)
    context = MeasureContext(
        DataSet(FACTS, empty, empty),
        CPU,
        trial=Trial(arm="a", model=polynomial, data=Digits(), seed=0),
        learner=learner,
    )
    measure = measure or Interpolant()
    (shard,) = measure.shards(polynomial, FACTS)
    (row,) = run_measure(measure, shard, context).to_pylist()
    return dict(row)


def constant(*values: float) -> Tensor:
    """Images of one brightness each."""
    return torch.tensor(values)[:, None, None, None].expand(-1, 1, 4, 4)


def noise(count: int) -> Tensor:
    return torch.rand(count, 1, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_a_line_from_black_to_white_is_known_everywhere() -> None:
    """g(z) = z / R: it leaves [-1, 1] where the prior leaves the ball, and moves with slope 1 / R."""
    row = measure(constant(-1, 1), Interpolant(prior_points=10_000))
    beyond = math.erfc(BALL * (1 + 0.5 / 127.5) / math.sqrt(2))
    assert row["images_outside"] == row["pixels_outside"] == pytest.approx(beyond, abs=1e-4)
    assert row["largest"] == pytest.approx(1)
    assert row["log10_lebesgue"] == pytest.approx(0, abs=1e-12)
    assert row["node_error"] == 0
    assert row["mean_error"] == 1
    ends = np.array([-BALL, BALL], np.float32)
    moves = np.nextafter(ends, np.float32(np.inf)).astype(np.float64) - [-BALL, BALL]
    assert row["moved_error"] == pytest.approx(float(np.square(moves / BALL).mean()), rel=1e-6)
    assert (row["images"], row["prior_points"], row["ball_points"]) == (2, 10_000, 10)


def test_a_parabola_swings_over() -> None:
    """Through -1, 1, 1 at -R, 0, R it is g(z) = 1 + z / R − (z / R)², largest (in magnitude) at its top of 1.25."""
    row = measure(constant(-1, 1, 1), Interpolant(gap_points=501))
    assert row["largest"] == pytest.approx(1.25, abs=1e-6)
    assert 10 ** row["log10_lebesgue"] == pytest.approx(1.25, abs=1e-6)


@pytest.mark.parametrize("nodes", ["equispaced", "chebyshev", "normal_quantiles"])
def test_equal_images_make_a_constant(nodes: str) -> None:
    """The basis sums to one."""
    row = measure(constant(*[0.5] * 6), nodes=nodes)
    assert row["node_error"] == row["mean_error"] == 0
    assert row["images_outside"] == row["pixels_outside"] == 0
    assert row["largest"] == pytest.approx(0.5)
    assert row["moved_error"] < 1e-20


def test_a_share_of_the_pixels_is_told_from_a_share_of_the_images() -> None:
    half = torch.cat([constant(-1, 1, 1)[..., :2], constant(0, 0, 0)[..., 2:]], dim=3)
    row = measure(half)
    assert row["images_outside"] > 0.3
    assert row["pixels_outside"] == row["images_outside"] / 2


def test_chebyshev_nodes_keep_the_range_that_equispaced_ones_leave() -> None:
    images = noise(40)
    rows = {nodes: measure(images, nodes=nodes) for nodes in ("equispaced", "chebyshev")}
    assert rows["chebyshev"]["largest"] < 10
    assert rows["equispaced"]["largest"] > 1e6
    assert rows["chebyshev"]["moved_error"] < 1e-8
    assert rows["equispaced"]["moved_error"] > 1
    for row in rows.values():
        assert row["node_error"] == 0
        assert math.log10(row["largest"]) <= row["log10_lebesgue"] + math.log10(float(images.abs().max()))


def test_what_overflows_is_infinite_and_outside() -> None:
    row = measure(noise(150), arithmetic="float32", nodes="normal_quantiles")
    assert row["node_error"] == row["moved_error"] == row["largest"] == math.inf
    assert row["images_outside"] > 0.9  # the product also underflows to 0, which is no pixel value outside
    assert math.isfinite(row["log10_lebesgue"])
    assert len(row["walk"]) == 9 * 16


@pytest.mark.parametrize("nodes", ["equispaced", "chebyshev", "normal_quantiles"])
def test_both_ways_lead_from_the_first_image_to_the_second(nodes: str) -> None:
    images = noise(30)
    row = measure(images, Interpolant(steps=5), nodes=nodes)
    walk, line = (np.frombuffer(row[name], np.uint8).reshape(5, 1, 4, 4) for name in ("walk", "line"))
    for way in (walk, line):
        np.testing.assert_array_equal(way[[0, -1]], to_bytes(images[:2]))
    np.testing.assert_array_equal(line[2], to_bytes((images[0] + images[1]) / 2))
    assert len(row["walk_largest"]) == 5
    assert row["walk_largest"][0] == float(images[0].abs().max())


@settings(deadline=None)
@given(count=st.integers(2, 30), each=st.integers(1, 9), nodes=st.sampled_from(["chebyshev", "normal_quantiles"]))
def test_the_ball_is_searched_between_all_nodes(count: int, each: int, nodes: Any) -> None:
    places = make_nodes(Polynomial(images=count, nodes=nodes))
    points = ball_points(places, each)
    assert (points[0], points[-1]) == (-BALL, BALL)
    assert bool((points.diff() > 0).all())
    inside = int((places.abs() < BALL).sum())
    assert len(points) == each * (inside + 1) + 2
    assert not bool((points[:, None] == places).any())
