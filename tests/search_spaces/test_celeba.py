from pathlib import Path

from raysweep.cli.loading import load_study
from raysweep.study import WganGp


def test_celeba_has_the_papers_settings_and_networks() -> None:
    study = load_study("celeba")
    facts = study.data.facts(Path())
    gan = next(t.model for t in study.trials if isinstance(t.model, WganGp) and t.latent_dim == 5000)
    assert (gan.steps, gan.critic_steps, gan.learning_rate, gan.betas, gan.batch) == (80_000, 5, 1e-4, (0.0, 0.9), 64)
    assert sorted({t.latent_dim for t in study.trials if t.latent_dim}) == [10, 50, 100, 500, 1000, 5000]
    generator = (
        (5000 + 1) * 4 * 4 * 2048 + 2 * 2048
        + 5 * 5 * 2048 * 1024 + 2 * 1024
        + 5 * 5 * 1024 * 512 + 2 * 512
        + 5 * 5 * 512 * 256 + 2 * 256
        + 5 * 5 * 256 * 128 + 2 * 128
        + 5 * 5 * 128 * 3 + 3
    )  # fmt: skip
    critic = (
        5 * 5 * 3 * 256 + 256
        + 5 * 5 * 256 * 256 + 256
        + 5 * 5 * 256 * 512 + 512
        + 5 * 5 * 512 * 512 + 512
        + 5 * 5 * 512 * 1024 + 1024
        + 5 * 5 * 1024 * 1024 + 1024
        + 5 * 5 * 1024 * 2048 + 2048
        + 5 * 5 * 2048 * 2048 + 2048
        + 4 * 4 * 2048 + 1
    )  # fmt: skip
    assert (generator, critic) == (233_522_307, 208_136_449)
    assert {name: n.parameters for name, n in gan.networks(facts).items()} == {"generator": generator, "critic": critic}
