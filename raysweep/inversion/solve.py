"""Inversion of any generator by any solver: `invert`, and `Inverter` for many batches of one generator."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from raysweep.gradients import with_gradients
from raysweep.inversion import ball_lbfgs
from raysweep.inversion.bank import make_bank
from raysweep.inversion.check import check_images, check_mode, check_type
from raysweep.inversion.feasible import feasible_set
from raysweep.inversion.problem import Generate, Inversion, Status
from raysweep.inversion.regression import regress
from raysweep.inversion.rewrite import fast_equal
from raysweep.inversion.shared import NOTHING, Shared
from raysweep.seeding import derive_seed
from raysweep.study.solvers import Automatic, BankedSolver, Solver

SAMPLES = 16
"""Latents on which the generator and its rewriting are checked."""


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
    """Inverts one generator, and keeps what its images share: the rewritten network, the bank and its regression."""

    def __init__(self, generator: Generate, latent_dim: int, solver: Solver | None = None, seed: int = 0) -> None:
        if not isinstance(generator, nn.Module):  # which is copied, and put into evaluation mode
            check_mode(generator)
        self.generate = generator
        self.latent_dim = latent_dim
        self.solver = (solver or Automatic()).at(latent_dim)
        self.seed = seed
        self._shared: Shared | None = None

    @with_gradients
    def invert(self, images: Tensor, starts: Tensor | None = None) -> Inversion:
        """As the function `invert`.

        Args:
            images: (count, ...).
            starts: (starts, count, dim(z)), feasible; they replace those that the solver would begin with.
        """
        shared = self.prepare(images)
        finite = images.flatten(1).isfinite().all(dim=1)
        if not bool(finite.all()):
            return self._invert_finite(images, starts, finite)
        starts = self._starts(images, shared) if starts is None else starts
        run: Callable[[Generate, Tensor, Tensor, Solver, Shared], Inversion] = self.solver.implementation()
        found = run(self.generate, images, starts, self.solver, shared)
        statuses = zip(found.status, found.error.isfinite().tolist(), strict=True)
        return replace(found, status=tuple(status if finite else "not finite" for status, finite in statuses))

    def _invert_finite(self, images: Tensor, starts: Tensor | None, finite: Tensor) -> Inversion:
        """Inverts those images that have finite values; of the others nothing is found."""
        count, places = len(images), finite.nonzero()[:, 0]
        z = torch.full((count, self.latent_dim), torch.nan, dtype=images.dtype, device=images.device)
        error, status = torch.full_like(z[:, 0], torch.nan), list[Status](["not finite"] * count)
        passes = torch.zeros(count, dtype=torch.int64, device=z.device)
        if len(places):
            found = self.invert(images[finite], None if starts is None else starts[:, finite])
            z[finite], error[finite], passes[finite] = found.z, found.error, found.passes
            for place, how in zip(places.tolist(), found.status, strict=True):
                status[place] = how
        return Inversion(z, error, tuple(status), passes)

    @with_gradients
    def prepare(self, like: Tensor) -> Shared:
        """Data that all images share, on the device of `like`; made by the first call, of this function or of `invert`.

        Raises:
            UserError: the generator does not make images of that shape and type, or not of each latent alone.
        """
        if self._shared is None:
            check_type(like)
            z = self._normal((SAMPLES,), like, "check")
            if isinstance(self.generate, nn.Module):
                self.generate = fast_equal(self.generate, z)
            made = check_images(self.generate, like, z)
            finite = made[made.flatten(1).isfinite().all(dim=1)]
            shared = self._make(like) if isinstance(self.solver, BankedSolver) else NOTHING
            self._shared = replace(shared, centre=finite.mean(dim=0) if len(finite) else None)
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
