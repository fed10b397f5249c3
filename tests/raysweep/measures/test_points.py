"""What is measured on points: modes, classes by the nearest mode, and the toys that have closed forms."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.errors import UserError
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.modes import reverse_kl
from raysweep.measures.streams import normal_each
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.radius.exact import LATTICE, SQUARE
from raysweep.study import (
    Arm,
    ClassMap,
    ClassRadius,
    Digits,
    ExactRadius,
    Gan,
    Grid2d,
    Modes,
    Samples,
    Study,
    Toy,
    Trial,
    Vae,
    WganGp,
)
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.class_radius import GRID_TOLERANCE

CPU = torch.device("cpu")
GRID = Grid2d(n=2, train=700, validation=100)
GAN = Gan(layers="mlp", width=4, latent_dim=2)
RADIUS = ClassRadius(classifier="nearest_mode", samples=60, shard=40, bank=500)
MAP = ClassMap(classifier="nearest_mode", resolution=9, samples=20)

Make = Callable[..., MeasureContext]


class Given(Learner):
    """A generator that is a function."""

    def __init__(self, generate: Callable[[Tensor], Tensor]) -> None:
        super().__init__(GAN, GRID.facts(Path()), 0, CPU)
        self.networks = nn.ModuleDict()
        self.generate = lambda z: generate(z)[:, :, None, None]  # type: ignore[method-assign]

    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        raise NotImplementedError

    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        raise NotImplementedError


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load_data(GRID, tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("cache"))


@pytest.fixture
def make(points: DataSet) -> Make:
    """A context with a model of its own family, or with the generator that is given."""

    def build(model: Gan | WganGp | Toy = GAN, generate: Callable[[Tensor], Tensor] | None = None) -> MeasureContext:
        learner = build_learner(model, points.facts, 0, CPU) if generate is None else Given(generate)
        learner.load_weights(learner.weights())
        trial = Trial(arm="arm", model=model, data=GRID, seed=0)
        return MeasureContext(points, CPU, trial=trial, learner=learner)

    return build


def measured(settings: MeasureSettings, context: MeasureContext) -> list[dict[str, object]]:
    shards = settings.shards(context.trial.model, context.data.facts)
    return [row for shard in shards for row in run_measure(settings, shard, context).to_pylist()]


def mixture(z: Tensor) -> Tensor:
    """The true mixture: the modes in turn, with z as the noise."""
    return torch.tensor(GRID.modes).repeat(math.ceil(len(z) / 25), 1)[: len(z)] + 0.05 * z


def test_the_true_mixture_captures_every_mode(make: Make) -> None:
    [row] = measured(Modes(samples=25_000, keep=3), make(generate=mixture))
    assert row["captured"] == row["modes"] == 25
    # The norm of a plane's Gaussian is Rayleigh distributed: P(≤ 3) = 1 − exp(−9/2).
    share = 1 - math.exp(-4.5)
    assert row["high_quality"] == pytest.approx(share, abs=4.5 * math.sqrt(share * (1 - share) / 25_000))
    assert row["nearest"] == [1000] * 25
    assert row["reverse_kl"] == pytest.approx(0, abs=1e-12)
    assert len(row["points"]) == 6  # type: ignore[arg-type]
    assert row["points"][4:] == pytest.approx(GRID.modes[2], abs=0.05 * 6)  # type: ignore[index]


def test_a_collapsed_generator_captures_one_mode(make: Make) -> None:
    [row] = measured(Modes(), make(generate=lambda z: torch.tensor([2.0, -4.0]) + 0.05 * z))
    assert row["captured"] == 1
    assert row["nearest"] == [2500 * (mode == (2.0, -4.0)) for mode in GRID.modes]
    assert row["reverse_kl"] == pytest.approx(math.log(25))


def test_uniform_points_capture_modes_by_chance_alone(make: Make) -> None:
    """On [-5, 5]² a share of π 0.15² / 4 of the points is near a mode."""
    [row] = measured(Modes(samples=25_000), make(generate=lambda z: 10 * torch.special.ndtr(z) - 5))
    share = math.pi * 0.15**2 / 4
    assert row["high_quality"] == pytest.approx(share, abs=4.5 * math.sqrt(share / 25_000))
    assert row["captured"] == 25  # each with 17.7 of 25,000 in the mean
    assert row["reverse_kl"] < 0.01  # type: ignore[operator]


def test_a_point_between_the_modes_captures_none(make: Make) -> None:
    [row] = measured(Modes(), make(generate=lambda z: torch.tensor([0.2, 0.0]) + 0 * z))
    assert (row["captured"], row["high_quality"]) == (0, 0)
    [row] = measured(Modes(deviations=4.1), make(generate=lambda z: torch.tensor([0.2, 0.0]) + 0 * z))
    assert (row["captured"], row["high_quality"]) == (1, 1)


@pytest.mark.parametrize(
    ("counts", "divergence"), [([3, 1, 0, 0], 0.75 * math.log(3)), ([1, 1, 0, 0], math.log(2)), ([2, 2, 2, 2], 0)]
)
def test_the_reverse_divergence(counts: list[int], divergence: float) -> None:
    assert reverse_kl(torch.tensor(counts)) == pytest.approx(divergence, abs=1e-12)


def test_the_class_radius_of_a_linear_generator(make: Make) -> None:
    """Through g(z) = 2z classes are cells of width 1 in latent space; the outer ones go on for ever."""
    rows = measured(RADIUS, make(generate=lambda z: 2 * z))
    borders = torch.tensor([-1.5, -0.5, 0.5, 1.5])
    z = normal_each(range(60), (2,), CPU, "class_radius", 0, "sample")
    truth = (z[:, :, None] - borders).abs().flatten(1).amin(dim=1)
    assert [row["radius"] for row in rows] == pytest.approx(truth.tolist(), rel=0.01)
    cells = (z.clamp(-2, 2).round() + 2).long()
    assert [row["label"] for row in rows] == (5 * cells[:, 0] + cells[:, 1]).tolist()
    assert {row["lower_by"] for row in rows} == {"grid"}
    assert [row["lower"] for row in rows] == pytest.approx(truth.tolist(), abs=GRID_TOLERANCE + 1e-4)


def test_beyond_the_plane_the_layers_prove_a_lower_bound(make: Make) -> None:
    rows = measured(RADIUS, make(Gan(layers="mlp", width=4, latent_dim=3)))
    assert {row["lower_by"] for row in rows} == {"certified"}
    assert all(0 < row["lower"] <= row["radius"] for row in rows)  # type: ignore[operator]
    none = RADIUS.model_copy(update={"lower_up_to": 2})
    rows = measured(none, make(Gan(layers="mlp", width=4, latent_dim=3)))
    assert {(row["lower"], row["lower_by"]) for row in rows} == {(None, "none: dim(z) is above 2")}


def test_a_generator_of_one_class_has_no_radius(make: Make) -> None:
    rows = measured(RADIUS, make(generate=lambda z: 0.01 * z))
    assert {row["status"] for row in rows} == {"censored"}


@pytest.mark.parametrize(("toy", "boxes"), [(Toy(generator="square"), SQUARE), (Toy(), LATTICE)])
def test_a_toys_radius_stands_beside_the_estimate(toy: Toy, boxes: object, make: Make) -> None:
    rows = measured(RADIUS, make(toy))
    assert {row["lower_by"] for row in rows} == {"exact"}
    exact = np.array([row["lower"] for row in rows])
    estimate = np.array([row["radius"] for row in rows])
    assert (estimate >= exact * (1 - 1e-4) - 1e-6).all()
    assert estimate.mean() / exact.mean() < 1.01
    [row] = measured(ExactRadius(), make(toy))
    assert row["radius"] == boxes.expected_radius()  # type: ignore[attr-defined]
    assert row["probabilities"] == list(boxes.probabilities())  # type: ignore[attr-defined]
    assert row["radius"] < row["bound"]  # type: ignore[operator]


def test_the_map_of_a_lattice_is_its_boxes(make: Make) -> None:
    rows = measured(MAP, make(Toy()))
    lines = [row for row in rows if row["part"] == "plane"]
    assert [row["line"] for row in lines] == list(range(9))
    ticks = np.linspace(-3, 3, 9)
    cell = np.searchsorted(LATTICE.cuts, ticks)
    for line in lines:
        z = np.reshape(line["z"], (9, 2))
        assert z[:, 0] == pytest.approx(ticks)
        assert z[:, 1] == pytest.approx(ticks[line["line"]])  # type: ignore[index]
        assert line["labels"] == (5 * cell + cell[line["line"]]).tolist()  # type: ignore[index]
    [samples] = [row for row in rows if row["part"] == "samples"]
    z, shown = np.reshape(samples["z"], (20, 2)), np.reshape(samples["points"], (20, 2))
    assert torch.special.ndtr(torch.tensor(z)).numpy() * 10 - 5 == pytest.approx(shown, abs=1e-5)


def test_the_map_of_a_line(make: Make) -> None:
    rows = measured(MAP, make(Toy(generator="square")))
    assert [row["part"] for row in rows] == ["plane", "samples"]
    assert rows[0]["labels"] == [1, 1, 1, 0, 0, 0, 1, 1, 1]  # z = -3, -2.25 … 3
    assert rows[0]["points"] == pytest.approx(np.square(np.linspace(-3, 3, 9)), rel=1e-6)


@pytest.mark.parametrize("settings", [Modes(samples=50), RADIUS, MAP, ExactRadius()], ids=lambda s: s.kind)
@pytest.mark.parametrize("model", [GAN, WganGp(layers="mlp", width=4, latent_dim=2), Toy()], ids=lambda m: m.family)
def test_real_models_fill_the_tables_equally_each_time(
    settings: MeasureSettings, model: Gan | WganGp | Toy, make: Make
) -> None:
    if not settings.applies_to(model):
        pytest.skip("nothing to measure")
    tables = [
        [run_measure(settings, shard, make(model)) for shard in settings.shards(model, GRID.facts(Path()))]
        for _ in range(2)
    ]
    assert all(first.equals(second) for first, second in zip(*tables, strict=True))


def test_maps_are_drawn_of_planes_only() -> None:
    assert [ClassMap().applies_to(model) for model in (Vae(latent_dim=2), Vae(latent_dim=3), Toy())] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("data", "model", "measure", "message"),
    [
        (GRID, GAN, Samples(), "measure samples: it is for images, and the data set grid2d has points; leave it out"),
        (GRID, GAN, ClassRadius(), "the classifier that class_radius needs: a LeNet classifies images"),
        (Digits(), Vae(), Modes(), "measure modes: these data have no known modes"),
        (Digits(), Toy(), Samples(), "arm toy: a toy generator makes points, and these data are images"),
        (GRID, Vae(layers="mlp"), Modes(), "arm vae: this family's decoder ends in a sigmoid"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(
    data: Grid2d | Digits, model: Gan | Vae | Toy, measure: MeasureSettings, message: str
) -> None:
    study = Study(name="s", title="t", question="q?", data=data, arms=(Arm(model=model),), measures=(measure,))
    with pytest.raises(UserError, match=message):
        study.check_shapes(Path())


def test_the_map_of_images_is_the_classifiers(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(Vae(latent_dim=2))
    rows = measured(ClassMap(resolution=5, samples=7), context)
    normal = context.learner.networks["generator"].weight.T @ context.classifier.normal  # type: ignore[union-attr]
    for row in rows:
        z = torch.tensor(row["z"]).reshape(-1, 2)
        assert row["labels"] == (z @ normal < 0).float().tolist()
        assert row["points"] is None
    assert [len(row["labels"]) for row in rows] == [5] * 5 + [7]  # type: ignore[arg-type]
