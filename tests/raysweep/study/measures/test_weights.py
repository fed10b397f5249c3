from raysweep.study import Autoencoder, Gan, Glo, Pca, Polynomial, Vae, Weights, WganGp


def test_it_takes_weights_that_descent_trains() -> None:
    models = (WganGp(), Gan(), Glo(), Autoencoder(), Vae(), Pca(), Polynomial())
    assert [Weights().applies_to(model) for model in models] == [True] * 5 + [False] * 2
