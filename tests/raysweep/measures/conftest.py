"""Linear models and small random images, for which what is measured can be worked out by hand."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from raysweep.data import load_data
from raysweep.data.images import DataSet, Images
from raysweep.measures.context import MeasureContext
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.seeding import derive_seed
from raysweep.study import (
    Autoencoder,
    Digits,
    Gan,
    LeNet,
    Toy,
    Trial,
    Vae,
    WganGp,
)
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from support.point_models import GAN, GRID, Given, Make

CPU = torch.device("cpu")
SHAPE = ImageShape(1, 4)
FACTS = DataFacts(SHAPE, train=40, validation=30, classes=2)


class Linear(Learner):
    """Images x = Az, and codes z = A⁺x."""

    def __init__(self, model: WganGp | Vae | Autoencoder, seed: int) -> None:
        super().__init__(model, FACTS, seed, CPU)
        generator = nn.Linear(model.latent_dim, SHAPE.pixels, bias=False)
        stream = torch.Generator().manual_seed(derive_seed(seed, "matrix"))
        generator.weight.data = torch.randn(generator.weight.shape, generator=stream) / 8
        self.networks = nn.ModuleDict({"generator": generator})
        self.load_weights(self.weights())

    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        raise NotImplementedError

    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        raise NotImplementedError

    def generate(self, z: Tensor) -> Tensor:
        return self.networks["generator"](z).unflatten(1, (1, 4, 4))

    def encode(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ torch.linalg.pinv(self.networks["generator"].weight).T


class Halves:
    """A classifier by the sign of a linear function of the pixels, whose features are the pixels."""

    def __init__(self) -> None:
        self.normal = torch.linspace(-1, 2, SHAPE.pixels)

    @property
    def network(self) -> nn.Sequential:
        scores = nn.Linear(SHAPE.pixels, 2, bias=False)
        scores.weight = nn.Parameter(torch.stack([self.normal, -self.normal]))
        return nn.Sequential(nn.Flatten(), scores).requires_grad_(False)

    def features(self, images: Tensor) -> Tensor:
        return images.flatten(1)

    def logits(self, images: Tensor) -> Tensor:
        value = images.flatten(1) @ self.normal
        return torch.stack([value, -value], dim=1)


@pytest.fixture(scope="session")
def data() -> DataSet:
    """Random images."""
    stream = np.random.default_rng(0)

    def images(count: int) -> Images:
        return Images(stream.integers(0, 256, (count, 1, 4, 4), dtype=np.uint8), stream.integers(0, 2, count))

    return DataSet(FACTS, images(FACTS.train), images(FACTS.validation))


@pytest.fixture
def halves() -> Halves:
    return Halves()


@pytest.fixture
def make_context(data: DataSet, halves: Halves) -> Callable[..., MeasureContext]:
    """A context with a linear model of the family and dim(z) of `model`."""

    def build(
        model: WganGp | Vae | Autoencoder, seed: int = 0, reference: Mapping[str, Any] | None = None
    ) -> MeasureContext:
        trial = Trial(arm="linear", model=model, data=Digits(), seed=seed)
        classifier: Any = halves
        return MeasureContext(
            data, CPU, classifier, trial=trial, learner=Linear(model, seed), reference=reference or {}
        )

    return build


@pytest.fixture
def classifier_trial() -> Trial:
    return Trial(arm="classifier", model=LeNet(), data=Digits(), seed=0)


@pytest.fixture(scope="module")
def point_data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load_data(GRID, tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("cache"))


@pytest.fixture
def make_of_points(point_data: DataSet) -> Make:
    """A context with a model of its own family, or with the generator that is given."""

    def build(model: Gan | WganGp | Toy = GAN, generate: Callable[[Tensor], Tensor] | None = None) -> MeasureContext:
        learner = build_learner(model, point_data.facts, 0, CPU) if generate is None else Given(generate)
        learner.load_weights(learner.weights())
        trial = Trial(arm="arm", model=model, data=GRID, seed=0)
        return MeasureContext(point_data, CPU, trial=trial, learner=learner)

    return build
