"""Generative latent optimisation."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from typing_extensions import override

from raysweep.data.order import BatchStream
from raysweep.inversion.feasible import project
from raysweep.models.descent import adam
from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts
from raysweep.study.models.glo import Glo
from raysweep.theory.prior import radius


class GloLearner(Learner):
    """A generator and the latents of the training images, descending the squared error together.

    Which images are in a batch follows from the step, as in the trial's own loop.

    Source: Bojanowski, Joulin, Lopez-Paz and Szlam (2018), Eq. 2.
    """

    settings: Glo

    def __init__(self, settings: Glo, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device)
        self._order = BatchStream(facts.train, seed)
        self._project(slice(None))

    @override
    def _build_optimizers(self) -> dict[str, Optimizer]:
        settings = self.settings
        # Adam on all latents would go on moving those whose image is not in the batch.
        latent_adam = torch.optim.SparseAdam(self._latents.parameters(), settings.latent_learning_rate, settings.betas)
        return {"generator": adam(settings, self.networks["generator"]), "latents": latent_adam}

    @property
    @override
    def generator(self) -> nn.Module:
        return self.networks["generator"]

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """`mse`, the squared error per pixel value of the images from their own latents."""
        self.networks.train()
        batch = self.settings.batch
        seen = torch.from_numpy(self._order.indices(step * batch, batch)).to(self.device)
        loss = functional.mse_loss(self.generator(self._latents(seen)), images)
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.optimizers.values():
            optimizer.step()
        self._project(seen)
        return {"mse": loss.detach()}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """Nothing, since held-out images have no latents before they are searched."""
        return {}

    @override
    def generate(self, z: Tensor) -> Tensor:
        self.networks.eval()
        images: Tensor = self.generator(z)
        return images

    @torch.no_grad()
    def _project(self, which: Tensor | slice) -> None:
        latents = self._latents.weight
        latents[which] = project(latents[which], radius("paper_ball", self.settings.latent_dim))

    @property
    def _latents(self) -> nn.Embedding:
        latents = self.networks["latents"][0]  # type: ignore[index]
        assert isinstance(latents, nn.Embedding)
        return latents
