"""The words for a solver that chooses by dim(z)."""

from collections.abc import Callable

from analysis.results import Results
from analysis.text.protocol import reconstruction_protocol
from raysweep.study import ProjectedAdam, Reconstruction
from support.pretended_results import pretended_study


def test_a_solver_that_chooses_is_told_as_what_it_chose(make_results: Callable[..., Results]) -> None:
    measure = Reconstruction(images=20, generated=10, shard=10)
    study = pretended_study(measures=(measure,))
    words = reconstruction_protocol(make_results(study), measure)
    dims = {trial.latent_dim for trial in study.trials if not trial.model.has_encoder}
    assert "automatic" not in words.lower()
    assert "paper" not in words.split("subject to")[0]
    assert ("Levenberg-Marquardt on the ball (bank 30,000" in words) == any(
        dim is not None and dim <= 4 for dim in dims
    )
    assert ("L-BFGS on the ball (bank 30,000" in words) == any(dim is not None and dim > 4 for dim in dims)


def test_a_raised_budget_is_told(make_results: Callable[..., Results]) -> None:
    measure = Reconstruction(images=20, generated=10, shard=10, recover=0.99, solver=ProjectedAdam(steps=70))
    words = reconstruction_protocol(make_results(pretended_study(measures=(measure,))), measure)
    assert "doubled for each model, at most 5 times, until 99 % of 100 other generated images" in words
    assert words.endswith("found to 0.0001 of the signal: 70 steps.")
