import pytest
from pydantic import ValidationError

from raysweep.study import Grid2d
from raysweep.study.data import lattice


def test_the_lattice_has_the_even_points() -> None:
    assert lattice(1) == ((-2, -2), (-2, 0), (-2, 2), (0, -2), (0, 0), (0, 2), (2, -2), (2, 0), (2, 2))
    assert len(set(lattice(3))) == 49


def test_too_few_points_for_the_modes_are_refused() -> None:
    with pytest.raises(ValidationError, match="train is 1000: 49 modes need at least 1,225 training points"):
        Grid2d(n=3, train=1000)
