"""Inversion of any generator by any solver: `invert`, and `Inverter` for many batches of one generator."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from raysweep.feasible import feasible_set
from raysweep.inversion import ball_lbfgs, levenberg_marquardt, projected_adam, webster
from raysweep.inversion.bank import Bank, make_bank
from raysweep.inversion.problem import Generate, Inversion
from raysweep.inversion.rewrite import fast_equal
from raysweep.seeding import derive_seed
from raysweep.study.solvers import (
    Automatic,
    BallLbfgs,
    BankedSolver,
    LevenbergMarquardt,
    ProjectedAdam,
    Solver,
    WebsterLbfgs,
)

SOLVERS: dict[type[Solver], Callable[[Generate, Tensor, Tensor, Any], Inversion]] = {
    LevenbergMarquardt: levenberg_marquardt.invert,
    BallLbfgs: ball_lbfgs.invert,
    ProjectedAdam: projected_adam.invert,
    WebsterLbfgs: webster.invert,
}
"""What runs each solver: from a generator, images, starts (starts, images, dim(z)) and settings."""


def invert(
    generator: Generate, images: Tensor, *, latent_dim: int, solver: Solver | None = None, seed: int = 0
) -> Inversion:
    """The feasible latents whose images come nearest to `images`: z* = argmin ‖g(z) − x‖² (Eq. 4).

    Args:
        generator: latents (count, dim(z)) to images (count, ...); a module, which is copied, put into evaluation mode
            and rewritten into an equal, faster one where it is recognised (see `fast_equal`), or any differentiable
            function.
        images: (count, ...), as the generator makes them, on its device.
        latent_dim: dim(z).
        solver: settings from `raysweep.study`; ours by default.
        seed: of the prior samples from which searches start.

    Source: Pinetz, Soukup and Pock (2019), Eqs. 4 and 5.
    """
    return Inverter(generator, latent_dim, solver, seed).invert(images)


class Inverter:
    """Inverts one generator, and keeps what all its images share: the rewritten network and the bank."""

    def __init__(self, generator: Generate, latent_dim: int, solver: Solver | None = None, seed: int = 0) -> None:
        self.generate = fast_equal(generator) if isinstance(generator, nn.Module) else generator
        self.latent_dim = latent_dim
        self.solver = (solver or Automatic()).at(latent_dim)
        self.seed = seed
        self._bank: Bank | None = None
        self._inverse_hessian: Tensor | None = None

    def invert(self, images: Tensor, starts: Tensor | None = None) -> Inversion:
        """See `invert`. `starts` (starts, count, dim(z)), feasible, replace those that the solver would begin with."""
        self.prepare(images)
        starts = self._starts(images, starts)
        if isinstance(self.solver, BallLbfgs):
            return ball_lbfgs.invert(self.generate, images, starts, self.solver, self._inverse_hessian)
        return SOLVERS[type(self.solver)](self.generate, images, starts, self.solver)

    def prepare(self, like: Tensor) -> None:
        """Makes what all images share, if the solver needs it, on the device of `like`; the first `invert` would."""
        if not isinstance(self.solver, BankedSolver):
            return
        feasible = feasible_set(self.solver.feasible, self.latent_dim)
        if self._bank is None and self.solver.bank_size:
            self._bank = make_bank(self.generate, self._normal((self.solver.bank_size,), like, "bank"), feasible)
        if self._inverse_hessian is None and isinstance(self.solver, BallLbfgs) and self.solver.probes:
            z = feasible.project(self._normal((self.solver.probes * self.latent_dim,), like, "probe"))
            signs = torch.Generator().manual_seed(derive_seed(self.seed, "signs"))
            self._inverse_hessian = ball_lbfgs.inverse_hessian(self.generate, z, signs)

    @property
    def bank_passes(self) -> int:
        """Generator passes spent so far on what all images share."""
        spent = 0 if self._bank is None else len(self._bank.z)
        if self._inverse_hessian is not None:
            assert isinstance(self.solver, BallLbfgs)
            spent += 2 * self.solver.probes * self.latent_dim
        return spent

    def _starts(self, images: Tensor, starts: Tensor | None) -> Tensor:
        zero = torch.zeros(1, len(images), self.latent_dim, dtype=images.dtype, device=images.device)
        if starts is not None:
            return starts
        if self.solver.random_starts:
            return self._prior_samples(images)
        if not self.solver.bank_size:
            return zero
        assert isinstance(self.solver, BankedSolver)
        assert self._bank is not None
        return torch.cat([zero, self._bank.nearest(images, self.solver.starts - 1)])

    def _prior_samples(self, images: Tensor) -> Tensor:
        """Each image has a stream of its own, so what it starts from does not depend on the others."""
        shape = (self.solver.random_starts,)
        return torch.stack([self._normal(shape, images, "start", i) for i in range(len(images))], dim=1)

    def _normal(self, shape: tuple[int, ...], like: Tensor, *name: str | int) -> Tensor:
        """Drawn on the CPU in float32, so that they are equal on every device."""
        stream = torch.Generator().manual_seed(derive_seed(self.seed, *name))
        return torch.randn(*shape, self.latent_dim, generator=stream, dtype=torch.float32).to(like)
