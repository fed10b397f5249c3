"""LeNet: the classifier whose classes and features the measures use."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from typing_extensions import override

from raysweep.models.descent import adam, descend
from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts
from raysweep.study.models.lenet import LeNet


class LeNetLearner(Learner):
    """Classifier of the data set's classes, trained on the cross-entropy."""

    settings: LeNet

    def __init__(self, settings: LeNet, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device)

    @override
    def _build_optimizers(self) -> dict[str, Optimizer]:
        return {"all": adam(self.settings, self.networks)}

    @property
    def network(self) -> nn.Sequential:
        """From images to scores, as `logits`."""
        return nn.Sequential(self.networks["features"], self.networks["head"])

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """`loss`, the cross-entropy in nats, and `accuracy`."""
        self.networks.train()
        losses = self._losses(images, labels)
        descend(self.optimizers["all"], losses["loss"])
        return {name: value.detach() for name, value in losses.items()}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """`loss` and `accuracy`."""
        self.networks.eval()
        with torch.no_grad():
            return self._losses(images, labels)

    def features(self, images: Tensor) -> Tensor:
        """The 84 features (count, 84) before the head, of images in [-1, 1], in evaluation mode; differentiable."""
        self.networks.eval()
        return self._features(images)

    def logits(self, images: Tensor) -> Tensor:
        """Scores (count, classes) before the softmax, of images in [-1, 1], in evaluation mode; differentiable."""
        self.networks.eval()
        return self._logits(images)

    def _features(self, images: Tensor) -> Tensor:
        features: Tensor = self.networks["features"](images)
        return features

    def _logits(self, images: Tensor) -> Tensor:
        scores: Tensor = self.networks["head"](self._features(images))
        return scores

    def _losses(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        if labels is None:
            raise ValueError("a classifier needs labels, and the data set gave none")
        scores = self._logits(images)
        return {
            "loss": functional.cross_entropy(scores, labels),
            "accuracy": (scores.argmax(dim=1) == labels).to(torch.float32).mean(),
        }
