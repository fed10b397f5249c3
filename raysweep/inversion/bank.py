"""Prior samples and their images, generated once per model: the nearest ones are good starts for a search."""

from dataclasses import dataclass

import torch
from torch import Tensor

from raysweep.errors import UserError
from raysweep.inversion.feasible import FeasibleSet
from raysweep.inversion.problem import Generate

CHUNK = 500
"""Images that are generated, or compared, at once."""


@dataclass(frozen=True)
class Bank:
    """Latents and their images as rows of pixels: 4 bytes a pixel value and sample."""

    z: Tensor
    """(samples, dim(z))."""
    images: Tensor
    """(samples, pixel values)."""

    def nearest(self, targets: Tensor, count: int) -> Tensor:
        """(count, targets, dim(z)): latents of the `count` images nearest to each target, the nearest first.

        There are fewer where the bank has fewer.
        """
        count = min(count, len(self.z))
        lengths = torch.cat([chunk.square().sum(dim=1) for chunk in torch.split(self.images, CHUNK)])
        # ‖b − x‖² without ‖x‖², which all distances to one target share
        rows = [
            (lengths - 2 * chunk @ self.images.T).topk(count, dim=1, largest=False).indices
            for chunk in torch.split(targets.flatten(1), CHUNK)
        ]
        return self.z[torch.cat(rows).T]


def make_bank(generate: Generate, z: Tensor, feasible: FeasibleSet) -> Bank:
    """The bank of the latents `z`, projected to the feasible set; one forward pass each.

    Latents whose images are not finite are left out.

    Raises:
        UserError: none is finite.
    """
    z = feasible.project(z)
    with torch.no_grad():
        first = generate(z[:CHUNK]).flatten(1)
        # Filled in place, since pieces that are put together take the memory twice.
        images = first.new_empty(len(z), first.shape[1])
        images[:CHUNK] = first
        for start in range(CHUNK, len(z), CHUNK):
            images[start : start + CHUNK] = generate(z[start : start + CHUNK]).flatten(1)
    finite = torch.cat([chunk.isfinite().all(dim=1) for chunk in torch.split(images, CHUNK)])
    if bool(finite.all()):
        return Bank(z, images)
    if not bool(finite.any()):
        raise UserError(f"generator: none of the images of {len(z):,} latents has finite values; there is none to find")
    return Bank(z[finite], images[finite])
