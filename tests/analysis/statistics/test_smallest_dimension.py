"""How many latent dimensions an error takes, on errors whose answer is known."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.results import Results
from analysis.statistics.smallest_dimension import Sweep, inverse, never_rising, smallest, sweeps
from raysweep.study import Arm, Autoencoder, Reconstruction, Study, grid
from support.pretended_results import pretended_study

DIMS = (2, 5, 10, 20, 50, 100)


def sweep(errors: Callable[[int], np.ndarray], dims: tuple[int, ...] = DIMS) -> Sweep:
    return Sweep("reconstruction", "autoencoder", "AE", "train", dims, tuple(errors(dim) for dim in dims))


@pytest.mark.parametrize(("scale", "power"), [(0.5, 0.5), (0.1, 1.0), (2.0, 0.3)])
def test_a_power_law_is_inverted_exactly(scale: float, power: float) -> None:
    """error = c · d^−p gives d = (c / error)^(1/p), in between the measured dim(z) too."""
    found = inverse(sweep(lambda dim: np.full((2, 30), scale * dim**-power)))
    for dim in (2.5, 5.0, 17.3, 64.0):
        error = scale * dim**-power
        np.testing.assert_allclose(smallest(DIMS, found.fit[None], math.log(error)), dim)
        reach = found.reach(error)
        assert reach.low == reach.dim == reach.high == math.ceil(dim - 1e-6)


def test_nothing_is_extrapolated() -> None:
    found = inverse(sweep(lambda dim: np.full((1, 30), 1 / dim)))
    assert (found.reach(0.6).dim, found.reach(0.5).dim) == (2, 2)
    assert found.reach(0.01).dim == 100
    assert found.reach(0.009).dim == math.inf


def test_an_error_that_rises_by_chance_is_made_level() -> None:
    """The weighted mean of the two that rise; the error is reached where the level is."""
    np.testing.assert_allclose(never_rising(np.array([3.0, 1.0, 2.0, 0.0]), [1, 1, 3, 1]), [3, 1.75, 1.75, 0])
    rising = {2: 0.5, 5: 0.1, 10: 0.4, 20: 0.05}
    found = inverse(sweep(lambda dim: np.full((1, 30), rising[dim]), tuple(rising)))
    np.testing.assert_allclose(np.exp(found.fit), [0.5, 0.2, 0.2, 0.05])
    assert found.reach(0.2 + 1e-9).dim == 5


def test_curves_are_inverted_side_by_side() -> None:
    curves = np.log([[8.0, 4.0, 2.0], [1.0, 0.5, 0.25], [9.0, 9.0, 9.0], [4.0, 2.0, 2.0]])
    np.testing.assert_allclose(smallest((1, 4, 16), curves, math.log(2)), [16, 1, math.inf, 4])


def test_no_error_at_all_is_reached() -> None:
    found = inverse(sweep(lambda dim: np.full((1, 30), 1.0 if dim < 20 else 0.0)))
    assert 10 < found.reach(1e-9).dim <= 20


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Errors scatter by seed and by image; 19 of 20 intervals should cover, and surely 52 of 60 (1 in 200 fewer)."""
    stream, covered, wide = np.random.default_rng(0), 0, []
    truth, seeds, images = 14.0, 3, 100

    def scatter(spread: float, shape: tuple[int, int]) -> np.ndarray:
        return np.exp(spread * stream.standard_normal(shape) - spread**2 / 2)

    for _ in range(60):
        of_images = scatter(0.5, (1, images))
        reach = inverse(
            sweep(lambda dim, of=of_images: dim**-0.5 * scatter(0.1, (seeds, 1)) * of * scatter(0.3, (seeds, images)))
        ).reach(truth**-0.5)
        covered += reach.low - 1 < truth <= reach.high
        wide.append(reach.high / reach.low)
    assert covered >= 52
    assert np.median(wide) < 2.5


def test_of_one_seed_only_images_are_resampled() -> None:
    stream = np.random.default_rng(0)
    images = np.exp(stream.standard_normal((1, 200)))
    equal, spread = (
        inverse(sweep(lambda dim, factor=factor: dim**-0.5 * images * factor(dim))).reach(0.3)
        for factor in (lambda dim: np.ones((1, 1)), lambda dim: np.array([[0.8], [1.0], [1.25]]))
    )
    assert equal.high > equal.low
    assert spread.high / spread.low > equal.high / equal.low


def gan_and_ae() -> Study:
    study = pretended_study()
    return pretended_study(arms=study.arms[:2], measures=study.measures[:1])


def test_arms_and_parts_are_read_from_the_table(make_results: Callable[..., Results]) -> None:
    results = make_results(
        gan_and_ae(), mse=lambda trial, part: (2.0 if part == "validation" else 1.0) / (trial.latent_dim or 1)
    )
    (measure,) = results.measures("reconstruction")
    found = {(each.arm, each.part): each for each in sweeps(results, measure)}
    assert set(found) == {(arm, part) for arm in ("wgan_gp", "autoencoder") for part in ("train", "validation")}
    ae = found["autoencoder", "validation"]
    assert (ae.dims, ae.images, ae.fewest_seeds, ae.label) == ((2, 10, 50), 20, 2, "AE")
    np.testing.assert_allclose([errors.mean() for errors in ae.errors], [1.0, 0.2, 0.04])


def test_images_that_some_trial_lacks_are_left_out_of_all(make_results: Callable[..., Results]) -> None:
    results = make_results(
        gan_and_ae(),
        failed_shards=lambda measure, trial, shard: (
            "out of memory" if trial.id.startswith("autoencoder-d2-s0") and shard.key == "train-000010-000020" else ""
        ),
    )
    (measure,) = results.measures("reconstruction")
    images = {each.arm: each.images for each in sweeps(results, measure) if each.part == "train"}
    assert images == {"wgan_gp": 20, "autoencoder": 10}


def test_an_arm_with_one_dim_has_no_curve(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Autoencoder(width=8), over={"latent_dim": grid(5)}),)
    results = make_results(pretended_study(arms=arms, measures=(Reconstruction(images=20, generated=0, shard=10),)))
    assert list(sweeps(results, results.measures("reconstruction")[0])) == []
