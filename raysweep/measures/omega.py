"""How far the encoder pulls images apart."""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.measures.codes import IMAGES_AT_ONCE, chosen_images, posteriors
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.lipschitz import lipschitz_bound
from raysweep.measures.streams import normal_each
from raysweep.models.vae import stretch
from raysweep.seeding import derive_seed
from raysweep.study.measures import Shard
from raysweep.study.measures.omega import POWER_STEPS, Omega


def run(settings: Omega, shard: Shard, context: MeasureContext) -> Columns:
    """One row."""
    pairs = random_pairs(shard.stop, len(context.data.validation))
    encoded, place = np.unique(pairs, return_inverse=True)
    means = posteriors("validation", encoded, context)[0]
    ratios = _ratios(pairs, means[torch.from_numpy(place.reshape(pairs.shape)).to(means.device)], context)
    variance = float(means.double().var(dim=0).mean())
    examined = chosen_images("validation", settings.jacobians, context)
    omega = float(ratios.mean())
    unit_apart = torch.tensor([[0.0], [1.0]], device=context.device).expand(len(pairs), 2, 1)
    inverse_distance = float(_ratios(pairs, unit_apart, context).mean())
    return {
        "part": [shard.part],
        "omega": [omega],
        "variance": [variance],
        "scaled_omega": [omega / variance if variance > 0 else math.nan],
        "unrelated_omega": [2 * context.latent_dim * inverse_distance],
        "steepest_pair": [math.sqrt(float(ratios.max()))],
        "steepest_image": [float(_steepness(examined, context).max())],
        "lipschitz_bound": [_bound(examined, context)],
        "pairs": [len(pairs)],
        "jacobians": [len(examined)],
    }


def random_pairs(count: int, images: int) -> NDArray[np.int64]:
    """(count, 2) indices of random pairs of different images, the same for all trials."""
    stream = np.random.default_rng(derive_seed("omega"))
    first = stream.integers(images, size=count)
    return np.stack([first, (first + stream.integers(1, images, size=count)) % images], axis=1)


def _ratios(pairs: NDArray[np.int64], means: Tensor, context: MeasureContext) -> Tensor:
    """ω of each pair, in float64; `means` are the codes (pairs, 2, dim(z)). Pixels are in [0, 1], as in training."""
    source, found = context.data.validation, []
    for start in range(0, len(pairs), IMAGES_AT_ONCE):
        both = slice(start, start + IMAGES_AT_ONCE)
        images = torch.cat([source.batch(side, context.device)[0] for side in pairs[both].T])
        found.append(stretch((images.double() + 1) / 2, torch.cat(means[both].double().unbind(dim=1))))
    return torch.cat(found)


def _steepness(images: NDArray[np.int64], context: MeasureContext) -> Tensor:
    batch = context.data.validation.batch(images, context.device)[0]
    start = normal_each(images.tolist(), tuple(batch.shape[1:]), context.device, "omega", "jacobian")

    def encode(pixels: Tensor) -> Tensor:
        return context.learner.encode(pixels * 2 - 1)

    return largest_singular_values(encode, (batch + 1) / 2, start)


def _bound(images: NDArray[np.int64], context: MeasureContext) -> float | None:
    """Of the encoder as a function of pixels in [0, 1]: images in [-1, 1] are twice as far apart."""
    encoder = context.learner.encoder
    if encoder is None:
        return None
    bound = lipschitz_bound(encoder, context.data.validation.batch(images[:1], context.device)[0])
    return None if bound is None else 2 * bound


def largest_singular_values(function: Callable[[Tensor], Tensor], at: Tensor, start: Tensor) -> Tensor:
    """Largest singular value of the Jacobian J of `function` at each of `at`, (count,), by `POWER_STEPS` power steps.

    From below: ‖J v‖ for the unit vector v reached from `start`, which has the shape (count, …) of `at`. `function`
    maps each row on its own. J v is the derivative of Jᵀu, which is linear in u, along v: so it takes no forward
    differentiation, which not every layer has.
    """
    at = at.detach().requires_grad_()
    values = function(at)
    u = torch.zeros_like(values, requires_grad=True)
    (pulled,) = torch.autograd.grad(values, at, u, create_graph=True)
    v = _unit(start)
    for _ in range(POWER_STEPS):
        (pushed,) = torch.autograd.grad(pulled, u, v, retain_graph=True)
        (back,) = torch.autograd.grad(values, at, pushed, retain_graph=True)
        v = _unit(back)
    (pushed,) = torch.autograd.grad(pulled, u, v)
    norms: Tensor = pushed.flatten(1).norm(dim=1)
    return norms


def _unit(v: Tensor) -> Tensor:
    """Each row at length 1; rows of zeros, where the Jacobian is 0, stay."""
    norm: Tensor = v.flatten(1).norm(dim=1).clamp(min=torch.finfo(v.dtype).tiny)
    return v / norm.view(-1, *[1] * (v.ndim - 1))
