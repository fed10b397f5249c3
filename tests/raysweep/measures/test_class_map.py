from collections.abc import Callable

import numpy as np
import pytest
import torch

from raysweep.measures.context import MeasureContext
from raysweep.radius.exact import LATTICE
from raysweep.study import (
    ClassMap,
    Toy,
    Vae,
)
from support.point_models import MAP, Make, measured


def test_the_map_of_a_lattice_is_its_boxes(make_of_points: Make) -> None:
    rows = measured(MAP, make_of_points(Toy()))
    lines = [row for row in rows if row["part"] == "plane"]
    assert [row["line"] for row in lines] == list(range(9))
    ticks = np.linspace(-3, 3, 9)
    cell = np.searchsorted(LATTICE.cuts, ticks)
    for line in lines:
        z = np.reshape(line["z"], (9, 2))
        assert z[:, 0] == pytest.approx(ticks)
        assert z[:, 1] == pytest.approx(ticks[line["line"]])  # type: ignore[index]
        assert line["labels"] == (5 * cell + cell[line["line"]]).tolist()  # type: ignore[index]
    [samples] = [row for row in rows if row["part"] == "samples"]
    z, shown = np.reshape(samples["z"], (20, 2)), np.reshape(samples["points"], (20, 2))
    assert torch.special.ndtr(torch.tensor(z)).numpy() * 10 - 5 == pytest.approx(shown, abs=1e-5)


def test_the_map_of_a_line(make_of_points: Make) -> None:
    rows = measured(MAP, make_of_points(Toy(generator="square")))
    assert [row["part"] for row in rows] == ["plane", "samples"]
    assert rows[0]["labels"] == [1, 1, 1, 0, 0, 0, 1, 1, 1]  # z = -3, -2.25 … 3
    assert rows[0]["points"] == pytest.approx(np.square(np.linspace(-3, 3, 9)), rel=1e-6)


def test_the_map_of_images_is_the_classifiers(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(Vae(latent_dim=2))
    rows = measured(ClassMap(resolution=5, samples=7), context)
    normal = context.learner.networks["generator"].weight.T @ context.classifier.normal  # type: ignore[union-attr]
    for row in rows:
        z = torch.tensor(row["z"]).reshape(-1, 2)
        assert row["labels"] == (z @ normal < 0).float().tolist()
        assert row["points"] is None
    assert [len(row["labels"]) for row in rows] == [5] * 5 + [7]  # type: ignore[arg-type]
