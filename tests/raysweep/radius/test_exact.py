import math
from statistics import NormalDist

import pytest
import torch
from torch import Tensor

from raysweep.models.toy import ToyLearner
from raysweep.radius import class_radius, make_bank
from raysweep.radius.exact import LATTICE, SQUARE, Boxes
from raysweep.study import Toy
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from raysweep.theory.class_radius import exact_probabilities, lemma

FACTS = DataFacts(ImageShape(2, 1), 1000, 10, 25, points=True)
NORMAL = NormalDist()

both = pytest.mark.parametrize(("toy", "boxes"), [(Toy(generator="square"), SQUARE), (Toy(), LATTICE)])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def logits(toy: Toy, z: Tensor) -> Tensor:
    points = ToyLearner(toy, FACTS, 0, torch.device("cpu")).generate(z).flatten(1)
    return -torch.cdist(points, torch.tensor(toy.class_points, dtype=z.dtype)).square()


def test_the_square_has_a_closed_form() -> None:
    # E|1 − |z||, by ∫ φ and ∫ x φ over [0, 1] and [1, ∞).
    inside, beyond = NORMAL.cdf(1) - 0.5, 1 - NORMAL.cdf(1)
    expected = 2 * (inside - (NORMAL.pdf(0) - NORMAL.pdf(1)) + NORMAL.pdf(1) - beyond)
    assert SQUARE.expected_radius() == pytest.approx(expected, rel=1e-12)
    assert SQUARE.probabilities() == pytest.approx((math.erf(math.sqrt(0.5)), 1 - math.erf(math.sqrt(0.5))), rel=1e-12)


def test_two_half_spaces_have_the_radius_of_the_lemma() -> None:
    assert Boxes(cuts=(0.0,), latent_dim=1, labels=(0, 1)).expected_radius() == pytest.approx(
        math.sqrt(2 / math.pi), rel=1e-12
    )


def test_the_lattices_classes_are_equally_likely() -> None:
    assert LATTICE.probabilities() == pytest.approx((1 / 25,) * 25, rel=1e-12)


@both
@pytest.mark.slow
def test_radii_are_those_of_a_dense_search(toy: Toy, boxes: Boxes) -> None:
    """The nearest of many points around z that is of another class is at most one step further than the border."""
    step = 0.004
    angles = torch.arange(0, 2 * math.pi, 0.02, dtype=torch.float64)
    around = torch.stack([angles.cos(), angles.sin()], dim=1) if toy.latent_dim == 2 else torch.tensor([[-1.0], [1.0]])
    distances = torch.arange(step, 3, step, dtype=torch.float64)
    z = random(25, toy.latent_dim)
    cloud = z[:, None, None] + distances[:, None, None] * around
    own, others = logits(toy, z).argmax(dim=1), logits(toy, cloud.flatten(0, 2)).argmax(dim=1)
    differ = (others.unflatten(0, cloud.shape[:3]) != own[:, None, None]).any(dim=2)
    nearest = torch.where(differ, distances, torch.inf).amin(dim=1)
    exact = boxes.radius(z)
    assert bool((nearest >= exact).all())
    # Between two directions 0.02 apart the border is at most 1 / cos(0.01) further.
    assert bool((nearest <= exact / math.cos(0.01) + step).all())


@both
def test_the_expected_radius_is_the_mean_over_prior_samples(toy: Toy, boxes: Boxes) -> None:
    radii = boxes.radius(random(200_000, toy.latent_dim))
    assert boxes.expected_radius() == pytest.approx(float(radii.mean()), abs=4.5 * float(radii.std()) / 200_000**0.5)


@both
def test_probabilities_are_the_shares_of_prior_samples(toy: Toy, boxes: Boxes) -> None:
    labels = logits(toy, random(100_000, toy.latent_dim)).argmax(dim=1)
    for share, p in zip(torch.bincount(labels) / 100_000, boxes.probabilities(), strict=True):
        assert float(share) == pytest.approx(p, abs=4.5 * math.sqrt(p * (1 - p) / 100_000))


@both
def test_the_search_finds_the_exact_radii(toy: Toy, boxes: Boxes) -> None:
    z = random(300, toy.latent_dim)
    found = class_radius(
        lambda points: logits(toy, points),
        z,
        make_bank(lambda points: logits(toy, points), random(2_000, toy.latent_dim, seed=1)),
        random(300, 16, toy.latent_dim, seed=2),
        bank_starts=4,
        ray_starts=4,
        projections=6,
    )
    exact = boxes.radius(z)
    assert bool(found.found.all())
    assert bool((found.radius >= exact * (1 - 1e-9)).all())
    # The last bisection stops within 1/1024 of the way.
    assert float(found.radius.mean() / exact.mean()) < 1.002


def test_the_bound_of_the_lemma_holds() -> None:
    for boxes in (SQUARE, LATTICE):
        assert boxes.expected_radius() < lemma(exact_probabilities(boxes.probabilities())).value


@pytest.mark.parametrize("cut", [0.0, 0.7, -2.0])
def test_half_spaces_reach_the_bound(cut: float) -> None:
    boxes = Boxes(cuts=(cut,), latent_dim=1, labels=(0, 1))
    assert boxes.expected_radius() == pytest.approx(lemma(exact_probabilities(boxes.probabilities())).value, rel=1e-12)
