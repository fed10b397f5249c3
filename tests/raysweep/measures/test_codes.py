import pytest
import torch
from torch import Tensor

from raysweep.measures.codes import whitening


def points(count: int, dim: int, seed: int) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_whitening_gives_mean_zero_and_covariance_one() -> None:
    codes = points(500, 3, 0) @ torch.tensor([[2.0, 0, 0], [1, 0.1, 0], [0, 5, 1]], dtype=torch.float64) + 7
    white = whitening(codes)(codes)
    torch.testing.assert_close(white.mean(dim=0), torch.zeros(3, dtype=torch.float64), atol=1e-10, rtol=0)
    torch.testing.assert_close(white.T.cov(), torch.eye(3, dtype=torch.float64))


def test_what_does_not_vary_is_whitened_to_zero() -> None:
    codes = torch.cat([points(100, 1, 0), torch.full((100, 1), 3.0)], dim=1)
    white = whitening(codes)(codes)
    assert float(white[:, 0].var()) == pytest.approx(1)
    assert white[:, 1].abs().max() < 1e-12
    assert not whitening(torch.ones(5, 2))(torch.ones(5, 2)).any()
