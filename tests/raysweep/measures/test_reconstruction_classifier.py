"""A LeNet that learns from reconstructions: against the same one that learns from the images themselves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from raysweep.data import load_data
from raysweep.data.images import DataSet, to_unit
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.streams import shuffled
from raysweep.study import (
    Autoencoder,
    Digits,
    LeNet,
    ReconstructionClassifier,
    Trial,
)

CPU = torch.device("cpu")
SETTINGS = ReconstructionClassifier(images=300, classifier=LeNet(steps=100))


class Decoder:
    """Stands for a trained model: images are a function of z."""

    def __init__(self, images: Callable[[Tensor], Tensor]) -> None:
        self.generate = images


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load_data(Digits(), tmp_path_factory.mktemp("data"))


def latents(data: DataSet, images: int = 300) -> pd.DataFrame:
    """Rows of a reconstruction that found z = (index of the image), in the order of the table."""
    chosen = np.sort(shuffled(len(data.train), "reconstruction", "train")[:images])
    others = pd.DataFrame({"part": "validation", "image": range(3), "z": [[-1.0]] * 3})
    return pd.concat([pd.DataFrame({"part": "train", "image": chosen, "z": [[float(i)] for i in chosen]}), others])


def accuracies(data: DataSet, decoder: Decoder, seed: int = 0, settings: ReconstructionClassifier = SETTINGS) -> Any:
    trial = Trial(arm="autoencoder", model=Autoencoder(latent_dim=1), data=Digits(), seed=seed)
    learner: Any = decoder
    context = MeasureContext(data, CPU, trial=trial, learner=learner, followed=latents(data))
    shards = settings.shards(trial.model, data.facts)
    rows = pd.concat([run_measure(settings, shard, context).to_pandas() for shard in shards])
    return rows.set_index("part")


@pytest.mark.slow
def test_perfect_reconstructions_give_exactly_the_controls_accuracy(digits: DataSet) -> None:
    pixels = torch.from_numpy(np.array(digits.train.pixels))
    # Off by less than half a grey level, which rounding to bytes takes away.
    perfect = Decoder(lambda z: to_unit(pixels[z[:, 0].long()]) + 0.9 / 255 * torch.linspace(-1, 1, 8))
    for seed in (0, 1):
        found = accuracies(digits, perfect, seed)
        assert found.loc["reconstructions", "accuracy"] == found.loc["real", "accuracy"] > 0.7
        assert set(found["images"]) == {300}
        assert set(found["test_images"]) == {360}
        assert set(found["epochs"]) == {100 * 64 / 300}


def test_constant_reconstructions_leave_chance(digits: DataSet) -> None:
    """The LeNet then always answers one class, which a tenth of the digits are of."""
    found = accuracies(digits, Decoder(lambda z: torch.zeros(len(z), 1, 8, 8)))
    assert digits.validation.labels is not None
    shares = np.bincount(digits.validation.labels) / 360
    assert found.loc["reconstructions", "accuracy"] in shares
    assert found.loc["real", "accuracy"] > 0.7


def test_classes_that_reconstructions_merge_are_lost(digits: DataSet) -> None:
    """Each image is replaced by the mean of its pair of classes (0 and 1, 2 and 3 …): half are right at best."""
    assert digits.train.labels is not None
    labels = torch.from_numpy(np.array(digits.train.labels))
    pixels = to_unit(torch.from_numpy(np.array(digits.train.pixels)))
    means = torch.stack([pixels[labels // 2 == pair].mean(dim=0) for pair in range(5)])
    found = accuracies(digits, Decoder(lambda z: means[labels[z[:, 0].long()] // 2]))
    assert 0.2 < found.loc["reconstructions", "accuracy"] < 0.6


@pytest.mark.slow
def test_the_control_depends_on_the_seed_alone(digits: DataSet) -> None:
    black, white = (Decoder(lambda z, grey=grey: torch.full((len(z), 1, 8, 8), grey)) for grey in (-1.0, 1.0))
    real = [accuracies(digits, decoder, seed).loc["real", "accuracy"] for decoder, seed in ((black, 0), (white, 0))]
    assert real[0] == real[1]
    assert real[0] != accuracies(digits, black, 1).loc["real", "accuracy"]
