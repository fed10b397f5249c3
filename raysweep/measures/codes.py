"""Codes of images: their latents, the posterior behind them, and coordinates in which they are white."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.measures.context import MeasureContext
from raysweep.measures.streams import normal_each, shuffled
from raysweep.study.data import Split
from raysweep.study.measures.holes import Codes

IMAGES_AT_ONCE = 500
"""Images in one batch of the encoder. It bounds the memory, and changes nothing but rounding."""

LEAST_VARIANCE = 1e-12
"""Share of the largest variance below which a direction counts as constant: rounding in float32 makes as much."""


def chosen_images(split: Split, count: int, context: MeasureContext) -> NDArray[np.int64]:
    """The first `count` images of a random order that is the same for all trials and measures of codes."""
    return shuffled(len(context.data.split(split)), "encodings", split)[:count]


def posteriors(split: Split, images: NDArray[np.int64], context: MeasureContext) -> tuple[Tensor, Tensor]:
    """Posterior means and standard deviations of images of a split, each (count, dim(z)), on the device."""
    source = context.data.split(split)
    parts = [images[start : start + IMAGES_AT_ONCE] for start in range(0, len(images), IMAGES_AT_ONCE)]
    with torch.no_grad():
        found = [context.learner.posterior(source.batch(part, context.device)[0]) for part in parts]
    means, deviations = zip(*found, strict=True)
    return torch.cat(means), torch.cat(deviations)


def codes(kind: Codes, split: Split, images: NDArray[np.int64], context: MeasureContext) -> Tensor:
    """What stands for images of a split in latent space (count, dim(z)): posterior means, or a sample of each."""
    means, deviations = posteriors(split, images, context)
    if kind == "means":
        return means
    name = (context.trial.seed, "posterior", split)
    return means + deviations * normal_each(images.tolist(), (context.latent_dim,), context.device, *name)


def whitening(points: Tensor) -> Callable[[Tensor], Tensor]:
    """The map z ↦ Σ^-½ (z − μ), in float64, which gives `points` (count, dim(z)) mean 0 and covariance I.

    Σ^-½ is the symmetric root. A direction in which the points do not vary is mapped to 0, since no scale makes its
    variance 1.
    """
    values = points.to("cpu", torch.float64)
    mean = values.mean(dim=0)
    variances, axes = torch.linalg.eigh(values.T.cov().reshape(len(mean), len(mean)))
    varying = variances > LEAST_VARIANCE * variances.max()
    scales = torch.where(varying, variances, 1.0).rsqrt() * varying
    root = ((axes * scales) @ axes.T).to(points.device)
    center = mean.to(points.device)
    return lambda z: (z.to(torch.float64) - center) @ root
