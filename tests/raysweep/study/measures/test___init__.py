from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import (
    Arm,
    Autoencoder,
    ClassRadius,
    Digits,
    FrechetDistance,
    Gan,
    Glo,
    Grid2d,
    LeNet,
    Modes,
    Pca,
    Reconstruction,
    ReconstructionClassifier,
    Samples,
    Study,
    Toy,
    Vae,
    WganGp,
)
from raysweep.study.measures import MeasureSettings
from support.point_models import GAN, GRID


@pytest.mark.parametrize(
    ("data", "model", "measure", "message"),
    [
        (GRID, GAN, Samples(), "measure samples: it is for images, and the data set grid2d has points; leave it out"),
        (GRID, GAN, ClassRadius(), "the classifier that class_radius needs: a LeNet classifies images"),
        (Digits(), Vae(), Modes(), "measure modes: these data have no known modes"),
        (Digits(), Toy(), Samples(), "arm toy: a toy generator makes points, and these data are images"),
        (GRID, Vae(layers="mlp"), Modes(), "arm vae: this family's decoder ends in a sigmoid"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(
    data: Grid2d | Digits, model: Gan | Vae | Toy, measure: MeasureSettings, message: str
) -> None:
    study = Study(name="s", title="t", question="q?", data=data, arms=(Arm(model=model),), measures=(measure,))
    with pytest.raises(UserError, match=message):
        study.check_shapes(Path())


@pytest.mark.parametrize("measure", [ClassRadius(), Samples()])
def test_only_priors_are_sampled(measure: ClassRadius | Samples) -> None:
    assert measure.applies_to(WganGp())
    assert measure.applies_to(Vae())
    assert not measure.applies_to(Autoencoder())


def test_controls_without_a_prior_are_reconstructed_by_encoding_or_by_inversion() -> None:
    """GLO has neither an encoder nor a prior: its generator is inverted, as a GAN's is, in the same ball."""
    for measure in (Reconstruction(), ReconstructionClassifier()):
        assert measure.applies_to(Glo())
        assert measure.applies_to(Pca())
        assert not measure.applies_to(LeNet())
    assert Reconstruction().inverts(Glo())
    assert not Reconstruction().inverts(Pca())
    assert Reconstruction(decoder="invert").whitens(Pca())
    assert not Reconstruction().whitens(Glo())
    assert not Reconstruction(decoder="invert").applies_to(Glo())
    assert not FrechetDistance().applies_to(Glo())
