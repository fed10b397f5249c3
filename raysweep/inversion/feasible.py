"""The latents that count as plausible, to which inversions are confined: a ball, a shell, or all of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.study.solvers import Feasible
from raysweep.theory.prior import feasible_norms

ON_BOUNDARY = 1e-5
"""A latent whose norm is a boundary's up to this share lies on it: the rounding of float32."""


@dataclass(frozen=True)
class FeasibleSet:
    """All z with `inner` ≤ ‖z‖ ≤ `outer`: a shell; a ball where `inner` is 0."""

    inner: float
    outer: float

    def project(self, z: Tensor) -> Tensor:
        """The nearest feasible latents (..., dim(z)); those that are feasible come back unchanged.

        Outside the set that is along z; to the origin all of a shell is equally near, and the first axis is taken.
        """
        norm = z.norm(dim=-1, keepdim=True)
        scaled: Tensor = z * (self.outer / norm).clamp(max=1.0)
        if self.inner == 0:
            return scaled
        axis = torch.zeros_like(z)
        axis[..., 0] = self.inner
        pushed = torch.where(norm > 0, z * (self.inner / norm.clamp(min=torch.finfo(z.dtype).tiny)), axis)
        return torch.where(norm < self.inner, pushed, scaled)

    def projected_gradient(self, z: Tensor, gradient: Tensor) -> Tensor:
        """The gradient without the part along which descent would leave the set: zero at a constrained minimum.

        Only feasible latents (count, dim(z)) on a boundary whose descent direction points out of the set lose the
        component along z.
        """
        squared_norm = z.square().sum(dim=1, keepdim=True)
        norm = squared_norm.sqrt()
        along = (gradient * z).sum(dim=1, keepdim=True)
        outward = (norm >= (1 - ON_BOUNDARY) * self.outer) & (along < 0)
        inward = (norm <= (1 + ON_BOUNDARY) * self.inner) & (along > 0)
        return torch.where(outward | inward, gradient - along / squared_norm * z, gradient)


def feasible_set(feasible: Feasible, latent_dim: int) -> FeasibleSet:
    """What is feasible, for z ~ N(0, I) of `latent_dim` components; everything for no constraint.

    See `raysweep.theory.prior.feasible_norms`.
    """
    return FeasibleSet(*feasible_norms(feasible, latent_dim))


def project(z: Tensor, limit: float) -> Tensor:
    """The nearest latents with ‖z‖ ≤ `limit`: those outside are scaled down, those inside come back unchanged."""
    return FeasibleSet(0.0, limit).project(z)
