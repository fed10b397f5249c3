"""A results folder as a run leaves it, with numbers that tests can work out by hand."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from analysis.results import Results, load_results
from raysweep.results.gathering import gather
from raysweep.results.store import StudyStore
from raysweep.results.tables import all_tables
from raysweep.results.trials import TrialRecord, Work
from raysweep.study import (
    Arm,
    Autoencoder,
    BirthdayTest,
    ClassMap,
    ClassRadius,
    Digits,
    Encodings,
    FrechetDistance,
    Holes,
    Interpolant,
    Interpolation,
    KernelDistance,
    LcVae,
    LossSurface,
    Memorisation,
    Modes,
    Omega,
    Polynomial,
    PrecisionRecall,
    ProjectedAdam,
    Reconstruction,
    Samples,
    Study,
    Toy,
    Trial,
    Vae,
    Weights,
    WganGp,
    grid,
)
from raysweep.study.data import DataFacts, Grid2d
from raysweep.study.measures import MeasureSettings, Shard
from raysweep.study.measures.classes import class_points
from raysweep.study.table import HISTORY

SIZE = 8
DIMS = (2, 10, 50)
STARTED = 1_700_000_000.0

Columns = dict[str, list[object]]


def spread(trial: Trial) -> float:
    """A factor that differs by seed: 1.00, 1.05, 1.10 …"""
    return 1 + 0.05 * trial.seed


def plausible_mse(trial: Trial, part: str) -> float:
    """Falls with dim(z), larger for the GAN, somewhat larger on validation; a small floor."""
    level = {"wgan_gp": 0.45, "autoencoder": 0.22, "vae": 0.26, "lc_vae": 0.28}[trial.model.family]
    factor = {"train": 1.0, "validation": 1.12, "generated": 0.06, "foreign": 1.3, "noise": 2.0}.get(part, 1.4)
    return level * factor * spread(trial) * float(trial.latent_dim or 1) ** -0.45


SIGNAL = 0.5
"""Of the pretended training images."""


def plausible_distance(trial: Trial, part: str) -> float:
    """Flat for samples of the GAN, falling for reconstructions."""
    dim = float(trial.latent_dim or 1)
    if part == "reconstructions":
        return 30.0 * spread(trial) * dim**-0.5
    level = {"wgan_gp": 12.0, "vae": 25.0, "lc_vae": 26.0}[trial.model.family]
    return level * spread(trial) * (1 + 0.02 * math.log(dim))


def plausible_radius(trial: Trial) -> float:
    """Grows with dim(z); smaller with λ."""
    tightness = 0.8 if getattr(trial.model, "lam", 0.0) > 0 else 1.0
    return tightness * spread(trial) * (0.8 + 0.25 * math.log(float(trial.latent_dim or 1)))


def plausible_accuracy(trial: Trial, part: str) -> float:
    """Of a LeNet trained on reconstructions, which nears that of one trained on real images."""
    real = 0.98 - 0.002 * trial.seed
    return real if part == "real" else real * (1 - 0.5 * plausible_mse(trial, "train"))


def plausible_holes(trial: Trial, part: str) -> float:
    """Share of the prior: less for samples of the posterior, and with λ."""
    tightness = 0.8 if getattr(trial.model, "lam", 0.0) > 0 else 1.0
    return tightness * spread(trial) * (0.1 if part == "posterior" else 0.3)


def plausible_off(trial: Trial, part: str) -> float:
    """Share of a path: less with λ, most for blends."""
    tightness = 0.9 if getattr(trial.model, "lam", 0.0) > 0 else 1.0
    return 0.8 if part == "blend" else tightness * spread(trial) * 0.4


def plausible_omega(trial: Trial) -> float:
    """Of the encoder: less with λ."""
    return spread(trial) * (0.12 if getattr(trial.model, "lam", 0.0) > 0 else 0.19)


@dataclass(frozen=True)
class Numbers:
    """What the pretended models score. Images scatter evenly around these means."""

    mse: Callable[[Trial, str], float] = plausible_mse
    norm: Callable[[Trial, str], float] = lambda trial, part: math.sqrt(trial.latent_dim or 0)
    """‖z*‖, of every image of a part."""
    distance: Callable[[Trial, str], float] = plausible_distance
    floor: float = 1.5
    """Fréchet distance of held-out images."""
    distance_ratio: Callable[[Trial], float] = spread
    """Median distance to the nearest training image, over that of held-out images."""
    duplicates: Callable[[Trial], int] = lambda trial: 5_000
    """Pairs of samples that are near duplicates."""
    radius: Callable[[Trial], float] = plausible_radius
    accuracy: Callable[[Trial, str], float] = plausible_accuracy
    captured: Callable[[Trial], int] = lambda trial: 20
    """Modes, of 25."""
    holes: Callable[[Trial, str], float] = plausible_holes
    off: Callable[[Trial, str], float] = plausible_off
    omega: Callable[[Trial], float] = plausible_omega
    ks_distance: Callable[[Trial, str], float] = lambda trial, part: 0.01 * spread(trial)
    """Of the weights of the first layer, in a state; the others have few weights."""
    std_ratio: Callable[[Trial, str], float] = lambda trial, part: 1.2 * spread(trial)
    """Of the last layer's weights over those before it."""
    rugged: Callable[[Trial], int] = lambda trial: 0
    """How many loss surfaces of a trial have a second minimum, the first ones."""
    shift: Callable[[Trial], float] = lambda trial: 0.0
    """How far all encodings are moved along the first latent dimension."""
    censored: Callable[[Trial], int] = lambda trial: 0
    """How many prior samples of a trial are censored, the first ones."""
    failed_shards: Callable[[MeasureSettings, Trial, Shard], str] = lambda measure, trial, shard: ""
    """The reason for which a shard failed; empty for those that did not."""
    diverged: Callable[[Trial], str] = lambda trial: ""
    measured: frozenset[str] = field(default_factory=lambda: frozenset(WRITERS))
    environment: dict[str, object] = field(
        default_factory=lambda: {
            "cores": 2,
            "packages": {"torch": "2.11", "ray": "2.50"},
            "command": ["raysweep", "digits"],
        }
    )


def pretended_study(seeds: Sequence[int] = (0, 1), **fields: object) -> Study:
    """Four families, three dim(z), λ and c."""
    solver = ProjectedAdam(steps=200, learning_rate=0.05)
    content: dict[str, object] = {
        "name": "digits",
        "title": "What a latent space costs and buys, on digits",
        "question": "How do reconstruction, sample quality and looseness change with the latent dimension?",
        "data": Digits(),
        "arms": (
            Arm(model=WganGp(steps=400, width=8), over={"latent_dim": grid(*DIMS)}),
            Arm(model=Autoencoder(steps=400, width=8), over={"latent_dim": grid(*DIMS)}),
            Arm(model=Vae(width=8), over={"latent_dim": grid(*DIMS)}),
            Arm(
                model=LcVae(width=8),
                over={"latent_dim": grid(*DIMS), "lam": grid(0, 30), "c": grid(0.3, math.inf)},
            ),
        ),
        "seeds": tuple(seeds),
        "measures": (
            Reconstruction(images=20, generated=10, shard=10, keep=8, solver=solver),
            FrechetDistance(samples=1000),
            KernelDistance(samples=1000),
            PrecisionRecall(samples=1000),
            Memorisation(),
            BirthdayTest(),
            ClassRadius(samples=20, shard=10),
            Encodings(images=80),
            Holes(),
            Omega(),
            Interpolation(pairs=4, points=5, keep=2),
            Weights(),
            LossSurface(samples=2, resolution=21, path=11),
            Samples(count=48),
        ),
    }
    return Study.model_validate({**content, **fields})


def write_results(folder: Path, study: Study, numbers: Numbers) -> StudyStore:
    """Writes a results folder through the store, and gathers its tables."""
    store, clock = StudyStore(folder), [STARTED, STARTED]
    facts = study.data.facts(folder)
    _write_trials(store, study, facts, numbers, clock)
    for done in _measured(study, facts, numbers, clock):
        key = study.measure_key(done.measure)
        if done.reason:
            store.shards.fail(key, done.trial.id, done.shard, done.reason)
        else:
            store.shards.save(key, done.trial.id, done.shard, done.measure.table.rows(done.columns), done.work)
    gather(store, study, facts)
    return store


def pretended_results(folder: Path, study: Study, numbers: Numbers) -> Results:
    """What is loaded of the folder that `write_results` writes, without its thousand files of shards."""
    store, clock = StudyStore(folder), [STARTED, STARTED]
    facts = study.data.facts(folder)
    _write_trials(store, study, facts, numbers, clock)
    gather(store, study, facts)
    trained = load_results(store)
    columns: dict[str, Columns] = {
        name: {column.name: [] for column in table.columns} for name, table in all_tables().items()
    }
    for done in _measured(study, facts, numbers, clock):
        work = {"work": done.measure.name, "trial": done.trial.id, "shard": done.shard.key}
        work |= {"reason": done.reason} if done.reason else asdict(done.work)
        for name, value in work.items():
            columns["failures" if done.reason else "schedule"][name].append(value)
        for name, values in done.columns.items():
            columns[done.measure.table.name][name] += values
    changed = dict(trained.tables)
    for name, table in all_tables().items():
        if any(columns[name].values()):
            rows = [pa.Table.from_pandas(changed[name], table.schema), table.rows(columns[name])]
            changed[name] = table.sorted(table.together(rows)).to_pandas()
    return replace(trained, tables=changed)


def _write_trials(store: StudyStore, study: Study, facts: DataFacts, numbers: Numbers, clock: list[float]) -> None:
    store.save_study(study, facts, numbers.environment)
    for index, trial in enumerate(study.trials):
        reason = numbers.diverged(trial)
        record = TrialRecord("diverged" if reason else "finished", reason, 400, trial.model.parameters(facts))
        model = None if reason else _write_weights
        store.trials.finish(trial.id, record, model, _history(trial), _work(clock, index % 2, 3.0))


@dataclass(frozen=True)
class _Measured:
    """A shard that was tried: its columns, or why there are none."""

    measure: MeasureSettings
    trial: Trial
    shard: Shard
    reason: str = ""
    columns: Columns = field(default_factory=dict)
    work: Work | None = None


def _measured(study: Study, facts: DataFacts, numbers: Numbers, clock: list[float]) -> Iterator[_Measured]:
    for index, (measure, trial, shard) in enumerate(study.measurements(facts)):
        table = measure.table
        if table.name not in numbers.measured or numbers.diverged(trial):
            continue
        if reason := numbers.failed_shards(measure, trial, shard):
            yield _Measured(measure, trial, shard, reason)
            continue
        columns = WRITERS[table.name](measure, trial, shard, numbers)
        count = len(next(iter(columns.values())))
        columns = {"measure": [measure.name] * count, "trial": [trial.id] * count, **columns}
        yield _Measured(measure, trial, shard, columns=columns, work=_work(clock, index % 2, 0.4))


def _write_weights(file: BinaryIO) -> None:
    file.write(b"weights")


def _work(clock: list[float], lane: int, seconds: float) -> Work:
    started = clock[lane]
    clock[lane] += seconds
    return Work("node", 100 + lane, started, seconds, 0.9 * seconds)


def _history(trial: Trial) -> object:
    metrics = {"wgan_gp": ("critic", "generator"), "autoencoder": ("mse",), "lenet": ("loss",)}
    names = metrics.get(trial.model.family, ("reconstruction", "divergence"))
    points = [
        (
            step,
            split,
            name,
            (40.0 + 10 * index) / math.sqrt(step) * spread(trial) * (1.2 if split == "validation" else 1),
        )
        for step in range(20, 401, 20)
        for split in ("train", "validation")
        for index, name in enumerate(names)
    ]
    step, split, metric, value = zip(*points, strict=True)
    return HISTORY.rows(
        {"trial": [trial.id] * len(points), "step": step, "split": split, "metric": metric, "value": value}
    )


@cache
def _picture(index: int, sharpness: float = 1.0) -> bytes:
    """A blob whose place depends on `index`, blurred where `sharpness` is small."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    centre = 2 + (index * 7 % 5), 2 + (index * 3 % 5)
    width = 1.2 + 1.5 * (1 - sharpness)
    blob = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / (2 * width**2))
    return (255 * blob).astype(np.uint8).tobytes()


def _reconstruction(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, Reconstruction)
    images = list(range(shard.start, shard.stop))
    mean = numbers.mse(trial, shard.part)
    encoded = not measure.inverts(trial.model)
    sharpness = 1 - 1 / (1 + float(trial.latent_dim or 1))
    kept = [image < measure.keep for image in images]
    return {
        "part": [shard.part] * len(images),
        "image": images,
        # Alternately 10 % below and above the mean, in shards of even length.
        "mse": [mean * (0.9 if image % 2 else 1.1) for image in images],
        "signal": [SIGNAL] * len(images),
        # Every fourth inversion ends elsewhere from other starts.
        "repeated_mse": [
            None
            if encoded or image >= measure.repeated
            else mean * (1.5 if image % 4 == 0 else 0.9 if image % 2 else 1.1)
            for image in images
        ],
        "z_norm": [numbers.norm(trial, shard.part)] * len(images),
        "solver": ["encode" if encoded else measure.solver.at(trial.latent_dim or 1).model_dump_json()] * len(images),
        "status": ["encoded" if encoded else ("converged" if image % 4 else "budget spent") for image in images],
        "passes": [0 if encoded else round(measure.solver.expected_passes(10))] * len(images),
        "z": [None] * len(images),
        "original": [_picture(image) if keep else None for image, keep in zip(images, kept, strict=True)],
        "reconstruction": [
            _picture(image, sharpness) if keep else None for image, keep in zip(images, kept, strict=True)
        ],
    }


def _frechet(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, FrechetDistance)
    return {
        "part": [shard.part],
        "features": [measure.features],
        "reference": [measure.reference],
        "samples": [shard.stop - shard.start],
        "reference_images": [1437],
        "distance": [numbers.distance(trial, shard.part)],
        "floor": [numbers.floor],
        "floor_images": [min(measure.samples, 360)],
    }


def _kernel_distance(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, KernelDistance)
    return {
        "part": [shard.part],
        "features": [measure.features],
        "reference": [measure.reference],
        "samples": [shard.stop - shard.start],
        "reference_images": [1437],
        "subsets": [measure.subsets],
        "subset_images": [measure.subset_size],
        "distance": [numbers.distance(trial, shard.part) / 1000],
        "deviation": [0.001],
        "floor": [-0.0002],
        "floor_deviation": [0.001],
        "floor_images": [min(measure.samples, 360)],
    }


def _precision_recall(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, PrecisionRecall)
    values = {"precision": 0.8, "recall": 0.6, "density": 0.9, "coverage": 0.7}
    return {
        "part": [shard.part],
        "features": [measure.features],
        "reference": [measure.reference],
        "samples": [shard.stop - shard.start],
        "reference_images": [1437],
        "neighbours": [measure.neighbours],
        "density_neighbours": [measure.density_neighbours],
        **{name: [value / spread(trial)] for name, value in values.items()},
        **{f"held_out_{name}": [0.95] for name in values},
        "held_out_images": [min(measure.samples, 360)],
    }


def _memorisation(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, Memorisation)
    ratio = numbers.distance_ratio(trial)
    return {
        "part": [shard.part] * 2,
        "space": ["pixels", measure.features],
        "samples": [shard.stop - shard.start] * 2,
        "held_out_images": [min(measure.samples, 360)] * 2,
        "training_images": [1437] * 2,
        "median_distance": [6.0 * ratio, 20.0 * ratio],
        "held_out_median_distance": [6.0, 20.0],
        "quantile": [measure.quantile] * 2,
        "near_share": [measure.quantile / ratio] * 2,
        "nearer_probability": [0.5 / ratio] * 2,
        "z_score": [ratio - 1] * 2,
    }


def _birthday_test(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, BirthdayTest)
    pairs, duplicates = measure.samples * (measure.samples - 1) / 2, numbers.duplicates(trial)
    support = pairs / duplicates if duplicates else math.inf
    return {
        "part": [shard.part],
        "features": [measure.features],
        "samples": [measure.samples],
        "rate": [measure.rate],
        "calibration_images": [180],
        "threshold": [0.5],
        "duplicates": [duplicates],
        "support": [support],
        "support_low": [0.9 * min(support, pairs)],
        "support_high": [1.1 * support],
        "batch": [math.sqrt(1.4 * support)],
        "control_images": [180],
        "control_duplicates": [2],
        "control_support": [8055.0],
        "control_support_low": [2230.0],
        "control_support_high": [66510.0],
        "control_batch": [120.0],
    }


def _class_radius(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    samples = list(range(shard.start, shard.stop))
    found = [sample >= numbers.censored(trial) for sample in samples]
    mean = numbers.radius(trial)
    known = "exact" if isinstance(trial.model, Toy) else {2: "grid", 10: "certified"}.get(trial.latent_dim or 0)
    # Of a toy every search is exact in the mean.
    lower = mean if known == "exact" else mean / 2
    return {
        "sample": samples,
        "radius": [mean * (0.9 if s % 2 else 1.1) if ok else math.inf for s, ok in zip(samples, found, strict=True)],
        "lower": [lower if known else None] * len(samples),
        "lower_by": [known or "none: dim(z) is above 10"] * len(samples),
        "label": [sample % 10 for sample in samples],
        "other_label": [(sample + 1) % 10 if ok else None for sample, ok in zip(samples, found, strict=True)],
        "status": ["found" if ok else "censored" for ok in found],
        "converged": [1] * len(samples),
        "evaluations": [300] * len(samples),
    }


def _weights(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    """Uniform in all layers, whatever their distance to normal is said to be."""
    last = shard.stop
    layers = list(range(1, last + 1))
    std = [0.05 * (numbers.std_ratio(trial, shard.part) if layer == last else 1) for layer in layers]
    return {
        "part": [shard.part] * last,
        "network": ["generator"] * last,
        "layer": layers,
        "kind": ["dense"] * last,
        "count": [2_000 if layer == 1 else 100 for layer in layers],
        "mean": [0.0] * last,
        "std": std,
        "skewness": [0.0] * last,
        "excess_kurtosis": [-1.2] * last,
        "ks_distance": [numbers.ks_distance(trial, shard.part) if layer == 1 else 0.1 for layer in layers],
        "shapiro_w": [0.95] * last,
        "shapiro_sample": [100] * last,
        "smallest": [-math.sqrt(3) * value for value in std],
        "largest": [math.sqrt(3) * value for value in std],
        "histogram": [[0.01] * 100] * last,
    }


def _loss_surface(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    """f = (a − 1)² + b², or in its place a second bowl about (1, 1.6), where it lies lower."""
    assert isinstance(measure, LossSurface)
    samples = list(range(shard.start, shard.stop))
    b, a = np.meshgrid(*[np.linspace(-2, 2, measure.resolution)] * 2, indexing="ij")
    bowl = (a - 1) ** 2 + b**2
    two = np.minimum(bowl, (a - 1) ** 2 + (b - 1.6) ** 2 + 0.1)
    return {
        "part": [shard.part] * len(samples),
        "sample": samples,
        "direction": [measure.direction] * len(samples),
        "resolution": [measure.resolution] * len(samples),
        "loss": [(two if sample < numbers.rugged(trial) else bowl).ravel().tolist() for sample in samples],
        "path": [((1 - np.linspace(0, 1, measure.path)) ** 2).tolist()] * len(samples),
        "norm": [1.0] * len(samples),
        "solver": ["prior sample"] * len(samples),
    }


def _samples(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    samples = list(range(shard.start, shard.stop))
    return {"sample": samples, "pixels": [_picture(sample + trial.seed) for sample in samples]}


def _reconstruction_classifier(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    return {
        "part": [shard.part],
        "accuracy": [numbers.accuracy(trial, shard.part)],
        "images": [shard.stop],
        "test_images": [360],
        "epochs": [20.0],
    }


def _modes(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    """As many samples on each captured mode, and one point in its middle."""
    assert isinstance(measure, Modes)
    modes = class_points(trial.model, trial.data)
    captured = numbers.captured(trial)
    return {
        "captured": [captured],
        "modes": [len(modes)],
        "samples": [measure.samples],
        "deviations": [measure.deviations],
        "high_quality": [0.9],
        "reverse_kl": [math.log(len(modes) / captured)],
        "nearest": [[measure.samples / captured] * captured + [0.0] * (len(modes) - captured)],
        "points": [[value for mode in modes[:captured] for value in mode]],
    }


def _class_map(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    """Two classes: the left and the right half; samples on the first two class points."""
    assert isinstance(measure, ClassMap)
    dim = trial.latent_dim or 1
    ticks = np.linspace(-measure.extent, measure.extent, measure.resolution)
    lines = range(shard.start, shard.stop)
    points = class_points(trial.model, trial.data) if isinstance(trial.data, Grid2d) else ()
    plane = shard.part == "plane"
    z = [[value for x in ticks for value in (x, ticks[line])[:dim]] for line in lines] if plane else [[0.5] * 2 * dim]
    return {
        "part": [shard.part] * len(lines),
        "line": list(lines),
        "z": z,
        "labels": [(ticks > 0).astype(float).tolist() if plane else [0.0, 1.0]] * len(lines),
        "points": [(flat[:dim] * len(ticks) if plane else [*points[0], *points[1]]) if points else None for flat in z],
    }


def _exact_radius(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    return {"radius": [numbers.radius(trial)], "probabilities": [[0.5, 0.5]], "bound": [0.8]}


def _encodings(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    """Training images on a lattice of 0.2 in the right half-plane, held-out ones in the middle of its squares."""
    images = list(range(shard.start, shard.stop))
    middle = 0.1 if shard.part == "validation" else 0.0
    rest = [0.0] * ((trial.latent_dim or 2) - 2)
    at = [(0.1 + 0.2 * (i // 40) + middle, -3.9 + 0.2 * (i % 40) + middle) for i in images]
    return {
        "part": [shard.part] * len(images),
        "image": images,
        "label": [image % 10 for image in images],
        "z": [[x + numbers.shift(trial), y, *rest] for x, y in at],
        "deviation": [[0.1, 0.1, *rest] if trial.model.has_posterior else None for _ in images],
    }


def _holes(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, Holes)
    return {
        "part": [shard.part],
        "mass": [numbers.holes(trial, shard.part)],
        "whitened_mass": [numbers.holes(trial, "whitened")],
        "samples": [measure.samples],
        "codes": [1437],
        "held_out": [360],
        "density": [measure.density],
    }


def _omega(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, Omega)
    omega = numbers.omega(trial)
    return {
        "part": [shard.part],
        "omega": [omega],
        "variance": [0.8],
        "scaled_omega": [omega / 0.8],
        "unrelated_omega": [0.5],
        "steepest_pair": [math.sqrt(omega)],
        "steepest_image": [2 * math.sqrt(omega)],
        "lipschitz_bound": [20 * math.sqrt(omega)],
        "pairs": [measure.pairs],
        "jacobians": [measure.jacobians],
    }


def _interpolation(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    """Only the image in the middle of a path is off the data, whatever share the path is said to be off."""
    assert isinstance(measure, Interpolation)
    pairs, count = list(range(shard.start, shard.stop)), shard.stop - shard.start
    prior = shard.part == "prior"
    middle = measure.points // 2
    path = b"".join(_picture(point) for point in range(measure.points))
    return {
        "part": [shard.part] * count,
        "pair": pairs,
        "first": [None if prior else pair for pair in pairs],
        "second": [None if prior else pair + 100 for pair in pairs],
        "off": [numbers.off(trial, shard.part)] * count,
        "distances": [[2.0 if point == middle else 0.5 for point in range(measure.points)]] * count,
        "threshold": [1.0] * count,
        "quantile": [measure.quantile] * count,
        "space": [measure.space] * count,
        "images": [1437] * count,
        "held_out": [360] * count,
        "path": [path if pair < measure.keep else None for pair in pairs],
    }


def _interpolant(measure: MeasureSettings, trial: Trial, shard: Shard, numbers: Numbers) -> Columns:
    assert isinstance(measure, Interpolant)
    assert isinstance(trial.model, Polynomial)
    count = trial.model.images
    overflows = trial.model.arithmetic == "float32" and count > 8
    growth = count if trial.model.nodes == "equispaced" else 1
    largest = math.inf if overflows else 2.0**growth * spread(trial)
    return {
        "images": [count],
        "node_error": [math.inf if overflows else 0.0],
        "moved_error": [math.inf if overflows else 1e-12 * 4.0**growth],
        "mean_error": [0.3],
        "images_outside": [0.9],
        "pixels_outside": [count / 100],
        "prior_points": [measure.prior_points],
        "largest": [largest],
        "log10_lebesgue": [growth * math.log10(2)],
        "ball_points": [measure.gap_points * (count + 1) + 2],
        "walk": [b"".join(_picture(index + 1) for index in range(measure.steps))],
        "walk_largest": [[1.0, *[largest] * (measure.steps - 2), 1.0]],
        "line": [b"".join(_picture(index) for index in range(measure.steps))],
    }


WRITERS: dict[str, Callable[[MeasureSettings, Trial, Shard, Numbers], Columns]] = {
    "reconstruction": _reconstruction,
    "frechet": _frechet,
    "kernel_distance": _kernel_distance,
    "precision_recall": _precision_recall,
    "memorisation": _memorisation,
    "birthday_test": _birthday_test,
    "class_radius": _class_radius,
    "class_map": _class_map,
    "exact_radius": _exact_radius,
    "modes": _modes,
    "encodings": _encodings,
    "holes": _holes,
    "omega": _omega,
    "interpolation": _interpolation,
    "weights": _weights,
    "loss_surface": _loss_surface,
    "samples": _samples,
    "interpolant": _interpolant,
    "reconstruction_classifier": _reconstruction_classifier,
}
