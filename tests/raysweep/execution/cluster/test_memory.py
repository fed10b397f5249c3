from pathlib import Path

import pytest
import torch

from raysweep.data import load_data
from raysweep.execution.cluster.memory import train_briefly
from support.small_study import STUDY

TRIALS = STUDY.trials


@pytest.mark.parametrize("index", [0, 1, 3, 5, 6, 8, 9, 10, 11, 12])
def test_measuring_does_what_training_does_and_leaves_nothing(index: int, tmp_path: Path) -> None:
    """One trial of every family, without a GPU."""
    trial = TRIALS[index]
    train_briefly(trial, load_data(trial.data, tmp_path), torch.device("cpu"))
    assert list(tmp_path.iterdir()) == []
