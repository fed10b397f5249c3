from typing import Any

import pytest

from raysweep.errors import UserError
from raysweep.study import (
    Arm,
    Autoencoder,
    CelebA,
    Digits,
    LeNet,
    Reconstruction,
    ReconstructionClassifier,
    Samples,
    Study,
    WganGp,
)
from raysweep.study.core import describe_errors

SETTINGS = ReconstructionClassifier(images=300, classifier=LeNet(steps=100))


def study(**fields: Any) -> Study:
    content = {"name": "s", "title": "t", "question": "q", "data": Digits(), "arms": (Arm(model=WganGp(width=4)),)}
    return Study(**{**content, **fields})


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        (
            (SETTINGS,),
            "measure reconstruction_classifier follows reconstruction, which the study does not have; add it",
        ),
        ((SETTINGS, Reconstruction(name="other")), "which the study does not have; allowed: other"),
        ((SETTINGS, Samples(name="reconstruction")), "follows reconstruction, which is no Reconstruction"),
        ((SETTINGS, Reconstruction()), "follows reconstruction, which keeps no latents; give that one latents=True"),
        ((SETTINGS, Reconstruction(latents=True, images=20)), "learns from 300 images, but that one reconstructs 20"),
        (
            (SETTINGS, Reconstruction(latents=True, decoder="invert")),
            "follows reconstruction, which measures nothing on wgan_gp",
        ),
        (
            (SETTINGS.model_copy(update={"of": SETTINGS.name}),),
            "follow each other in a circle: reconstruction_classifier → reconstruction_classifier",
        ),
    ],
)
def test_what_it_follows_must_give_latents(measures: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match="follow") as caught:
        study(measures=measures)
    assert words in describe_errors(caught.value)  # type: ignore[arg-type]


def test_it_measures_only_where_what_it_follows_does() -> None:
    arms = (Arm(model=WganGp(width=4)), Arm(model=Autoencoder(width=4)))
    both = study(arms=arms, measures=(SETTINGS, Reconstruction(latents=True, decoder="invert")))
    assert [both.applies(SETTINGS, arm.name, arm.model) for arm in arms] == [False, True]


def test_its_key_follows_that_of_what_it_follows() -> None:
    keys = {
        study(measures=(Reconstruction(latents=True, images=n), SETTINGS)).measure_key(SETTINGS) for n in (300, 301)
    }
    assert len(keys) == 2


def test_without_classes_it_is_refused(tmp_path: Any) -> None:
    without = study(data=CelebA(), measures=(Reconstruction(latents=True), SETTINGS))
    with pytest.raises(UserError, match="reconstruction_classifier trains a LeNet: the data set has no classes"):
        without.check_shapes(tmp_path)
