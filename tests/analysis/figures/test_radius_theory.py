from collections.abc import Callable

import pytest

from analysis.figures import radius_theory as figure
from analysis.results import Results
from raysweep.study import Arm, ClassRadius, Gan, Grid2d, Study, Trial
from raysweep.study.measures import MeasureSettings, Shard
from support.pretended_results import pretended_study


def study(samples: int = 100) -> Study:
    """Its prior samples fall on ten classes, as many on each."""
    measures = (ClassRadius(classifier="nearest_mode", samples=samples, shard=5),)
    return pretended_study(
        (0, 1, 2), data=Grid2d(), arms=(Arm(model=Gan(layers="mlp", latent_dim=2)),), measures=measures
    )


def test_the_figure_shows_radius_entropy_and_whether_the_theorem_applies(make_results: Callable[..., Results]) -> None:
    results = make_results(study(), radius=lambda trial: 0.3, censored=lambda trial: int(trial.seed == 2))
    [info] = figure.infos(results)
    assert (len(info.models), info.infinite) == (2, 1)
    model = info.models[0]
    assert model.radius.value == pytest.approx(0.3)
    assert model.radius.low < 0.3 < model.radius.high
    assert model.lemma.value == pytest.approx(0.4734, abs=1e-4)  # of ten equally likely classes
    assert model.theorem.applies is None  # 100 samples leave open whether a class has 1/5
    assert "left open by the simultaneous 95 % limits of the probabilities for 2" in figure.caption(info)


def test_models_of_which_no_two_samples_share_a_class_are_left_out(make_results: Callable[..., Results]) -> None:
    """Their collision entropy is estimated as infinite, and cannot be drawn."""
    assert figure.infos(make_results(study(samples=5), radius=lambda trial: 0.3)) == ()

    def failed(_: MeasureSettings, trial: Trial, shard: Shard) -> str:
        return "killed" if trial.seed == 2 and shard.start >= 5 else ""

    [info] = figure.infos(make_results(study(), radius=lambda trial: 0.3, failed_shards=failed))
    assert (len(info.models), info.infinite, info.apart) == (2, 0, 1)
