"""Variational autoencoder, and the Lipschitz-constrained one.

Both see pixels in [0, 1], the range of their decoder's sigmoid; images come and go in [-1, 1] as everywhere else.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from typing_extensions import override

from raysweep.models.descent import adam, descend
from raysweep.models.learner import Learner
from raysweep.models.networks import build_all
from raysweep.study.data import DataFacts
from raysweep.study.models.vae import LcVae, VaeSettings


class ToPixels(nn.Module):
    """From images in [-1, 1], as they are everywhere else, to pixels in [0, 1]."""

    @override
    def forward(self, images: Tensor) -> Tensor:
        """Any shape."""
        return (images + 1) / 2


def to_images(channels: int) -> nn.Module:
    """From pixels in [0, 1] to images in [-1, 1]: as a normalisation, which whatever reads networks knows."""
    scaling = nn.BatchNorm2d(channels, eps=0.0).eval().requires_grad_(False)
    nn.init.constant_(scaling.weight, 2.0)
    nn.init.constant_(scaling.bias, -1.0)
    return scaling


class VaeLearner(Learner):
    """Encoder with heads for mean and log-variance, and decoder, trained on the evidence lower bound.

    Source: Kingma and Welling (2013), Eq. 10, with one sample per image.
    """

    settings: VaeSettings

    def __init__(self, settings: VaeSettings, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self.networks = build_all(settings.networks(facts), seed, device)
        self._to_pixels = ToPixels()
        self._to_images = to_images(facts.shape.channels).to(device)
        self._logits = nn.Sequential(*(m for m in self.networks["decoder"].children() if not isinstance(m, nn.Sigmoid)))

    @override
    def _build_optimizers(self) -> dict[str, Optimizer]:
        return {"all": adam(self.settings, self.networks)}

    @property
    @override
    def generator(self) -> nn.Sequential:
        return nn.Sequential(self.networks["decoder"], self._to_images)

    @property
    @override
    def encoder(self) -> nn.Sequential:
        return nn.Sequential(ToPixels(), self.networks["encoder"], self.networks["mean"])

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """`loss`, `reconstruction` and `divergence` in nats per image."""
        self.networks.train()
        losses = self._losses(images, self.random("update", step))
        descend(self.optimizers["all"], losses["loss"])
        return {name: value.detach() for name, value in losses.items()}

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """The same losses; the posterior's samples come from one fixed stream."""
        self.networks.eval()
        with torch.no_grad():
            return self._losses(images, self.random("evaluate", 0))

    @override
    def generate(self, z: Tensor) -> Tensor:
        self.networks.eval()
        images: Tensor = self.generator(z)
        return images

    @override
    def encode(self, images: Tensor) -> Tensor:
        """The posterior's mean."""
        return self.posterior(images)[0]

    @override
    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        self.networks.eval()
        mean, log_variance = self._posterior(self._to_pixels(images))
        return mean, (log_variance / 2).exp()

    def _losses(self, images: Tensor, stream: torch.Generator) -> dict[str, Tensor]:
        pixels = self._to_pixels(images)
        mean, log_variance = self._posterior(pixels)
        noise = torch.randn(mean.shape, generator=stream, device=self.device)
        z = mean + noise * (log_variance / 2).exp()
        return self._objective(pixels, mean, log_variance, z)

    def _objective(self, pixels: Tensor, mean: Tensor, log_variance: Tensor, z: Tensor) -> dict[str, Tensor]:
        """The loss and its parts, given the posterior of `pixels` and a sample `z` of it."""
        reconstruction = self._reconstruction_error(z, pixels)
        divergence = divergence_from_prior(mean, log_variance)
        return {"loss": reconstruction + divergence, "reconstruction": reconstruction, "divergence": divergence}

    def _posterior(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, each (count, dim(z))."""
        features = self.networks["encoder"](pixels)
        return self.networks["mean"](features), self.networks["log_variance"](features)

    def _reconstruction_error(self, z: Tensor, pixels: Tensor) -> Tensor:
        """Summed over pixels, averaged over images."""
        if self.settings.likelihood == "gaussian":
            return functional.mse_loss(self.networks["decoder"](z), pixels, reduction="sum") / len(pixels)
        # From logits: no sigmoid saturates, and weights that diverged give NaN instead of an error inside of torch.
        logits = self._logits(z)
        return functional.binary_cross_entropy_with_logits(logits, pixels, reduction="sum") / len(pixels)


class LcVaeLearner(VaeLearner):
    """VAE whose encoder's weights stay in [-c, c], with λ · Σ ω in the loss.

    λ = 0 and c = ∞ give the plain VAE exactly. The clamp acts on the encoder and both of its heads, from
    initialisation on and after every update.

    Source: Manoj (2018), Section 4.
    """

    settings: LcVae

    def __init__(self, settings: LcVae, facts: DataFacts, seed: int, device: torch.device) -> None:
        super().__init__(settings, facts, seed, device)
        self._clamped = [
            parameter
            for name in ("encoder", "mean", "log_variance")
            for module in self.networks[name].modules()
            if settings.clamp == "weights_and_gains" or not isinstance(module, nn.BatchNorm2d)
            for parameter in module.parameters(recurse=False)
        ]
        self._clamp()

    @override
    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        """Also `omega`, Σ ω over the batch divided by the number of its images."""
        losses = super().update(images, labels, step)
        self._clamp()
        return losses

    @override
    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """Also `omega` as in training, and `at_clamp`, the share of what is clamped that is ±c."""
        magnitudes = torch.cat([parameter.detach().flatten().abs() for parameter in self._clamped])
        at_clamp = (magnitudes == magnitudes.new_tensor(self.settings.c)).float().mean()  # c in the weights' precision
        return {**super().evaluate(images, labels), "at_clamp": at_clamp}

    @override
    def _objective(self, pixels: Tensor, mean: Tensor, log_variance: Tensor, z: Tensor) -> dict[str, Tensor]:
        losses = super()._objective(pixels, mean, log_variance, z)
        omega = stretch(pixels, mean if self.settings.encoding == "mean" else z).sum() / len(pixels)
        return {**losses, "loss": losses["loss"] + self.settings.penalty * omega, "omega": omega}

    @torch.no_grad()
    def _clamp(self) -> None:
        for parameter in self._clamped:
            parameter.clamp_(-self.settings.c, self.settings.c)


def divergence_from_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, diag σ²) ‖ N(0, I)) = ½ Σ (μ² + σ² − 1 − log σ²) in nats, averaged over images.

    Source: Kingma and Welling (2013), appendix B.

    Args:
        mean: μ, (count, dim(z)).
        log_variance: log σ², of the same shape.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2


def stretch(images: Tensor, encodings: Tensor) -> Tensor:
    """ω(Iᵢ, Iᵢ₊ₙ) = ‖f(Iᵢ) − f(Iᵢ₊ₙ)‖² / ‖Iᵢ − Iᵢ₊ₙ‖² of the n pairs between the halves of a batch.

    With an odd number of images the last one is left out. Two identical images have no ω: they count as 0.

    Source: Manoj (2018), Section 4.1.

    Args:
        images: I, (count, channels, size, size); in [0, 1] here, as in the PyTorch example that the paper modifies.
        encodings: f(I), (count, dim(z)).

    Returns:
        (n,), n = ⌊count / 2⌋.
    """
    n = len(images) // 2
    between_images = (images[:n] - images[n : 2 * n]).square().flatten(1).sum(dim=1)
    between_encodings = (encodings[:n] - encodings[n : 2 * n]).square().sum(dim=1)
    identical = between_images == 0
    return (between_encodings / between_images.masked_fill(identical, 1)).masked_fill(identical, 0)
