from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from analysis.figures import latent_plane
from analysis.figures.latent_plane import CELL, REACH, hole_cells
from analysis.results import Results
from raysweep.study import Arm, Autoencoder, Encodings, Holes, LcVae, Study, Vae, WganGp, grid
from support.pretended_results import pretended_study


def flat_study(**fields: object) -> Study:
    """A VAE and an LC-VAE with two latent dimensions, and encodings that fill half of the plane."""
    arms = (Arm(model=Vae(width=8, latent_dim=2)), Arm(model=LcVae(width=8, latent_dim=2), over={"lam": grid(0, 30)}))
    return pretended_study(**{"arms": arms, "measures": (Encodings(images=800),), **fields})


def cells_where(
    condition: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    at = np.arange(-REACH + CELL / 2, REACH, CELL)
    return condition(*np.meshgrid(at, at))


def test_cells_far_from_all_encodings_are_holes() -> None:
    train = [[0.0, 0.0], [3.0, 3.0]]
    # 101 held-out encodings: all but the last are one from the nearest training encoding, so 99 % are within 1.
    held_out = [[1.0, 0.0]] * 100 + [[-2.0, 0.0]]
    rows = pd.DataFrame({"part": ["train"] * 2 + ["validation"] * 101, "z": train + held_out})
    expected = cells_where(lambda x, y: (np.hypot(x, y) > 1) & (np.hypot(x - 3, y - 3) > 1))
    np.testing.assert_array_equal(hole_cells(rows), expected)


def test_planes_of_encodings_in_one_half_leave_the_other(make_results: Callable[..., Results]) -> None:
    (info,) = latent_plane.infos(make_results(flat_study(seeds=(0,))))
    assert [plane.label for plane in info.planes] == ["VAE", "LC-VAE (λ = 30)", "LC-VAE (λ = 0)"]
    # A lattice of 0.2 from x = 0.1 on reaches √0.02 to the left of its points, and 0.1 between them.
    for plane in info.planes:
        assert plane.mass is None
        assert np.array_equal(plane.holes, cells_where(lambda x, y: x < 0.1 - 0.02**0.5) | plane.holes)
        assert not plane.holes[cells_where(lambda x, y: (x > 0) & (x < 2) & (abs(y) < 2))].any()
    assert (info.train, info.held_out, info.seed) == ((800,), (360,), 0)
    first = info.planes[0]
    assert first.z.shape == (360, 2)
    assert first.labels.tolist() == [image % 10 for image in range(360)]
    assert "of 800 training images" in latent_plane.caption(info)


def test_the_mass_is_that_of_the_measure_of_holes(make_results: Callable[..., Results]) -> None:
    study = flat_study(measures=(Encodings(images=800), Holes()), seeds=(0, 1))
    (info,) = latent_plane.infos(make_results(study, holes=lambda trial, part: 0.2 + 0.1 * trial.seed))
    mass = info.planes[0].mass
    assert mass is not None
    assert (mass.mean, mass.seeds) == (pytest.approx(0.25), 2)
    assert "the range, smallest to largest" in latent_plane.caption(info)


def test_planes_are_of_two_dimensions_with_a_prior(make_results: Callable[..., Results]) -> None:
    arms = (
        Arm(model=Autoencoder(width=8, latent_dim=2)),
        Arm(model=Vae(width=8, latent_dim=10)),
        Arm(model=WganGp(width=8, latent_dim=2)),
    )
    assert latent_plane.infos(make_results(flat_study(arms=arms))) == ()


def test_only_so_many_planes_have_room(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=LcVae(width=8, latent_dim=2), over={"lam": grid(*range(11))})
    (info,) = latent_plane.infos(make_results(flat_study(arms=(arm,), seeds=(0,))))
    assert (len(info.planes), info.left_out) == (9, 2)
    assert "2 more planes had no room" in latent_plane.caption(info)
