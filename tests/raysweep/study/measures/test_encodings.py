from raysweep.study import Encodings, Pca, Vae, WganGp


def test_it_takes_an_encoder() -> None:
    assert [Encodings().applies_to(model) for model in (Vae(), Pca(), WganGp())] == [True, True, False]
