import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from raysweep.radius.exact import LATTICE, SQUARE, Boxes
from raysweep.theory.class_radius import (
    SHARPER_LIMIT,
    collision_probability,
    estimated_probabilities,
    exact_probabilities,
    largest_entropy,
    lemma,
    lemma_terms,
    sharper_bound,
    theorem_3_1,
    theorem_3_2,
    theorem_3_3,
    theorem_curve,
    uniform_curve,
)

shares = st.lists(st.integers(1, 50), min_size=2, max_size=40).map(lambda parts: [part / sum(parts) for part in parts])


def test_the_lemma_of_equal_classes_has_the_known_values() -> None:
    assert lemma(exact_probabilities([0.5, 0.5])).value == pytest.approx(math.sqrt(2 / math.pi), rel=1e-12)
    uniform = exact_probabilities([1 / 25] * 25)
    assert lemma(uniform).value == pytest.approx(0.404, abs=5e-4)
    assert theorem_3_1(uniform).value == pytest.approx(1.458, abs=5e-4)
    assert sharper_bound(uniform).value == pytest.approx(lemma(uniform).value, rel=1e-12)


@pytest.mark.parametrize("boxes", [SQUARE, LATTICE, *(Boxes((cut,), 1, (0, 1)) for cut in (0.0, 0.7, -2.0))])
def test_exact_radii_respect_the_lemma_and_half_spaces_reach_it(boxes: Boxes) -> None:
    bound = lemma(exact_probabilities(boxes.probabilities())).value
    if len(boxes.cuts) == 1:
        assert boxes.expected_radius() == pytest.approx(bound, rel=1e-12)
    else:
        assert boxes.expected_radius() < bound


@given(shares)
def test_the_bounds_are_in_order_wherever_they_are_proven(p: list[float]) -> None:
    probabilities = exact_probabilities(p)
    least, sharper, theorem = lemma(probabilities), sharper_bound(probabilities), theorem_3_1(probabilities)
    assert theorem.applies == (max(p) <= 0.2)
    assert sharper.applies == (max(p) <= SHARPER_LIMIT)
    if sharper.applies:
        assert least.value <= sharper.value * (1 + 1e-9)
    if theorem.applies:
        assert sharper.value < theorem.value
    assert least.value >= lemma(exact_probabilities([1 / len(p)] * len(p))).value * (1 - 1e-9)


def test_the_sharper_bound_is_proven_as_far_as_its_curve_is_concave() -> None:
    p = np.linspace(0.001, 0.999, 999)
    second = np.diff(lemma_terms(p) / p, n=2)
    inner = p[1:-1]
    assert (second[inner < SHARPER_LIMIT] < 0).all()
    assert (second[inner > SHARPER_LIMIT + 0.002] > 0).all()


def test_uniform_classes_minimise_theorem_3_1_and_it_falls_to_zero() -> None:
    assert theorem_3_2(25).value == pytest.approx(theorem_3_1(exact_probabilities([1 / 25] * 25)).value)
    assert [theorem_3_2(count).applies for count in (2, 4, 5, 25)] == [False, False, True, True]
    values = [theorem_3_3(10**power, 10.0**-power).value for power in (2, 5, 20, 100)]
    assert values == sorted(values, reverse=True)
    assert theorem_3_3(10, 0.05).applies is False  # ten classes cannot all be rarer than 1/10
    assert theorem_3_3(10, 0.3).applies is False


def test_a_single_class_has_an_infinite_bound() -> None:
    assert lemma(exact_probabilities([1.0, 0.0])).value == math.inf
    counted = estimated_probabilities([100, 0, 0])
    assert lemma(counted).limit == math.inf
    assert theorem_3_1(counted).applies is False


@pytest.mark.parametrize("sharper", [False, True])
def test_the_inverted_bound_gives_the_entropy_back(sharper: bool) -> None:
    curve = uniform_curve if sharper else theorem_curve
    for entropy in (2.0, 5.0, 100.0):
        assert largest_entropy(float(curve(entropy)), sharper=sharper).value == pytest.approx(entropy, rel=1e-9)
    too_large = largest_entropy(2.0, sharper=sharper)
    assert (too_large.value, too_large.applies) == (math.inf, False)
    assert largest_entropy(0.0, sharper=sharper).value == math.inf


def test_applicability_is_open_where_the_interval_spans_the_limit() -> None:
    assert theorem_3_1(estimated_probabilities([20, 20, 20, 20, 20])).applies is None
    assert theorem_3_1(estimated_probabilities([100] * 25)).applies is True
    assert theorem_3_1(estimated_probabilities([500, 100, 100, 100])).applies is False


@pytest.mark.parametrize("p", [0.04, 0.2, 0.5])
def test_the_limits_of_a_class_cover_at_the_level_that_all_need_together(p: float) -> None:
    """The binomial probability of all counts whose limits hold p, for one of 25 classes and 200 samples."""
    limits = [estimated_probabilities([k, 200 - k, *[0] * 23]) for k in range(201)]
    covered = [k for k, each in enumerate(limits) if each.low[0] <= p <= each.high[0]]
    assert 1 - 0.05 / 25 <= stats.binom.pmf(covered, 200, p).sum() < 1


@pytest.mark.parametrize(
    ("p", "most"), [(np.full(25, 1 / 25), 1.0), (np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.05]), 0.971)]
)
def test_the_collision_probability_is_unbiased_and_covered(p: NDArray[np.float64], most: float) -> None:
    """Of 1,000 draws, within three standard errors of 95 %; more often where all classes are equally likely."""
    counts = np.random.default_rng(0).multinomial(1_000, p, size=1_000)
    found, truth = [collision_probability(each.tolist()) for each in counts], float((p**2).sum())
    assert np.mean([each.value for each in found]) == pytest.approx(truth, rel=2e-3)
    assert 0.929 <= np.mean([each.low <= truth <= each.high for each in found]) <= most


def test_the_lemmas_limit_is_above_the_bound_of_the_true_probabilities() -> None:
    p = np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
    counts = np.random.default_rng(0).multinomial(1_000, p, size=200)
    bound = lemma(exact_probabilities(p.tolist())).value
    limits = [lemma(estimated_probabilities(each.tolist())).limit for each in counts]
    assert np.mean([limit >= bound for limit in limits]) >= 0.95
    assert np.median(limits) < 1.2 * bound


@pytest.mark.parametrize("bad", [[0.5, 0.6], [-0.1, 1.1], [0.2]])
def test_probabilities_that_are_none_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        exact_probabilities(bad)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        estimated_probabilities([1, 1])
