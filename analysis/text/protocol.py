"""The protocol behind each number, in words: counts, solver, budget, constraint, features."""

import json
from collections.abc import Container, Sequence

import pandas as pd

from analysis.results import Results, Value
from analysis.text.parts import in_order, part_name
from analysis.text.words import arm_label, axis_label, listing, number, percent, setting, span
from raysweep.study.base import Frozen
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.class_radius import ClassRadius
from raysweep.study.measures.classes import Classifier
from raysweep.study.measures.modes import Modes
from raysweep.study.measures.quality import ReferenceSettings
from raysweep.study.measures.reconstruction import CALIBRATION, RECOVERED, Reconstruction
from raysweep.study.solvers import Solver

FEASIBLE = {
    "paper_ball": "‖z‖² ≤ d + 3√(2d) (Pinetz et al., Eq. 5)",
    "chi2_ball": "‖z‖² within the 99.7 % point of χ² with d degrees of freedom",
    "shell": "‖z‖² between the 0.15 % and 99.85 % points of χ² with d degrees of freedom",
    "everything": "no constraint on z",
}

FEATURES = {
    "lenet": "the 84 features of a LeNet trained on this data set",
    "inception": "Inception's 2,048 features",
}

SPACES = {"pixels": "pixels", **FEATURES}
"""Spaces in which distances between images are measured."""

CLASSES = {
    "lenet": "Classes are those of a LeNet trained on this data set.",
    "nearest_mode": "The class is that of the nearest mode: of the data or the toy's lattice for points, for images of "
    "the mean images of the training set's classes.",
}
"""What tells classes, by the classifier of a measure."""


def classes_words(classifier: Classifier) -> str:
    """What tells classes."""
    if isinstance(classifier, str):
        return CLASSES[classifier]
    return (
        f"There are two classes: what lies within ε = {setting(classifier.epsilon)} of training image "
        f"{classifier.reference} in the ℓ{setting(classifier.p)} distance, and what lies beyond."
    )


def reconstruction_protocol(results: Results, measure: MeasureSettings) -> str:
    """How images were reconstructed, how many, and how the inversions ended."""
    assert isinstance(measure, Reconstruction)
    rows = results.rows(measure)
    counts = counts_words(results.means(rows, "mse"), "image")
    encoded = rows["status"] == "encoded"
    sentences = [f"{counts} in each trial."]
    if encoded.any():
        sentences.append(f"{_arms(results, rows[encoded])}: encoded and decoded.")
    if not encoded.all():
        inverted = rows[~encoded]
        ends = inverted["status"].value_counts(normalize=True).sort_index()
        ended = listing([f"{percent(float(share))} {status}" for status, share in ends.items()])
        sentences.append(
            f"{_arms(results, inverted)}: inverted by {_solvers(results, inverted, measure)}, subject to "
            f"{FEASIBLE[measure.solver.feasible]}; {number(float(inverted['passes'].mean()))} generator passes an "
            f"image. Of the inversions, {ended}."
        )
        if measure.recover is not None:
            steps = span(json.loads(solver)["steps"] for solver in inverted["solver"].unique())
            sentences.append(
                f"Steps were doubled for each model, at most {measure.doublings} times, until "
                f"{percent(measure.recover)} of {CALIBRATION} other generated images were found to "
                f"{setting(RECOVERED)} of the signal: {steps} steps."
            )
    return " ".join(sentences)


def _solvers(results: Results, inverted: pd.DataFrame, measure: Reconstruction) -> str:
    """Which solver inverted at which dim(z), with its settings."""
    present = set(inverted["trial"])
    trials = [trial for trial in results.trials if trial.id in present]
    dims = sorted({trial.latent_dim for trial in trials if trial.latent_dim is not None})
    by_solver: dict[Solver, list[int]] = {}
    for dim in dims:
        by_solver.setdefault(measure.solver.at(dim), []).append(dim)
    words = [
        f"{solver.label} ({settings_words(solver, {'feasible'})})"
        + (f" at dim(z) = {listing([str(dim) for dim in at])}" if len(by_solver) > 1 else "")
        for solver, at in by_solver.items()
    ]
    return listing(words)


def quality_protocol(results: Results, measure: MeasureSettings) -> str:
    """Features, and how many images stand on either side."""
    assert isinstance(measure, ReferenceSettings)
    columns = ["part", "samples", "reference_images", "reference"]
    pairs = results.rows(measure)[columns].drop_duplicates().sort_values("part", ascending=False)
    counts = [
        f"{number(int(row['samples']))} {row['part']} are compared with {number(int(row['reference_images']))} "
        f"{row['reference']} images"
        for row in pairs.to_dict("records")
    ]
    return f"Features: {FEATURES[measure.features]}. {listing(counts)}."


def held_out_words(measure: MeasureSettings, images: int) -> str:
    """What held-out images are, and how many: "360 validation images"."""
    assert isinstance(measure, ReferenceSettings)
    return f"{number(images)} {'validation' if measure.reference == 'train' else 'training'} images"


def radius_protocol(results: Results, measure: MeasureSettings) -> str:
    """How the boundary was searched, and for how many samples."""
    assert isinstance(measure, ClassRadius)
    rows = results.rows(measure)
    samples = span(int(count) for count in rows["trial"].value_counts())
    censored = float((rows["status"] == "censored").mean())
    ended = (
        f"for {percent(censored)} of the samples no other class was found" if censored else "all found another class"
    )
    return (
        f"An upper estimate: {samples} prior samples a trial, each searched from the {measure.bank_starts} nearest of "
        f"{number(measure.bank)} prior samples of other classes and along the best {measure.ray_starts} of "
        f"{measure.rays} random rays, with {measure.projections} steps downhill; "
        f"{number(float(rows['evaluations'].mean()))} generator passes a sample beside the shared "
        f"{number(measure.bank)}. {percent(float(rows['converged'].mean()))} of the searches came to rest at a local "
        f"minimum; {ended}. "
        f"{classes_words(measure.classifier)}"
    )


def modes_protocol(results: Results, measure: MeasureSettings) -> str:
    """What counts as a captured mode, and of how many samples."""
    assert isinstance(measure, Modes)
    return (
        f"A mode is captured if at least one of {number(measure.samples)} samples lies within "
        f"{setting(measure.deviations)} standard deviations of it, which is PacGAN's protocol (Lin et al., 2018)."
    )


def counts_words(values: Sequence[Value], noun: str) -> str:
    """Counts by part: "500 train, 500 shifted by 2 px and 360 validation images"."""
    parts = in_order(value.part for value in values)
    words = [f"{span(value.count for value in values if value.part == part)} {part_name(part)}" for part in parts]
    return f"{listing(words)} {noun}s"


def settings_words(settings: Frozen, left_out: Container[str] = ()) -> str:
    """Settings with their values, without their kind, empty ones and those `left_out`."""
    names = [name for name in type(settings).model_fields if name not in left_out and name != settings.tag]
    values = {name: getattr(settings, name) for name in names}
    return ", ".join(f"{axis_label(name)} {_value(value)}" for name, value in values.items() if value not in (None, ()))


def _value(value: object) -> str:
    if not isinstance(value, Frozen):
        return setting(value)
    return f"{setting(getattr(value, value.tag))} ({settings_words(value)})"


def _arms(results: Results, rows: pd.DataFrame) -> str:
    present = set(rows["trial"])
    arms = dict.fromkeys((trial.arm, trial.family) for trial in results.trials if trial.id in present)
    return listing([arm_label(arm, family) for arm, family in arms])
