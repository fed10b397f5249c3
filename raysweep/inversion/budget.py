"""Finds how many steps inversions of a generator need, by doubling them until known images are recovered."""

from torch import Tensor

from raysweep.inversion.solve import Inverter


def raise_budget(inverter: Inverter, images: Tensor, *, error: float, share: float, doublings: int) -> None:
    """Doubles the steps of the inverter's solver, at most `doublings` times, until it recovers enough images.

    Args:
        inverter: its solver is replaced.
        images: (count, ...), generated from feasible latents, so that their true errors are zero.
        error: an image is recovered if its ‖g(z) − x‖², summed over pixel values, ends below this.
        share: of the images that must be recovered.
        doublings: after so many the budget stands, whatever it recovers.
    """
    for _ in range(doublings):
        recovered = inverter.invert(images).error < error
        if float(recovered.double().mean()) >= share:
            return
        inverter.solver = inverter.solver.longer(2)
