import math

from analysis.figures import tuning_slices


def test_values_without_a_place_stand_beside_the_scale() -> None:
    scale = tuning_slices.scale([0.0, 0.1, 100.0, math.inf])
    assert scale.logarithmic
    assert (scale.places[0.1], scale.places[100.0]) == (0.1, 100)
    assert 0 < scale.places[0.0] < 0.1
    assert 100 < scale.places[math.inf] < math.inf
    assert list(scale.ticks.values()) == ["0", "∞"]
    linear = tuning_slices.scale([2, 3, 5])
    assert (linear.places, linear.ticks, linear.logarithmic) == ({2: 2, 3: 3, 5: 5}, {}, False)
    assert tuning_slices.scale(["b", "a"]).places == {"a": 0, "b": 1}
    assert tuning_slices.scale([0.0, math.inf]).places[math.inf] > 0
