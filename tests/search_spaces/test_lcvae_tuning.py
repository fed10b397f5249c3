import math
from pathlib import Path

import pytest

from raysweep.cli.loading import load_study
from raysweep.study import LcVae
from raysweep.tuning import Tuning


@pytest.mark.parametrize("reduced", [False, True])
def test_the_tuning_of_the_lc_vae_tries_what_the_paper_set(reduced: bool) -> None:
    tuning = load_study("lcvae_tuning", reduced=reduced)
    assert isinstance(tuning, Tuning)
    assert Tuning.model_validate_json(tuning.model_dump_json()) == tuning
    published = tuning.model_at(tuning.baseline_values("published"))
    plain = tuning.model_at(tuning.baseline_values("plain_vae"))
    assert isinstance(published, LcVae)
    assert isinstance(plain, LcVae)
    assert (published.lam, published.c) == (30, 0.3)
    assert (plain.lam, plain.c) == (0, math.inf)
    tuning.check_shapes(Path())
