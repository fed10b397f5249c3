import pytest

from raysweep.study import Autoencoder, LossSurface, Toy, Vae, WganGp


def test_there_is_a_plane_from_two_dimensions_on() -> None:
    models = (WganGp(latent_dim=2), Vae(), WganGp(latent_dim=1), Autoencoder(), Toy(generator="square"))
    assert [LossSurface().applies_to(model) for model in models] == [True, True, False, False, False]


def test_z0_and_z_star_must_be_points() -> None:
    with pytest.raises(ValueError, match=r"resolution is 20: .* give 17 or 21"):
        LossSurface(resolution=20)


def test_a_target_is_named_once() -> None:
    with pytest.raises(ValueError, match="names a kind of target twice"):
        LossSurface(targets=("train", "train"))
