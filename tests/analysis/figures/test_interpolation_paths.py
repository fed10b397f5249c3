from collections.abc import Callable

from analysis.figures import interpolation_paths
from analysis.results import Results
from raysweep.study import Arm, Interpolation, Vae, WganGp, grid
from support.pretended_results import pretended_study


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
