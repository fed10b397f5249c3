import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.measures.precision_recall import Quality, compare
from raysweep.measures.streams import normal
from raysweep.study import PrecisionRecall, Vae, WganGp
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
Make = Callable[..., MeasureContext]


def points(*values: float) -> Tensor:
    return torch.tensor(values)[:, None]


def test_points_on_a_line() -> None:
    """Balls of k = 1 around the real 0, 1, 3, 7 have radii 1, 1, 2, 4; around the generated 1.5, 2, 20: ½, ½, 18.

    1.5 lies in the balls of 1 and 3; 2 in those of 1 and 3; 20 in none. Of the real ones, 1 lies around 1.5; 3 and 7
    around 20 (18 ≥ 17 and 13), and 0 around nothing. Balls of 1 and 3 hold a generated point.
    """
    quality = compare(points(1.5, 2, 20), points(0, 1, 3, 7), neighbours=1, density_neighbours=1)
    assert quality == Quality(precision=2 / 3, recall=3 / 4, density=4 / 3, coverage=1 / 2)


def test_copies_of_the_real_points_are_perfect() -> None:
    """Each lies in its own ball, and in those of which it is one of the k nearest: k + 1 on average."""
    real = normal((200, 5), CPU, "real")
    assert compare(real.flip(0), real, 3, 5) == Quality(precision=1, recall=1, density=pytest.approx(6 / 5), coverage=1)


def test_what_lies_far_away_is_nothing() -> None:
    real = normal((50, 5), CPU, "real")
    assert compare(real + 1000, real, 3, 5) == Quality(precision=0, recall=0, density=0, coverage=0)


def test_one_good_image_again_and_again_is_precise_but_covers_nothing() -> None:
    """A collapsed generator: its balls have no size, so it recalls but that one image."""
    real = normal((100, 5), CPU, "real")
    collapsed = real[:1].repeat(80, 1)
    quality = compare(collapsed, real, 3, 5)
    assert quality.precision == 1
    assert quality.recall == 1 / 100
    assert quality.coverage < 0.2


def test_an_outlier_lifts_precision_but_not_density() -> None:
    """The failure that density was made for: one distant real point has a ball that holds everything between."""
    real = torch.cat([normal((100, 2), CPU, "real"), torch.tensor([[1000.0, 0.0]])])
    generated = normal((100, 2), CPU, "generated") + torch.tensor([100.0, 0.0])
    quality = compare(generated, real, 3, 5)
    assert quality.precision == 1
    assert quality.density == pytest.approx(1 / 5)


def test_images_of_one_distribution_have_a_density_of_one() -> None:
    """Naeem et al. (2020), Lemmas 1 and 2."""
    real, generated = normal((1000, 8), CPU, "real"), normal((1000, 8), CPU, "generated")
    quality = compare(generated, real, 3, 5)
    # That the k nearest neighbours of a real image, among 999 real and 1,000 generated ones, are all real:
    nothing = math.prod((1000 - i) / (2000 - i) for i in range(1, 6))
    # Balls overlap, so the standard error is above that of 1,000 independent draws, which is 0.006 for the coverage.
    assert quality.density == pytest.approx(1, abs=0.1)
    assert quality.coverage == pytest.approx(1 - nothing, abs=0.03)


@given(st.integers(0, 100), st.floats(0.01, 100), st.integers(1, 4))
def test_moving_turning_and_scaling_everything_changes_nothing(seed: int, scale: float, k: int) -> None:
    real, generated = normal((12, 3), CPU, "real", seed).double(), normal((9, 3), CPU, "generated", seed).double()
    turn = torch.linalg.qr(normal((3, 3), CPU, "turn", seed).double()).Q

    def move(values: Tensor) -> Tensor:
        return values @ turn * scale + 7

    assert compare(move(generated), move(real), k, k) == compare(generated, real, k, k)


@given(st.integers(0, 100))
def test_precision_and_recall_change_places_with_the_sets(seed: int) -> None:
    real, generated = normal((12, 3), CPU, "real", seed), normal((9, 3), CPU, "generated", seed)
    one, other = compare(generated, real, 2, 2), compare(real, generated, 2, 2)
    assert (one.precision, one.recall) == (other.recall, other.precision)


def measure(settings: PrecisionRecall, context: MeasureContext, shard: Shard) -> dict[str, Any]:
    (row,) = run_measure(settings, shard, context).to_pylist()
    return row


def test_perfect_reconstructions_are_as_good_as_held_out_images(make_context: Make, data: DataSet, halves: Any) -> None:
    settings = PrecisionRecall(samples=25)
    real = prepare(settings, StudyContext(data, CPU, halves))
    row = measure(settings, make_context(Vae(latent_dim=16), 0, real), Shard("reconstructions", 0, 25))
    for name in ("precision", "recall", "density", "coverage"):
        assert row[name] == row[f"held_out_{name}"] > 0
    counts = ("samples", "reference_images", "held_out_images", "neighbours", "density_neighbours")
    assert [row[name] for name in counts] == [25, 40, 25, 3, 5]


def test_a_linear_generator_of_one_dimension_recalls_nothing(make_context: Make, data: DataSet, halves: Any) -> None:
    settings = PrecisionRecall(samples=50)
    real = prepare(settings, StudyContext(data, CPU, halves))
    row = measure(settings, make_context(WganGp(latent_dim=1), 0, real), Shard("samples", 0, 50))
    assert row["recall"] == 0
    assert row["recall"] < row["held_out_recall"]
