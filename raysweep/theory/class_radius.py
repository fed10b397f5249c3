"""The theory of "Looser is Worse": how diverse a generator can be at most, given its class radius. No torch.

z ~ N(0, I) falls in class i with probability pᵢ. The classes may have any shape; the generator must be deterministic.
Every bound says whether it is proven for the probabilities given, and why not. docs/theory.md has what the proofs show
and what was found in them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

Vector = NDArray[np.float64]

LEVEL = 0.95
"""Of every interval here."""

THEOREM_LIMIT = 1 / 5
"""The largest pᵢ for which Theorem 3.1 is proven."""

SHARPER_LIMIT = 0.273
"""The largest pᵢ for which `sharper_bound` is proven: the lemma's term over p is concave up to p = 0.27312."""

LARGEST_ENTROPY = 650.0
"""Nats: e^−650 is still a share that a float holds and whose quantile is known to all digits."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its two-sided 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassProbabilities:
    """pᵢ of each class: exact, or estimated with limits that hold for all classes at once."""

    shares: Vector
    low: Vector
    high: Vector
    collision: Interval
    """‖p‖₂² = Σ pᵢ², the probability that two samples have the same class."""

    @property
    def entropy(self) -> Interval:
        """The collision entropy −log ‖p‖₂² in nats, which is Rényi's of second order."""
        ends = (self.collision.value, self.collision.high, self.collision.low)
        return Interval(*(-math.log(each) if each > 0 else math.inf for each in ends))


@dataclass(frozen=True)
class Bound:
    """An upper bound."""

    value: float
    limit: float
    """What the bound is at most, at 95 %, since the probabilities are estimates; `value` if they are exact."""
    applies: bool | None
    """Whether it is proven for these probabilities; None where their intervals leave that open."""
    why: str


def exact_probabilities(shares: Sequence[float]) -> ClassProbabilities:
    """Class probabilities that are known.

    Raises:
        ValueError: they are not all in [0, 1], or do not sum to 1.
    """
    p = np.asarray(shares, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all() or not math.isclose(p.sum(), 1, abs_tol=1e-9):
        raise ValueError(f"class probabilities {shares}: give numbers of [0, 1] that sum to 1")
    collision = float((p**2).sum())
    return ClassProbabilities(p, p, p, Interval(collision, collision, collision))


def estimated_probabilities(counts: Sequence[int]) -> ClassProbabilities:
    """Class probabilities from the number of independent samples in each class.

    The limits of each class are Clopper and Pearson's, at the level 1 − 0.05 / K, so all K hold at once with 95 %.

    Args:
        counts: samples of each class, those without any included: they may still have a probability.

    Raises:
        ValueError: there are fewer than three samples.
    """
    k = np.asarray(counts, dtype=np.float64)
    n, tail = k.sum(), (1 - LEVEL) / len(k) / 2
    if n < 3:
        raise ValueError(f"{n:.0f} samples: class probabilities need at least 3")
    low = np.where(k > 0, special.betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
    high = np.where(k < n, special.betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail), 1.0)
    return ClassProbabilities(k / n, low, high, collision_probability(counts))


def collision_probability(counts: Sequence[int]) -> Interval:
    """‖p‖₂² from the share of pairs of samples that have the same class, Σ kᵢ (kᵢ − 1) / (n (n − 1)): unbiased.

    Its variance is (4 (n − 2) (Σ pᵢ³ − ‖p‖⁴) + 2 (‖p‖² − ‖p‖⁴)) / (n (n − 1)), here with unbiased estimates of
    the sums. The interval is normal on the logarithmic scale; its lower end is 0 where no pair collides. For equally
    likely classes, where the first term vanishes, it is wider than need be (99 % instead of 95 % for 25 of them).

    Source: Hoeffding (1948), Section 5, for the kernel [same class].
    """
    k = np.asarray(counts, dtype=np.float64)
    n = k.sum()
    pairs = n * (n - 1)
    same = float((k * (k - 1)).sum() / pairs)
    if same == 0:
        return Interval(0.0, 0.0, float(1 - (1 - LEVEL) ** (2 / pairs)))
    cubes = float((k * (k - 1) * (k - 2)).sum() / (pairs * (n - 2)))
    variance = (4 * (n - 2) * max(cubes - same**2, 0.0) + 2 * (same - same**2)) / pairs
    factor = math.exp(float(special.ndtri((1 + LEVEL) / 2)) * math.sqrt(variance) / same)
    return Interval(same, same / factor, min(1.0, same * factor))


def lemma_terms(p: ArrayLike) -> Vector:
    """h(p) = Φ⁻¹(p) p + φ(Φ⁻¹(p)): what a class of probability p adds to the bound of Lemma B.4; 0 at 0, ∞ at 1.

    It is the mean depth inside a half-space of that probability; convex and increasing, with h′ = p / φ, h″ = h / φ².
    """
    p = np.asarray(p, dtype=np.float64)
    inside = (p > 0) & (p < 1)
    x = np.where(inside, special.ndtri(p), 0.0)
    terms = p * x + np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return np.where(inside, terms, np.where(p > 0, np.inf, 0.0))


def lemma(p: ClassProbabilities) -> Bound:
    """Σ Φ⁻¹(pᵢ) pᵢ + φ(Φ⁻¹(pᵢ)), which two half-spaces reach.

    Whatever the probabilities; infinite where a single class has them all, as then is the class radius. The limit is
    the largest sum over all probabilities within their simultaneous intervals, with each convex term replaced by its
    chord, which lies above it.

    Source: Manoj (2018), Lemmas B.1 and B.4, after Fawzi, Fawzi and Fawzi (2018), Theorem 1.
    """
    terms, whole = lemma_terms(p.shares), "It holds for classes of any shape and probability."
    if not np.isfinite(terms).all():
        return Bound(math.inf, math.inf, True, "There is one class only, so the class radius is infinite as well.")
    return Bound(float(terms.sum()), _largest_sum(p.low, p.high), True, whole)


def theorem_3_1(p: ClassProbabilities) -> Bound:
    """log(4π H) / √(2H) at the collision entropy H = −log ‖p‖₂².

    Proven if no pᵢ exceeds 1/5. Source: Manoj (2018), Theorem 3.1.
    """
    return _entropy_bound(p, theorem_curve, THEOREM_LIMIT, "1/5")


def sharper_bound(p: ClassProbabilities) -> Bound:
    """q(‖p‖₂²) with q(p) = Φ⁻¹(p) + φ(Φ⁻¹(p)) / p: the lemma's bound of equally likely classes that collide as often.

    Theorem 3.1 with its last step alone: Lemma B.4's sum is Σ pᵢ q(pᵢ), and q is concave up to p = 0.273, so by Jensen
    it is at most q(Σ pᵢ²). No estimate of Φ⁻¹ is needed, which is where the paper's proof loses a factor of three.
    Proven if no pᵢ exceeds 0.273. Ours.
    """
    return _entropy_bound(p, uniform_curve, SHARPER_LIMIT, "0.273")


def theorem_3_2(classes: int) -> Bound:
    """log(4π log K) / √(2 log K): the least that Theorem 3.1's bound can be with K classes, reached by pᵢ = 1/K.

    It is the bound that is least, not the class radius: unequal classes may have a smaller one. Proven for K ≥ 5.

    Source: Manoj (2018), Theorem 3.2.
    """
    applies = classes >= 5
    value = float(theorem_curve(math.log(classes))) if classes > 1 else math.inf
    why = "There are at least 5 classes." if applies else f"{classes} equally likely classes have more than 1/5 each."
    return Bound(value, value, applies, why)


def theorem_3_3(classes: int, largest: float) -> Bound:
    """Theorem 3.1's bound at ‖p‖₂² ≤ min(1/5, 3h), for K classes of which none has a probability above h.

    It falls to 0 with h. As ‖p‖₂² ≤ max pᵢ, h would do for 3h. (The paper's last formula lacks a reciprocal: it has
    the logarithm of a negative number.) Proven if 1/K ≤ h ≤ 1/5.

    Source: Manoj (2018), Theorem 3.3 and Lemma B.5.
    """
    applies = 1 / classes <= largest <= THEOREM_LIMIT
    value = float(theorem_curve(-math.log(min(THEOREM_LIMIT, 3 * largest))))
    why = (
        f"No class has a probability above {largest:.3g}."
        if applies
        else f"The largest of {classes} probabilities is at least {1 / classes:.3g} and must be at most 1/5."
    )
    return Bound(value, value, applies, why)


def theorem_curve(entropy: ArrayLike) -> Vector:
    """Theorem 3.1's bound at collision entropies in nats. It falls from log 5 on, indeed from e² / 4π = 0.588."""
    entropy = np.asarray(entropy, dtype=np.float64)
    return np.asarray(np.log(4 * math.pi * entropy) / np.sqrt(2 * entropy))


def uniform_curve(entropy: ArrayLike) -> Vector:
    """Lemma B.4's bound for exp(entropy) equally likely classes, of any real number: `sharper_bound`'s curve."""
    share = np.exp(-np.asarray(entropy, dtype=np.float64))
    return np.asarray(lemma_terms(share) / share)


def largest_entropy(radius: float, *, sharper: bool = False) -> Bound:
    """The largest collision entropy, in nats, that a class radius E[r(z)] = `radius` allows: the bound inverted.

    From Theorem 3.1, or from `sharper_bound`. A larger radius than the bound has at any admissible entropy shows that
    some class is more probable than it assumes: then there is no limit.

    Args:
        radius: E[r(z)], or a lower estimate of it. An upper estimate gives a limit that is too low.
        sharper: whether to invert `sharper_bound`.
    """
    curve, largest, name = (uniform_curve, SHARPER_LIMIT, "0.273") if sharper else (theorem_curve, THEOREM_LIMIT, "1/5")
    least = -math.log(largest)
    if radius > float(curve(least)):
        return Bound(math.inf, math.inf, False, f"So large a class radius needs a class more probable than {name}.")
    if radius < float(curve(LARGEST_ENTROPY)):
        return Bound(math.inf, math.inf, True, f"The limit is beyond {LARGEST_ENTROPY:.0f} nats.")
    entropy = float(optimize.brentq(lambda at: float(curve(at)) - radius, least, LARGEST_ENTROPY, xtol=1e-12))
    return Bound(entropy, entropy, True, f"Proven if no class is more probable than {name}.")


def _entropy_bound(p: ClassProbabilities, curve: Callable[[float], Vector], largest: float, written: str) -> Bound:
    """A falling curve's value at the collision entropy, limited by that at the least entropy within its interval."""
    applies, why = _none_above(p, largest, written)
    return Bound(_value_at(curve, p.entropy.value), _value_at(curve, p.entropy.low), applies, why)


def _none_above(p: ClassProbabilities, largest: float, written: str) -> tuple[bool | None, str]:
    """Whether no class has a probability above `largest`, `written` so; None where the intervals leave it open."""
    if (p.low > largest).any():
        return False, f"A class has a probability of {p.shares.max():.3g}, above {written}."
    if (p.high > largest).any():
        return None, f"Whether a class has a probability above {written} is left open by its interval."
    return True, f"No class has a probability above {written}."


def _value_at(curve: Callable[[float], Vector], entropy: float) -> float:
    """A falling curve's value; infinite at no entropy, and beyond `LARGEST_ENTROPY` that at it, which is larger."""
    if entropy <= 0:
        return math.inf
    return float(curve(min(entropy, LARGEST_ENTROPY)))


def _largest_sum(low: Vector, high: Vector) -> float:
    """An upper bound of Σ h(pᵢ) over low ≤ p ≤ high with Σ pᵢ = 1: each h its chord, the steepest filled first."""
    at_low, at_high = lemma_terms(low), lemma_terms(high)
    if not np.isfinite(at_high).all():
        return math.inf
    room = high - low
    slope = np.divide(at_high - at_low, room, out=np.zeros_like(room), where=room > 0)
    left, total = 1 - float(low.sum()), float(at_low.sum())
    for i in np.argsort(-slope):
        filled = min(left, float(room[i]))
        total, left = total + filled * float(slope[i]), left - filled
    return total
