import torch

from raysweep.measures.density_ratio import fit_log_ratio


def normal(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed)).double()


def test_the_ratio_of_gaussians_is_that_of_their_formula() -> None:
    """q = N(1, ¼I) in two dimensions: ln q/p = ½‖z‖² − 2‖z − 1‖² + 2 ln 2."""
    ratio = fit_log_ratio(1 + normal(4_000, 0) / 2, normal(4_000, 1))
    z = 1 + normal(200, 2) / 2
    expected = z.square().sum(dim=1) / 2 - 2 * (z - 1).square().sum(dim=1) + 2 * torch.tensor(2.0).log()
    assert float((ratio(z) - expected).abs().mean()) < 0.1


def test_of_one_density_the_ratio_is_one() -> None:
    ratio = fit_log_ratio(normal(4_000, 0), normal(4_000, 1))
    assert float(ratio(normal(1_000, 2)).abs().mean()) < 0.05


def test_what_a_gaussian_misses_is_learned() -> None:
    """Two narrow clusters have the mean and covariance of one wide one, which is what a Gaussian sees."""
    sides = normal(4_000, 0) / 5
    sides[:, 0] = sides[:, 0] + torch.where(torch.arange(4_000) % 2 == 0, 1.0, -1.0)
    ratio = fit_log_ratio(sides, normal(4_000, 1))
    between, within = ratio(torch.zeros(1, 2).double()), ratio(torch.tensor([[1.0, 0.0]]).double())
    assert float(within - between) > 3


def test_points_that_are_all_equal_have_a_ratio() -> None:
    ratio = fit_log_ratio(torch.zeros(500, 2).double(), normal(500, 1))
    assert bool(ratio(normal(50, 2)).isfinite().all())
