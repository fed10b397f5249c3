from collections.abc import Callable

import pytest
from scipy import stats

from analysis.figures import (
    reconstruction_norms,
)
from analysis.results import Results
from support.other_targets import EVERYWHERE, MEASURE, errors_by_part, gan_ae


def test_norms_found_without_a_constraint(make_results: Callable[..., Results]) -> None:
    free = MEASURE.model_copy(update={"name": "free", "solver": EVERYWHERE})
    results = make_results(
        gan_ae(MEASURE, free), mse=errors_by_part, norm=lambda trial, part: 3.1 if part == "train" else 50.0
    )
    (info,) = reconstruction_norms.infos(results)
    assert info.measure == "free"
    assert [(panel.arm, panel.latent_dim) for panel in info.panels] == [
        ("WGAN-GP", 2),
        ("WGAN-GP", 10),
        ("WGAN-GP", 50),
    ]
    train, validation = info.panels[1].parts
    assert (train.part, validation.part) == ("train", "validation")
    assert len(train.norms) == 40  # twenty images of two seeds
    assert train.overlap.mean == pytest.approx(stats.chi(10).cdf(3.25) - stats.chi(10).cdf(3.0))
    assert validation.overlap.mean == pytest.approx(0, abs=1e-9)
    assert "no constraint on z" in reconstruction_norms.caption(info)
