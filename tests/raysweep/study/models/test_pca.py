from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import Arm, Digits, Pca, Study, grid


@pytest.mark.parametrize(("latent_dim", "images"), [(65, 1437), (31, 30)])
def test_more_components_than_there_are_is_refused(latent_dim: int, images: int) -> None:
    arm = Arm(model=Pca(), over={"latent_dim": grid(latent_dim)})
    study = Study(name="a", title="A", question="Q?", data=Digits(limit=images), arms=(arm,))
    words = rf"arm pca: latent_dim is {latent_dim}: .* pixels \(64\) and training images \({images}\); give a smaller"
    with pytest.raises(UserError, match=words):
        study.check_shapes(Path())


def test_there_is_nothing_to_set_that_has_no_effect() -> None:
    assert set(Pca.model_fields) == {"family", "latent_dim", "batch"}
