from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import Digits, PrecisionRecall


def test_too_few_images_for_k_are_refused() -> None:
    with pytest.raises(UserError, match="among 5 images none has 5 neighbours"):
        PrecisionRecall(samples=5).check(Digits().facts(Path()), Path())
