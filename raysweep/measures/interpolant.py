"""Computes the polynomial through the images in finite precision."""

import math

import torch
from torch import Tensor

from raysweep.data.images import to_bytes
from raysweep.measures.context import Columns, MeasureContext
from raysweep.models.polynomial import PolynomialLearner, log_lebesgue
from raysweep.study.measures import Shard
from raysweep.study.measures.interpolant import Interpolant
from raysweep.theory.prior import radius

HALF_A_GREY_LEVEL = 0.5 / 127.5


def run(settings: Interpolant, shard: Shard, context: MeasureContext) -> Columns:
    """The one row. Latents are given in float64, whatever the polynomial's own arithmetic."""
    learner = context.learner
    assert isinstance(learner, PolynomialLearner), "the measure knows the nodes of a polynomial only"
    nodes = learner.nodes.to(torch.float64)
    images = learner.images.to(torch.float64).reshape(
        -1, learner.shape.channels, learner.shape.size, learner.shape.size
    )
    ball = ball_points(nodes, settings.gap_points)
    outside = ~(_generate(learner, _prior_points(settings.prior_points, nodes)).abs() <= 1 + HALF_A_GREY_LEVEL)
    walk = _generate(learner, _walk(nodes, settings.steps))
    shares = torch.linspace(0, 1, settings.steps, dtype=torch.float64, device=nodes.device)[:, None, None, None]
    return {
        "images": [len(nodes)],
        "node_error": [_finite_or_infinite((_generate(learner, nodes) - images).square().mean())],
        "moved_error": [_finite_or_infinite((_generate(learner, _next_float32(nodes)) - images).square().mean())],
        "mean_error": [float((images - images.mean(dim=0)).square().mean())],
        "images_outside": [float(outside.flatten(1).any(dim=1).double().mean())],
        "pixels_outside": [float(outside.double().mean())],
        "prior_points": [settings.prior_points],
        "largest": [_finite_or_infinite(_generate(learner, ball).abs().max())],
        "log10_lebesgue": [float(log_lebesgue(_off(ball, nodes), nodes).max()) / math.log(10)],
        "ball_points": [len(ball)],
        "walk": [_picture(walk)],
        "walk_largest": [[_finite_or_infinite(image.abs().max()) for image in walk]],
        "line": [_picture(torch.lerp(images[0], images[1], shares))],
    }


def ball_points(nodes: Tensor, each: int) -> Tensor:
    """The ends of the ball of Eq. 5 and `each` points at equal distances within each gap between nodes, ascending."""
    limit = radius("paper_ball", 1)
    ends = torch.tensor([-limit, limit], dtype=nodes.dtype, device=nodes.device)
    inside = nodes[nodes.abs() < limit]
    edges = torch.cat([ends[:1], inside, ends[1:]])
    shares = (torch.arange(each, dtype=nodes.dtype, device=nodes.device) + 0.5) / each
    return torch.cat([ends[:1], (edges[:-1, None] + edges.diff()[:, None] * shares).flatten(), ends[1:]])


def _generate(learner: PolynomialLearner, z: Tensor) -> Tensor:
    with torch.no_grad():
        return learner.generate(z[:, None])


def _prior_points(count: int, like: Tensor) -> Tensor:
    """Quantiles of the prior, each of which stands for an equal mass."""
    points: Tensor = torch.special.ndtri((torch.arange(count, dtype=like.dtype, device=like.device) + 0.5) / count)
    return points


def _next_float32(z: Tensor) -> Tensor:
    """The next number above each that float32 has, above the nearest one to it."""
    nearest = z.to(torch.float32)
    return torch.nextafter(nearest, torch.full_like(nearest, math.inf)).to(z.dtype)


def _walk(nodes: Tensor, steps: int) -> Tensor:
    """From the first node to the second, both of them exact: where the polynomial is steep, rounding is far off."""
    way = torch.linspace(0, 1, steps, dtype=nodes.dtype, device=nodes.device) * (nodes[1] - nodes[0]) + nodes[0]
    return torch.cat([nodes[:1], way[1:-1], nodes[1:2]])


def _off(z: Tensor, nodes: Tensor) -> Tensor:
    """The values of z that are not nodes."""
    return z[(z[:, None] != nodes).all(dim=1)]


def _finite_or_infinite(value: Tensor) -> float:
    """The number, or infinity for NaN: the difference of two infinities counts as infinitely far off."""
    return float(value.nan_to_num(nan=math.inf, posinf=math.inf))


def _picture(images: Tensor) -> bytes:
    """Bytes of the images; a pixel that is NaN is black."""
    return to_bytes(images.nan_to_num(nan=-1.0, posinf=1.0, neginf=-1.0)).tobytes()
