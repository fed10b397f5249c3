"""Holes, stretch, interpolations and latent planes, from numbers that can be worked out by hand."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from analysis.drawing.style import figure_style, new_figure
from analysis.figures import holes, interpolation, interpolation_paths, latent_plane, omega
from analysis.figures.latent_plane import CELL, REACH, hole_cells
from analysis.results import Results
from analysis.text.words import percent
from raysweep.study import Arm, Autoencoder, Encodings, Holes, Interpolation, LcVae, Study, Vae, WganGp, grid
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


def test_hole_masses_are_means_over_seeds(make_results: Callable[..., Results]) -> None:
    masses = {"means": 0.4, "posterior": 0.2, "whitened": 0.1}
    (info,) = holes.infos(make_results(holes=lambda trial, part: masses[part] + 0.1 * trial.seed))
    curves = {curve.part: curve for curve in info.mass[0].curves if curve.arm == "vae"}
    np.testing.assert_allclose(curves["means"].mean, 0.45)
    np.testing.assert_allclose(curves["posterior"].mean, 0.25)
    np.testing.assert_allclose(info.whitened[0].curves[0].mean, 0.15)
    assert {curve.arm for curve in info.mass[0].curves} == {"vae", "lc_vae"}
    text = holes.caption(info)
    assert "found from codes of 1,437 training images" in text
    assert "codes of 360 validation images" in text
    assert f"masses below {percent(1 / (0.1 * 361))} are not seen" in text


def test_stretches_are_shown_with_and_without_their_scale(make_results: Callable[..., Results]) -> None:
    (info,) = omega.infos(make_results(omega=lambda trial: 0.4 + 0.2 * trial.seed))
    means = {name: shown[0].curves[0].mean for name, shown in info.panels.items()}
    np.testing.assert_allclose(means["omega"], 0.5)
    np.testing.assert_allclose(means["relative_omega"], 0.5 / 0.8 / 0.5)
    np.testing.assert_allclose(means["lipschitz"], 0.4**0.5 + 0.6**0.5)
    bound = next(curve for curve in info.panels["lipschitz"][0].curves if curve.part == "bound")
    np.testing.assert_allclose(bound.mean, 10 * (0.4**0.5 + 0.6**0.5))
    assert "10,000 random pairs" in omega.caption(info)


def test_paths_between_encodings_and_samples_are_apart(make_results: Callable[..., Results]) -> None:
    results = make_results(off=lambda trial, part: {"linear": 0.2, "blend": 0.6, "prior": 0.4}[part] + 0.1 * trial.seed)
    (encodings,), (samples,) = interpolation.ENCODINGS.infos(results), interpolation.SAMPLES.infos(results)
    curves = {(curve.arm, curve.part): curve.mean for curve in encodings.panels[0].curves}
    np.testing.assert_allclose(curves["autoencoder", "linear"], 0.25)
    np.testing.assert_allclose(curves["vae", "blend"], 0.65)
    assert {part for _, part in curves} == {"linear", "blend"}
    assert {curve.arm for curve in samples.panels[0].curves} == {"wgan_gp", "vae", "lc_vae"}
    np.testing.assert_allclose(samples.panels[0].curves[0].mean, 0.45)
    text = interpolation.ENCODINGS.caption(encodings)
    assert "4 paths of 5 images each" in text
    assert "the 0.95 quantile over 360 validation images" in text
    assert "Dotted: the control" in text
    assert "Dotted" not in interpolation.SAMPLES.caption(samples)


def test_kept_paths_stand_below_the_blend(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Vae(width=8), over={"latent_dim": grid(2, 10, 50, 100)}), Arm(model=WganGp(width=8)))
    measures = (Interpolation(pairs=4, points=5, keep=3),)
    (info,) = interpolation_paths.infos(make_results(pretended_study(arms=arms, measures=measures)))
    assert len(info.pairs) == 2
    vae = [f"VAE\ndim(z) = {dim}" for dim in (2, 50, 100)]  # the first, the last and one between
    prior = [f"{label}, between prior samples" for label in [*vae, "WGAN-GP\ndim(z) = 10"]]
    for lines in info.pairs:
        assert [line.label for line in lines] == ["blend of the pixels", *vae, *prior]
        assert {line.off for line in lines} == {(False, False, True, False, False)}
        assert {len(line.images) for line in lines} == {5}
        assert lines[0].images[0].shape == (8, 8, 3)
    assert "first line is the blend" in interpolation_paths.caption(info)


def test_without_kept_paths_there_are_no_pictures(make_results: Callable[..., Results]) -> None:
    study = pretended_study(measures=(Interpolation(pairs=2, keep=0),))
    assert interpolation_paths.infos(make_results(study)) == ()


@pytest.mark.parametrize("figure", [holes, omega, interpolation_paths, latent_plane])
def test_every_info_can_be_drawn(figure: object, shared_results: Results) -> None:
    (info,) = figure.infos(shared_results)  # type: ignore[attr-defined]
    with figure_style():
        drawn = new_figure()
        figure.draw(info, drawn)  # type: ignore[attr-defined]
    assert drawn.axes


@pytest.mark.parametrize("kind", [interpolation.ENCODINGS, interpolation.SAMPLES], ids=["encodings", "samples"])
def test_nothing_measured_draws_nothing(kind: object, make_results: Callable[..., Results]) -> None:
    empty = make_results(measured=frozenset())
    assert kind.infos(empty) == ()  # type: ignore[attr-defined]
    assert all(figure.infos(empty) == () for figure in (holes, omega, interpolation_paths, latent_plane))
