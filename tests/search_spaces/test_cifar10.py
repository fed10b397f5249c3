from pathlib import Path

from raysweep.cli.loading import load_study
from raysweep.study import Autoencoder, WganGp


def test_cifar10_has_the_papers_settings_and_networks() -> None:
    study = load_study("cifar10")
    facts = study.data.facts(Path())
    gan = next(t.model for t in study.trials if isinstance(t.model, WganGp) and t.latent_dim == 100)
    autoencoder = next(t.model for t in study.trials if isinstance(t.model, Autoencoder) and t.latent_dim == 100)
    assert (gan.steps, gan.critic_steps, gan.learning_rate, gan.betas, gan.batch) == (80_000, 5, 1e-4, (0.0, 0.9), 64)
    assert (autoencoder.steps, autoencoder.learning_rate, autoencoder.betas) == (80_000, 1e-3, (0.9, 0.999))
    assert sorted({t.latent_dim for t in study.trials if t.latent_dim}) == [10, 20, 50, 100, 200, 500, 1000]
    generator = (
        (100 + 1) * 4 * 4 * 1024  # dense to 4 × 4 × 1024
        + 2 * 1024  # its BatchNorm
        + 5 * 5 * 1024 * 512 + 2 * 512  # convolutions without bias, each with BatchNorm
        + 5 * 5 * 512 * 256 + 2 * 256
        + 5 * 5 * 256 * 128 + 2 * 128
        + 5 * 5 * 128 * 3 + 3  # the last one has a bias
    )  # fmt: skip
    convolutions = (
        5 * 5 * 3 * 256 + 256  # convolutions with bias, strided and plain in turn
        + 5 * 5 * 256 * 256 + 256
        + 5 * 5 * 256 * 512 + 512
        + 5 * 5 * 512 * 512 + 512
        + 5 * 5 * 512 * 1024 + 1024
        + 5 * 5 * 1024 * 1024 + 1024
    )  # fmt: skip
    assert (generator, convolutions) == (18_871_427, 50_813_184)
    critic = convolutions + 4 * 4 * 1024 + 1
    encoder = convolutions + (4 * 4 * 1024 + 1) * 100
    assert {name: n.parameters for name, n in gan.networks(facts).items()} == {"generator": generator, "critic": critic}
    assert autoencoder.parameters(facts) == encoder + generator
