from pathlib import Path

import pytest
from pydantic import ValidationError

from raysweep.errors import UserError
from raysweep.study import Arm, Digits, Polynomial, Study, grid


def test_more_images_than_there_are_is_refused() -> None:
    arm = Arm(model=Polynomial(), over={"images": grid(31)})
    study = Study(name="a", title="A", question="Q?", data=Digits(limit=30), arms=(arm,))
    with pytest.raises(UserError, match="arm polynomial: images is 31: there are 30 training images; give no more"):
        study.check_shapes(Path())


def test_it_has_one_latent() -> None:
    with pytest.raises(ValidationError, match="latent_dim"):
        Polynomial(latent_dim=2)  # type: ignore[arg-type]
