from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import (
    Arm,
    Autoencoder,
    Digits,
    ImageFolder,
    Mnist,
    Reconstruction,
    Study,
    Vae,
    WganGp,
)

FACTS = Digits().facts(Path())


def test_reconstruction_measures_both_splits_and_the_optimisers_floor() -> None:
    measure = Reconstruction(images=400, generated=50, shard=200)
    parts = [(shard.part, shard.start, shard.stop) for shard in measure.shards(WganGp(), FACTS)]
    assert parts == [
        ("train", 0, 200),
        ("train", 200, 400),
        ("validation", 0, 200),
        ("validation", 200, 360),
        ("generated", 0, 50),
    ]
    assert {shard.part for shard in measure.shards(Vae(), FACTS)} == {"train", "validation"}


def test_other_targets_are_parts_of_their_own() -> None:
    measure = Reconstruction(images=100, generated=0, shard=100, shifts=(1, 4), foreign=Mnist(), noise=30)
    parts = {shard.key: shard.part for shard in measure.shards(WganGp(), FACTS)}
    assert list(parts) == [
        "train-000000-000100",
        "validation-000000-000100",
        "shifted_1-000000-000100",
        "shifted_4-000000-000100",
        "foreign-000000-000100",
        "noise-000000-000030",
    ]
    assert measure.other_data == (Mnist(),)


def test_decoders_are_inverted_where_there_is_an_encoder_to_set_aside() -> None:
    measure = Reconstruction(decoder="invert", images=100, generated=50)
    assert measure.applies_to(Autoencoder())
    assert not measure.applies_to(WganGp())
    assert [shard.part for shard in measure.shards(Vae(), FACTS)] == ["train", "validation", "generated"]
    assert [measure.whitens(model) for model in (Autoencoder(), Vae(), WganGp())] == [True, False, False]
    encoding = Reconstruction(images=100)
    shard = measure.shards(Autoencoder(), FACTS)[0]
    assert measure.flop(Autoencoder(), FACTS, shard) > 100 * encoding.flop(Autoencoder(), FACTS, shard)


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (Reconstruction(shifts=(1, 8)), "shifts by 8 pixels leave nothing of images of 8 × 8; give at most 7"),
        (
            Reconstruction(images=361, foreign=Digits()),
            "images is 361, but the foreign data set digits has 360 validation images; set images to at most 360",
        ),
        (Reconstruction(foreign=ImageFolder(path="faces", size=8)), "image folder .*faces: not found"),
    ],
)
def test_targets_that_cannot_be_had_are_refused(measure: Reconstruction, words: str, tmp_path: Path) -> None:
    study = Study(name="mine", title="t", question="q", data=Digits(), arms=(Arm(model=WganGp(width=4)),))
    study.model_copy(update={"measures": (Reconstruction(images=360, shifts=(7,), foreign=Digits()),)}).check_shapes(
        tmp_path
    )
    with pytest.raises(UserError, match=words):
        study.model_copy(update={"measures": (measure,)}).check_shapes(tmp_path)


def test_a_shift_is_named_once() -> None:
    with pytest.raises(ValueError, match="names a distance twice"):
        Reconstruction(shifts=(2, 2))
