import pytest

from raysweep.study import (
    ClassRadius,
)


def test_a_class_radius_needs_a_start() -> None:
    with pytest.raises(ValueError, match="bank_starts and ray_starts are both 0"):
        ClassRadius(bank_starts=0, ray_starts=0)
