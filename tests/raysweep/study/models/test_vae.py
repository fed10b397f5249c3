import pytest
from pydantic import ValidationError

from raysweep.cli.loading import load_study
from raysweep.study import LcVae


def test_the_default_reading_of_the_sum_leaves_ids_as_they_were() -> None:
    ids = [trial.id for trial in load_study("lcvae_mnist", reduced=True).trials]
    assert "lc_vae-lam0-c0.03-s0-e4883a" in ids  # as in docs/results/lcvae_mnist_reduced, which is older
    other = LcVae(latent_dim=3, reduction="sum")
    assert LcVae.model_validate_json(other.model_dump_json()) == other


def test_odd_batches_have_no_pairs() -> None:
    with pytest.raises(ValidationError, match="even number"):
        LcVae(batch=31)
