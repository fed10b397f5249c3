from raysweep.study import Autoencoder, Omega, Vae, WganGp


def test_it_takes_an_encoder() -> None:
    assert [Omega().applies_to(model) for model in (Vae(), Autoencoder(), WganGp())] == [True, True, False]
