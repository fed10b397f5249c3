"""Class radii of models, and the bounds that theory gives for them."""

import math
from dataclasses import dataclass

import numpy as np

from analysis.results import Results, TrialRow
from analysis.statistics.intervals import student
from raysweep.study.measures.class_radius import ClassRadius
from raysweep.study.measures.classes import class_count
from raysweep.theory.class_radius import Bound, Interval, estimated_probabilities, lemma, theorem_3_1


@dataclass(frozen=True)
class BoundedModel:
    """One model: its class radius, its classes, and the bounds that these set on the radius."""

    trial: TrialRow
    radius: Interval
    """Mean over prior samples, with its Student-t interval over them."""
    entropy: Interval
    """Collision entropy in nats, of the classes of the same samples."""
    largest: Interval
    """The largest class probability."""
    lemma: Bound
    theorem: Bound


def radius_measures(results: Results) -> tuple[ClassRadius, ...]:
    """The study's measures of the class radius that have rows."""
    return tuple(m for m in results.measures("class_radius") if isinstance(m, ClassRadius))


def bounded_models(results: Results, measure: ClassRadius) -> tuple[BoundedModel, ...]:
    """Every trial that `measure` has three prior samples of, or more; radii of censored samples are infinite."""
    models = []
    for trial, own in results.by_trial(results.rows(measure)):
        if len(own) < 3:
            continue
        labels = own["label"].to_numpy(np.int64)
        counts = np.bincount(labels, minlength=class_count(measure.classifier, results.facts))
        p = estimated_probabilities(counts.tolist())
        most = int(p.shares.argmax())
        radii = own["radius"].to_numpy(np.float64)
        models.append(
            BoundedModel(
                trial,
                _mean(radii),
                p.entropy,
                Interval(float(p.shares[most]), float(p.low[most]), float(p.high[most])),
                lemma(p),
                theorem_3_1(p),
            )
        )
    return tuple(models)


def _mean(radii: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Interval:
    mean = float(radii.mean())
    if not math.isfinite(mean):
        return Interval(math.inf, math.inf, math.inf)
    half = student(len(radii) - 1) * float(radii.std(ddof=1)) / math.sqrt(len(radii))
    return Interval(mean, mean - half, mean + half)
