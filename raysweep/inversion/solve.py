"""Inversion of any generator by any solver: `invert`, and `Inverter` for many batches of one generator."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from raysweep.inversion import ball_lbfgs
from raysweep.inversion.bank import make_bank
from raysweep.inversion.feasible import feasible_set
from raysweep.inversion.problem import Generate, Inversion
from raysweep.inversion.regression import regress
from raysweep.inversion.rewrite import fast_equal
from raysweep.inversion.shared import NOTHING, Shared
from raysweep.seeding import derive_seed
from raysweep.study.solvers import Automatic, BankedSolver, Solver


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
    """Inverts one generator, and keeps what all its images share: the rewritten network, the bank and what it tells."""

    def __init__(self, generator: Generate, latent_dim: int, solver: Solver | None = None, seed: int = 0) -> None:
        self.generate = fast_equal(generator) if isinstance(generator, nn.Module) else generator
        self.latent_dim = latent_dim
        self.solver = (solver or Automatic()).at(latent_dim)
        self.seed = seed
        self._shared: Shared | None = None

    def invert(self, images: Tensor, starts: Tensor | None = None) -> Inversion:
        """See `invert`. `starts` (starts, count, dim(z)), feasible, replace those that the solver would begin with."""
        shared = self.prepare(images)
        starts = self._starts(images, shared) if starts is None else starts
        run: Callable[[Generate, Tensor, Tensor, Solver, Shared], Inversion] = self.solver.implementation()
        return run(self.generate, images, starts, self.solver, shared)

    def prepare(self, like: Tensor) -> Shared:
        """What all images share, on the device of `like`: made at the first call, which `invert` would do."""
        if self._shared is None:
            self._shared = self._make(like) if isinstance(self.solver, BankedSolver) else NOTHING
        return self._shared

    @property
    def bank_passes(self) -> int:
        """Generator passes spent so far on what all images share."""
        return 0 if self._shared is None else round(self.solver.shared_passes(self.latent_dim))

    def _make(self, like: Tensor) -> Shared:
        solver = self.solver
        assert isinstance(solver, BankedSolver)
        feasible = feasible_set(solver.feasible, self.latent_dim)
        bank = regression = inverse_hessian = None
        if solver.bank_size:
            bank = make_bank(self.generate, self._normal((solver.bank_size,), like, "bank"), feasible)
            regression = regress(bank, self._stream("regression"))
        probes = solver.probe_count(self.latent_dim)
        if probes:
            z = feasible.project(self._normal((probes,), like, "probe"))
            inverse_hessian = ball_lbfgs.inverse_hessian(self.generate, z, self._stream("signs"))
        return Shared(bank, regression, inverse_hessian)

    def _starts(self, images: Tensor, shared: Shared) -> Tensor:
        if self.solver.random_starts:
            return self._prior_samples(images)
        zero = torch.zeros(1, len(images), self.latent_dim, dtype=images.dtype, device=images.device)
        if shared.bank is None or shared.regression is None:
            return zero
        assert isinstance(self.solver, BankedSolver)
        near = shared.bank.nearest(images, max(0, self.solver.starts - 2))
        return torch.cat([shared.regression.latents(images)[None], zero, near])[: self.solver.starts]

    def _prior_samples(self, images: Tensor) -> Tensor:
        """Each image has a stream of its own, so what it starts from does not depend on the others."""
        shape = (self.solver.random_starts,)
        return torch.stack([self._normal(shape, images, "start", i) for i in range(len(images))], dim=1)

    def _normal(self, shape: tuple[int, ...], like: Tensor, *name: str | int) -> Tensor:
        """Drawn on the CPU in float32, so that they are equal on every device."""
        stream = self._stream(*name)
        return torch.randn(*shape, self.latent_dim, generator=stream, dtype=torch.float32).to(like)

    def _stream(self, *name: str | int) -> torch.Generator:
        return torch.Generator().manual_seed(derive_seed(self.seed, *name))
