"""The context in which a measure runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import torch
from numpy.typing import NDArray

from raysweep.data.images import DataSet
from raysweep.measures.features import Features, inception_features
from raysweep.models.learner import Learner
from raysweep.models.lenet import LeNetLearner
from raysweep.study.core import Trial

Columns = Mapping[str, list[Any]]
"""The columns of a measure's rows, without `measure` and `trial`, which are the same in all of them."""


@dataclass(frozen=True)
class StudyContext:
    """The part of a measure's context that is the same for all trials of a study."""

    data: DataSet
    device: torch.device
    classifier: LeNetLearner | None = None
    """The study's LeNet, where the measure needs one."""
    fid_weights: Path | None = None
    """File of the Inception weights, or None to let pytorch-fid fetch them."""

    def feature_network(self, name: Literal["lenet", "inception"]) -> Features:
        """The network of that name, in evaluation mode.

        Raises:
            UserError: Inception's weights cannot be had.
        """
        if name == "inception":
            return inception_features(self.fid_weights, self.device)
        assert self.classifier is not None, "LeNet's features need the study's classifier"
        return self.classifier.features


@dataclass(frozen=True, kw_only=True)
class MeasureContext(StudyContext):
    """A trained model, with the data and the results that were prepared for the study."""

    trial: Trial
    learner: Learner
    """The trial's model, frozen and in evaluation mode."""
    reference: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """The result of the measure's `prepare`, computed once for the study."""
    followed: pd.DataFrame = field(default_factory=pd.DataFrame)
    """All rows of this trial in the measure that this one follows, in the order of their keys."""
    data_folder: Path | None = None
    """The folder of data sets; None only if a measure needs no other data set than the study's."""

    @property
    def latent_dim(self) -> int:
        """dim(z) of the trial's model, which must have a latent space."""
        assert self.trial.latent_dim is not None, f"trial {self.trial.id} has no latent space to measure"
        return self.trial.latent_dim
