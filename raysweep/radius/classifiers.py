"""Classifiers of generated images and points. Any module or function that gives scores is one too."""

import torch
from torch import Tensor, nn
from typing_extensions import override


def nearest_point(points: Tensor) -> nn.Sequential:
    """The class is the nearest of the `points` (classes, ...): modes, lattice points, or reference images.

    The score pᵢ · x − ‖pᵢ‖² / 2 is −‖x − pᵢ‖² / 2 but for what all classes share, so it is affine in x.

    Source: Manoj (2018), Example 2.2 and footnote 5.
    """
    flat = points.detach().flatten(1)
    # On "meta" it has no weights yet, so none are drawn at random.
    scores = nn.Linear(flat.shape[1], len(flat), device="meta", dtype=flat.dtype)
    scores.weight = nn.Parameter(flat.clone())
    scores.bias = nn.Parameter(-flat.square().sum(dim=1) / 2)
    return nn.Sequential(nn.Flatten(), scores).requires_grad_(False)


class Within(nn.Module):
    """Two classes: 0 within ε of a reference image in the ℓp distance, and 1 beyond.

    Source: Manoj (2018), the second reading of Definition 2.3.

    Args:
        reference: the image, without a batch dimension.
        epsilon: ε, in the units of ‖x − reference‖ₚ over all pixel values.
        p: at least 1; may be infinite.
    """

    reference: Tensor

    def __init__(self, reference: Tensor, epsilon: float, p: float = 2.0) -> None:
        super().__init__()
        if not (epsilon > 0 and p >= 1):
            raise ValueError(f"epsilon = {epsilon} and p = {p}: give an epsilon above 0 and a p of at least 1")
        self.register_buffer("reference", reference.detach().flatten(), persistent=False)
        self.epsilon, self.p = epsilon, p

    @override
    def forward(self, images: Tensor) -> Tensor:
        """Scores (count, 2)."""
        beyond = torch.linalg.vector_norm(images.flatten(1) - self.reference, ord=self.p, dim=1) - self.epsilon
        return torch.stack([-beyond, beyond], dim=1)
