from collections.abc import Callable

import numpy as np

from analysis.figures import class_map
from analysis.results import Results
from raysweep.study import (
    Arm,
    ClassMap,
    LcVae,
    Vae,
    grid,
)
from support.point_studies import gans, toys
from support.pretended_results import pretended_study


def test_maps_are_of_planes_with_their_samples(make_results: Callable[..., Results]) -> None:
    (info,) = class_map.infos(make_results(gans()))
    assert [each.label for each in info.maps] == ["GAN\ndim(z) = 2", "PacGAN2\ndim(z) = 2"]
    first = info.maps[0]
    assert first.ticks.tolist() == [-3, -1.5, 0, 1.5, 3]
    assert first.classes.tolist() == [[0, 0, 0, 1, 1]] * 5
    assert first.values is None
    assert first.samples is not None
    assert first.samples.tolist() == [[-4, -4], [-4, -2]]
    assert first.modes is not None
    assert len(first.modes) == 25
    assert "2 samples z ~ N(0, I)" in class_map.caption(info)


def test_the_map_of_a_line_has_its_values(make_results: Callable[..., Results]) -> None:
    (info,) = class_map.infos(make_results(toys()))
    square, lattice = info.maps
    assert square.classes.tolist() == [[0, 0, 0, 1, 1]]
    assert square.values is not None
    assert len(square.values) == 5
    assert square.modes is not None
    assert square.modes.tolist() == [[0], [2]]
    assert lattice.values is None


def test_maps_of_images_have_no_samples(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Vae(width=8), over={"latent_dim": grid(2, 10)}), Arm(model=LcVae(width=8, latent_dim=2)))
    results = make_results(pretended_study(arms=arms, measures=(ClassMap(resolution=5),)))
    (info,) = class_map.infos(results)
    assert [each.label for each in info.maps] == ["VAE\ndim(z) = 2", "LC-VAE\ndim(z) = 2"]
    assert all(each.samples is None and each.modes is None for each in info.maps)
    assert "Below" not in class_map.caption(info)
    assert "LeNet" in class_map.caption(info)


def test_classes_have_colours_of_their_own() -> None:
    colours = class_map.class_colours(49)
    assert np.array_equal(class_map.class_colours(9), colours[:9])
    apart = np.linalg.norm(colours[:, None] - colours, axis=2) + np.eye(49)
    assert apart.min() > 0.02
