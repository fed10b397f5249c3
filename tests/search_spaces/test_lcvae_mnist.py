from pathlib import Path

from raysweep.cli.loading import load_study
from raysweep.study import LcVae


def test_lcvae_mnist_has_the_papers_settings_and_networks() -> None:
    study = load_study("lcvae_mnist")
    facts = study.data.facts(Path())
    published = study.arms[0]
    model = published.model
    assert isinstance(model, LcVae)
    assert (model.epochs, model.batch, model.learning_rate, model.latent_dim) == (20, 300, 1e-3, 10)
    assert published.over == {"lam": (0.0, 30.0), "c": (0.3, float("inf"))}
    encoder = (
        4 * 4 * 1 * 128 + 2 * 128  # kernel 4 without bias, BatchNorm
        + 4 * 4 * 128 * 256 + 2 * 256
        + 4 * 4 * 256 * 512 + 2 * 512
        + 4 * 4 * 512 * 1024 + 2 * 1024
    )  # fmt: skip
    head = (1024 + 1) * 10
    decoder = (
        (10 + 1) * 12_544  # dense to 256 × 7 × 7 = 12,544, as the paper states
        + 4 * 4 * 256 * 128 + 2 * 128
        + 4 * 4 * 128 * 1 + 1  # the last one has a bias and no BatchNorm
    )  # fmt: skip
    assert (encoder, head, decoder) == (11_015_936, 10_250, 664_577)
    parameters = {name: network.parameters for name, network in model.networks(facts).items()}
    assert parameters == {"encoder": encoder, "mean": head, "log_variance": head, "decoder": decoder}
