"""Real digits, and a loop that trains on them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.data import load_data
from raysweep.data.images import DataSet
from raysweep.data.order import BatchStream
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.study import Digits, Mnist
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from raysweep.study.models import FamilySettings

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As trials do: small networks gain nothing from more."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load_data(Digits(), tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def pixels(digits: DataSet) -> Tensor:
    """The training images."""
    return digits.train.batch(np.arange(len(digits.train)), CPU)[0]


@pytest.fixture(scope="session")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    folder = os.environ.get("RAYSWEEP_DATA")
    if folder is None:
        pytest.skip("needs MNIST under the folder named by the environment variable RAYSWEEP_DATA")
    return load_data(Mnist(), Path(folder), tmp_path_factory.mktemp("cache"))


@pytest.fixture
def noise() -> Tensor:
    """Eight images of 8 × 8 without any meaning, in [-1, 1]."""
    return torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(7)) * 2 - 1


@pytest.fixture
def make() -> Callable[..., Learner]:
    """Builds an untrained learner of small images with ten classes."""

    def build(settings: FamilySettings, seed: int = 0) -> Learner:
        return build_learner(settings, DataFacts(ImageShape(1, 8), 1437, 360, 10), seed, CPU)

    return build


@pytest.fixture
def train() -> Callable[..., Learner]:
    """Trains a learner for as long as its settings say, on the images that a trial would see."""

    def run(settings: FamilySettings, data: DataSet, seed: int = 0) -> Learner:
        learner = build_learner(settings, data.facts, seed, CPU)
        steps = settings.total_steps(data.facts)
        count = settings.images_per_step
        order = BatchStream(len(data.train), seed)
        for step in range(steps):
            learner.update(*data.train.batch(order.indices(step * count, count), CPU), step)
        return learner

    return run
