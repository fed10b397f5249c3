from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.loss_surface import coordinates, orthogonal_direction, paper_direction
from raysweep.study import BallLbfgs, LossSurface, WganGp
from raysweep.study.measures import Shard

Make = Callable[..., MeasureContext]


def rows(settings: LossSurface, context: MeasureContext) -> list[dict[str, Any]]:
    shards = settings.shards(context.trial.model, context.data.facts)
    return [row for shard in shards for row in run_measure(settings, shard, context).to_pylist()]


@pytest.mark.parametrize("direction", ["paper", "random"])
def test_a_linear_generator_makes_the_bowl_of_its_matrix(make_context: Make, direction: str) -> None:
    """F(a, b) = ‖A (aα + bβ − z*)‖² / pixels: quadratic in a and b, with its one minimum, 0, at (1, 0)."""
    context = make_context(WganGp(latent_dim=6))
    settings = LossSurface(samples=3, resolution=9, path=5, direction=direction)  # type: ignore[arg-type]
    matrix = context.learner.networks["generator"].weight.double()
    a, b = coordinates(9).unbind(dim=1)
    for row in rows(settings, context):
        loss = torch.tensor(row["loss"], dtype=torch.float64)
        assert row["path"] == pytest.approx([row["path"][0] * (1 - t) ** 2 for t in (0, 0.25, 0.5, 0.75, 1)], abs=1e-6)
        # The quadratic form in (a − 1, b), fitted to three points, must give all others.
        form = torch.stack([(a - 1) ** 2, 2 * (a - 1) * b, b**2], dim=1)
        fitted = torch.linalg.lstsq(form, loss[:, None]).solution
        torch.testing.assert_close(form @ fitted, loss[:, None], rtol=1e-5, atol=1e-5)
        assert fitted[0] * fitted[2] > fitted[1] ** 2
        assert int(loss.argmin()) == int(((a - 1) ** 2 + b**2).argmin())
        # f(0, 0) = ‖A z*‖² / pixels, with ‖z*‖ as stated.
        bounds = torch.linalg.svdvals(matrix).square() * row["norm"] ** 2 / len(matrix)
        assert bounds[-1] <= row["path"][0] <= bounds[0]
        assert row["solver"] == "prior sample"


@given(st.integers(2, 40), st.integers(0, 1000))
def test_directions_are_orthogonal_and_as_long(dim: int, seed: int) -> None:
    alpha, noise = torch.randn(2, 5, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    for beta in (paper_direction(alpha), orthogonal_direction(alpha, noise)):
        torch.testing.assert_close((alpha * beta).sum(dim=1), torch.zeros(5, dtype=torch.float64))
        torch.testing.assert_close(beta.norm(dim=1), alpha.norm(dim=1))


def test_the_papers_direction_is_in_the_plane_of_the_first_two_latents() -> None:
    beta = paper_direction(torch.tensor([[3.0, 4.0, 12.0]]))
    torch.testing.assert_close(beta, torch.tensor([[4.0, -3.0, 0.0]]) * 13 / 5)


def test_points_run_line_by_line_from_minus_two() -> None:
    points = coordinates(5)
    assert points[:6].tolist() == [[-2, -2], [-1, -2], [0, -2], [1, -2], [2, -2], [-2, -1]]
    assert [0, 0] in points.tolist()
    assert [1, 0] in points.tolist()


def test_at_z_star_the_loss_is_the_inversions_error(make_context: Make, data: DataSet) -> None:
    """Of a linear generator, within the ball: the error of the orthogonal projection onto its images."""
    context = make_context(WganGp(latent_dim=3))
    solver = BallLbfgs(bank=0, starts=1, scout_steps=0, feasible="everything")
    settings = LossSurface(targets=("train", "validation"), samples=2, resolution=5, path=3, solver=solver)
    matrix = context.learner.networks["generator"].weight.double()
    found = rows(settings, context)
    assert [row["part"] for row in found] == ["train"] * 2 + ["validation"] * 2
    for row in found:
        image = data.split(row["part"]).batch(np.array([row["sample"]]), torch.device("cpu"))[0].double().flatten()
        best = torch.linalg.lstsq(matrix, image[:, None]).solution
        expected = float((matrix @ best - image[:, None]).square().mean())
        assert row["path"][-1] == pytest.approx(expected, rel=1e-3)
        assert row["path"][0] == pytest.approx(float(image.square().mean()), rel=1e-5)
        assert row["norm"] == pytest.approx(float(best.norm()), rel=0.02)
        assert row["loss"][2 * 5 + 3] == pytest.approx(row["path"][-1], rel=1e-5)
        assert row["solver"] == solver.model_dump_json()


def test_surfaces_do_not_depend_on_how_shards_are_cut(make_context: Make) -> None:
    context = make_context(WganGp(latent_dim=4))
    settings = LossSurface(samples=3, resolution=5, path=2, direction="random")
    whole = run_measure(settings, Shard("generated", 0, 3), context).to_pylist()
    parts = [run_measure(settings, Shard("generated", i, i + 1), context).to_pylist()[0] for i in range(3)]
    assert [row["sample"] for row in parts] == [0, 1, 2]
    for one, other in zip(whole, parts, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
