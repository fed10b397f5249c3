from pathlib import Path

import pytest

from raysweep.study import Digits, Grid2d, Toy

FACTS = Grid2d().facts(Path())


def test_dimension_and_classes_follow_from_the_generator() -> None:
    square, plane = Toy(generator="square"), Toy()
    assert (square.latent_dim, plane.latent_dim) == (1, 2)
    assert square.class_points == ((0.0,), (2.0,))  # as near at x = 1
    assert set(plane.class_points) == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    with pytest.raises(ValueError, match="latent_dim is 3: that of 'square' is 1; leave it out"):
        Toy(generator="square", latent_dim=3)


def test_nothing_is_trained() -> None:
    assert Toy().total_steps(FACTS) == 0
    assert Toy().flop_per_step(FACTS) == 0
    assert Toy().networks(FACTS) == {}


def test_it_makes_points() -> None:
    with pytest.raises(ValueError, match=r"these data are images; set data=Grid2d\(\)"):
        Toy().networks(Digits().facts(Path()))
