from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import Autoencoder, BirthdayTest, Digits


def test_it_takes_a_prior_and_enough_held_out_pairs() -> None:
    assert not BirthdayTest().applies_to(Autoencoder())
    facts = Digits().facts(Path())
    BirthdayTest().check(facts, Path())
    with pytest.raises(UserError, match=r"180 images for the calibration have 16110 pairs.*raise rate"):
        BirthdayTest(rate=1e-5).check(facts, Path())
