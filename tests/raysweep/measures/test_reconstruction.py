import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from raysweep.data.images import DataSet, Images, to_bytes, to_unit
from raysweep.inversion import radius
from raysweep.inversion.batch import SMALLEST_ERROR
from raysweep.measures import MeasureContext, reconstruction, run_measure
from raysweep.measures.targets import targets
from raysweep.models import build_learner
from raysweep.study import (
    Autoencoder,
    Automatic,
    BallLbfgs,
    Digits,
    LevenbergMarquardt,
    ProjectedAdam,
    Reconstruction,
    Vae,
    WganGp,
)
from raysweep.study.measures import Shard
from raysweep.study.measures.reconstruction import RECOVERED
from raysweep.study.solvers import Solver

Make = Callable[..., MeasureContext]
SOLVER = ProjectedAdam(steps=600, learning_rate=0.05, feasible="everything")
SETTINGS = Reconstruction(images=20, generated=10, shard=10, keep=3, solver=SOLVER)


def rows(settings: Reconstruction, context: MeasureContext, shard: Shard) -> list[dict[str, Any]]:
    return run_measure(settings, shard, context).to_pylist()


def all_rows(settings: Reconstruction, context: MeasureContext) -> list[dict[str, Any]]:
    return [
        row
        for shard in settings.shards(context.trial.model, context.data.facts)
        for row in rows(settings, context, shard)
    ]


def residuals(context: MeasureContext, images: torch.Tensor) -> list[float]:
    """Mean squared error per pixel of the nearest images Az."""
    nearest = context.learner.generate(context.learner.encode(images))
    return (nearest - images).square().mean(dim=(1, 2, 3)).tolist()


@pytest.mark.parametrize("model", [WganGp(latent_dim=5), Vae(latent_dim=5), Autoencoder(latent_dim=5)])
def test_the_error_is_that_of_the_nearest_image(
    make_context: Make, data: DataSet, model: WganGp | Vae | Autoencoder
) -> None:
    context = make_context(model)
    for part, split in (("train", data.train), ("validation", data.validation)):
        measured = rows(SETTINGS, context, Shard(part, 5, 15))
        images = to_unit(torch.from_numpy(split.pixels[[row["image"] for row in measured]]))
        codes = context.learner.encode(images)
        assert [row["mse"] for row in measured] == pytest.approx(residuals(context, images), rel=1e-3)
        assert [row["z_norm"] for row in measured] == pytest.approx(codes.norm(dim=1).tolist(), rel=2e-2)
        assert {row["part"] for row in measured} == {part}


@pytest.mark.parametrize("latent_dim", [2, 5])  # Levenberg-Marquardt, L-BFGS
def test_our_solver_reaches_the_nearest_image(make_context: Make, data: DataSet, latent_dim: int) -> None:
    settings = Reconstruction(images=20, shard=10, solver=Automatic(feasible="everything"))
    context = make_context(WganGp(latent_dim=latent_dim))
    measured = rows(settings, context, Shard("train", 5, 15))
    images = to_unit(torch.from_numpy(data.train.pixels[[row["image"] for row in measured]]))
    assert [row["mse"] for row in measured] == pytest.approx(residuals(context, images), rel=1e-5)
    assert {row["status"] for row in measured} == {"converged"}
    assert {row["solver"] for row in measured} == {settings.solver.at(latent_dim).model_dump_json()}


@pytest.mark.slow
def test_a_wgan_gp_is_inverted_through_an_equal_faster_network(make_context: Make) -> None:
    context = make_context(model := WganGp(latent_dim=3, width=4))
    learner = build_learner(model, context.data.facts, 0, context.device)
    learner.load_weights(learner.weights())
    context = dataclasses.replace(context, learner=learner)
    measured = rows(Reconstruction(generated=10), context, Shard("generated", 0, 10))
    assert max(row["mse"] for row in measured) < 1e-6
    network = reconstruction._inverter(reconstruction._problem(Reconstruction(), context)).generate
    assert isinstance(network, nn.Sequential)
    assert not any(isinstance(layer, nn.BatchNorm2d | nn.Upsample) for layer in network)


def test_generated_images_are_reached(make_context: Make) -> None:
    measured = rows(SETTINGS, make_context(WganGp(latent_dim=5)), Shard("generated", 2, 10))
    assert [row["image"] for row in measured] == list(range(2, 10))
    assert max(row["mse"] for row in measured) < 1e-8


def test_generated_images_come_from_feasible_latents(make_context: Make) -> None:
    settings = SETTINGS.model_copy(update={"solver": ProjectedAdam(steps=1, feasible="paper_ball"), "keep": 200})
    context = make_context(WganGp(latent_dim=1))
    measured = rows(settings, context, Shard("generated", 0, 200))
    pixels = np.stack([np.frombuffer(row["original"], np.uint8) for row in measured]).reshape(-1, 1, 4, 4)
    codes = context.learner.encode(to_unit(torch.from_numpy(pixels)))
    assert 0.8 * radius("paper_ball", 1) < float(codes.abs().max()) < 1.02 * radius("paper_ball", 1)


def test_protocol_columns(make_context: Make) -> None:
    inverted = rows(SETTINGS, make_context(WganGp(latent_dim=5)), Shard("train", 0, 10))
    assert {ProjectedAdam.model_validate_json(row["solver"]) for row in inverted} == {SOLVER}
    assert {row["passes"] for row in inverted} == {1201}
    assert {row["status"] for row in inverted} <= {"converged", "stalled", "budget spent"}
    encoded = rows(SETTINGS, make_context(Vae(latent_dim=5)), Shard("train", 0, 10))
    assert {(row["solver"], row["status"], row["passes"]) for row in encoded} == {("encode", "encoded", 1)}


def test_the_signal_is_the_error_of_the_mean_image(make_context: Make, data: DataSet) -> None:
    images = to_unit(torch.from_numpy(data.train.pixels)).double()  # fewer than are taken at most
    mean = images.mean(dim=0, keepdim=True)
    measured = all_rows(SETTINGS.model_copy(update={"solver": ProjectedAdam(steps=1)}), make_context(WganGp()))
    (signal,) = {row["signal"] for row in measured}
    assert signal == pytest.approx(float((images - mean).square().mean()))


def test_all_trials_are_measured_on_the_same_images(make_context: Make) -> None:
    settings = SETTINGS.model_copy(update={"solver": ProjectedAdam(steps=1)})
    contexts = make_context(WganGp(latent_dim=5)), make_context(WganGp(latent_dim=2), seed=3)
    chosen = [[(row["part"], row["image"]) for row in all_rows(settings, context)] for context in contexts]
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) == len(chosen[0]) == 50
    other_solver = settings.model_copy(update={"name": "again"})  # so that solvers are compared on equal images
    assert chosen[0] == [(row["part"], row["image"]) for row in all_rows(other_solver, contexts[0])]


@pytest.mark.parametrize(
    ("model", "solver"),
    [
        (WganGp(latent_dim=5), ProjectedAdam(steps=20, learning_rate=0.05, restarts=2)),
        (WganGp(latent_dim=2), LevenbergMarquardt(bank=500)),
        (WganGp(latent_dim=5), BallLbfgs(bank=500, starts=3, scout_steps=2)),
        (Vae(latent_dim=5), Automatic()),
    ],
)
@pytest.mark.slow
def test_rows_do_not_depend_on_how_images_are_cut(make_context: Make, model: WganGp | Vae, solver: Solver) -> None:
    tables = []
    for shard in (10, 4, 1):
        settings = SETTINGS.model_copy(update={"images": 12, "generated": 6, "shard": shard, "solver": solver})
        tables.append({(row["part"], row["image"]): row for row in all_rows(settings, make_context(model))})
    for other in tables[1:]:
        assert other.keys() == tables[0].keys()
        for key, row in tables[0].items():
            # The linear algebra rounds batches of another size differently, and a search ends at any error that meets
            # its target.
            met = SMALLEST_ERROR * row["signal"]
            assert other[key].pop("mse") == pytest.approx(row["mse"], rel=1e-4, abs=met)
            if row["repeated_mse"] is not None:
                assert other[key].pop("repeated_mse") == pytest.approx(row["repeated_mse"], rel=1e-4, abs=met)
            fixed = isinstance(solver, ProjectedAdam) or model.has_encoder
            assert other[key].pop("z_norm") == pytest.approx(row["z_norm"], rel=1e-4 if fixed else 1e-2)
            if not fixed:  # rounding also moves the step at which a search ends
                assert other[key].pop("passes") == pytest.approx(row["passes"], rel=0.5)
                other[key].pop("status")
            assert other[key].items() <= row.items()


def test_every_image_starts_from_its_own_latent(make_context: Make) -> None:
    standing = ProjectedAdam(steps=1, learning_rate=1e-12, feasible="everything")
    settings = SETTINGS.model_copy(update={"solver": standing})
    norms = [row["z_norm"] for row in all_rows(settings, make_context(WganGp(latent_dim=5)))]
    assert len(set(norms)) == 50
    other_seed = [row["z_norm"] for row in all_rows(settings, make_context(WganGp(latent_dim=5), seed=1))]
    assert set(norms).isdisjoint(other_seed)
    at_zero = settings.model_copy(update={"solver": standing.model_copy(update={"start": "zero"})})
    assert max(row["z_norm"] for row in all_rows(at_zero, make_context(WganGp(latent_dim=5)))) < 1e-10


def test_pixels_of_the_first_images_are_kept(make_context: Make, data: DataSet) -> None:
    context = make_context(Vae(latent_dim=16))  # as many latents as pixels: reconstructions are perfect
    measured = rows(SETTINGS, context, Shard("validation", 0, 10)) + rows(
        SETTINGS, context, Shard("validation", 10, 20)
    )
    for row in measured[:3]:
        original = data.validation.pixels[row["image"]]
        assert row["original"] == original.tobytes()
        assert row["reconstruction"] == original.tobytes()
    for row in measured[3:]:
        assert row["original"] is row["reconstruction"] is None


@pytest.mark.slow
def test_other_targets_are_inverted_or_encoded_like_the_splits(
    make_context: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "cache"))
    settings = SETTINGS.model_copy(update={"shifts": (2,), "foreign": Digits(), "noise": 5, "generated": 0, "keep": 0})
    for model in (WganGp(latent_dim=5), Autoencoder(latent_dim=5)):
        context = dataclasses.replace(make_context(model), data_folder=tmp_path)
        for part, count in (("shifted_2", 20), ("foreign", 20), ("noise", 5)):
            shard = Shard(part, 0, count)
            measured = rows(settings, context, shard)
            _, images = targets(settings, shard, context, lambda z: z)
            assert [row["mse"] for row in measured] == pytest.approx(residuals(context, images), rel=1e-3)
            assert {row["part"] for row in measured} == {part}
        parts = {shard.part for shard in settings.shards(model, context.data.facts)}
        assert parts == {"train", "validation", "shifted_2", "foreign", "noise"}


def test_kept_latents_are_exact_and_give_the_reconstruction(make_context: Make) -> None:
    settings = SETTINGS.model_copy(update={"latents": True})
    for model, part in ((WganGp(latent_dim=5), "generated"), (Vae(latent_dim=5), "train")):
        context = make_context(model)
        measured = rows(settings, context, Shard(part, 0, 10))
        kept = np.array([row["z"] for row in measured])
        z = torch.from_numpy(kept.astype(np.float32))
        np.testing.assert_array_equal(z.double().numpy(), kept)  # nothing was lost between float32 and the table
        assert [row["z_norm"] for row in measured] == pytest.approx(np.linalg.norm(kept, axis=1).tolist())
        pixels = to_bytes(context.learner.generate(z[:3]))
        assert [row["reconstruction"] for row in measured[:3]] == [image.tobytes() for image in pixels]
    assert {row["z"] for row in rows(SETTINGS, context, Shard("train", 0, 10))} == {None}


INVERT = SETTINGS.model_copy(update={"decoder": "invert", "latents": True, "solver": Automatic(feasible="everything")})


@pytest.mark.slow
def test_an_inverted_decoder_reaches_what_its_exact_encoder_does(make_context: Make, data: DataSet) -> None:
    context = make_context(Autoencoder(latent_dim=5))
    codes = context.learner.encode(to_unit(torch.from_numpy(data.train.pixels))).double().numpy()
    mean, covariance = codes.mean(axis=0), np.cov(codes.T)
    for part in ("train", "validation"):
        measured = rows(INVERT, context, Shard(part, 0, 20))
        images = targets(INVERT, Shard(part, 0, 20), context, lambda z: z)[1]
        assert [row["mse"] for row in measured] == pytest.approx(residuals(context, images), rel=1e-4)
        exact = context.learner.encode(images).double().numpy()
        np.testing.assert_allclose([row["z"] for row in measured], exact, atol=5e-3)
        # The norm is Mahalanobis's: of the latents in units of the codes' own spread.
        squares = ((exact - mean) @ np.linalg.inv(covariance) * (exact - mean)).sum(axis=1)
        assert [row["z_norm"] for row in measured] == pytest.approx(np.sqrt(squares).tolist(), rel=5e-3)
        assert {row["status"] for row in measured} == {"converged"}


def test_a_prior_is_not_whitened(make_context: Make, data: DataSet) -> None:
    measured = rows(INVERT, make_context(Vae(latent_dim=5)), Shard("train", 0, 10))
    norms = np.linalg.norm([row["z"] for row in measured], axis=1)
    assert [row["z_norm"] for row in measured] == pytest.approx(norms.tolist())


@pytest.mark.slow
def test_an_inverted_decoder_has_a_floor_within_the_ball(make_context: Make) -> None:
    settings = INVERT.model_copy(update={"solver": Automatic(), "keep": 10})
    context = make_context(Autoencoder(latent_dim=2))
    generated = rows(settings, context, Shard("generated", 0, 10))
    assert max(row["mse"] for row in generated) < 1e-8
    norms = [row["z_norm"] for part in ("train", "generated") for row in rows(settings, context, Shard(part, 0, 10))]
    assert max(norms) <= radius("paper_ball", 2) * (1 + 1e-6)


def test_fewer_codes_than_latents_confine_the_search_to_their_span(make_context: Make, data: DataSet) -> None:
    few = DataSet(data.facts, Images(data.train.pixels[:3], None), data.validation)
    context = dataclasses.replace(make_context(Autoencoder(latent_dim=4)), data=few)
    codes = context.learner.encode(to_unit(torch.from_numpy(few.train.pixels))).double().numpy()
    spanned = np.linalg.qr((codes[1:] - codes[0]).T)[0]
    (offset,) = np.array([row["z"] for row in rows(INVERT, context, Shard("validation", 0, 1))]) - codes[0]
    np.testing.assert_allclose(spanned @ (spanned.T @ offset), offset, atol=1e-4)


def test_a_whitened_decoder_is_searched_through_an_equal_faster_network(make_context: Make) -> None:
    context = make_context(model := Autoencoder(latent_dim=3, width=4))
    learner = build_learner(model, context.data.facts, 0, context.device)
    learner.load_weights(learner.weights())
    problem = reconstruction._problem(INVERT, dataclasses.replace(context, learner=learner))
    network = reconstruction._inverter(problem).generate
    assert isinstance(network, nn.Sequential)
    assert not any(isinstance(layer, nn.BatchNorm2d | nn.Upsample) for layer in network)
    u = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(u), learner.generate(reconstruction._whitening(problem)(u)), atol=1e-5, rtol=0)


@pytest.mark.slow
def test_the_budget_is_the_trials_whatever_shard_is_first(make_context: Make) -> None:
    slow = ProjectedAdam(steps=25, learning_rate=0.05, feasible="everything")
    settings = SETTINGS.model_copy(update={"solver": slow, "recover": 0.9})
    shards = [Shard("generated", 0, 10), Shard("train", 10, 20), Shard("train", 0, 10)]
    found = []
    for order in (shards, shards[::-1]):
        context = make_context(WganGp(latent_dim=5))
        found.append({(row["part"], row["image"]): row for shard in order for row in rows(settings, context, shard)})
    assert found[0] == found[1]
    (raised,) = {ProjectedAdam.model_validate_json(row["solver"]) for row in found[0].values()}
    assert raised == slow.longer(raised.steps // slow.steps)
    assert slow.steps < raised.steps < slow.steps * 2**settings.doublings
    assert {row["passes"] for row in found[0].values()} == {raised.passes}
    recovered = [row["mse"] < RECOVERED * row["signal"] for row in found[0].values() if row["part"] == "generated"]
    assert sum(recovered) >= 8  # these images are others than those that set the budget


def test_an_easy_model_needs_no_larger_budget(make_context: Make) -> None:
    easy = BallLbfgs(bank=500)
    settings = SETTINGS.model_copy(update={"solver": easy, "recover": 1.0})
    measured = rows(settings, make_context(WganGp(latent_dim=5)), Shard("train", 0, 5))
    assert {row["solver"] for row in measured} == {easy.model_dump_json()}


def test_inversions_are_repeated_from_prior_samples_of_their_own(make_context: Make) -> None:
    context = make_context(WganGp(latent_dim=5))
    settings = SETTINGS.model_copy(update={"repeated": 13, "solver": BallLbfgs(bank=500, feasible="everything")})
    measured = [
        row for shard in (Shard("train", 0, 10), Shard("train", 10, 20)) for row in rows(settings, context, shard)
    ]
    assert [row["repeated_mse"] is None for row in measured] == [False] * 13 + [True] * 7
    for row in measured[:13]:  # a linear model has one minimum, wherever searches start
        assert row["repeated_mse"] == pytest.approx(row["mse"], rel=1e-4)
    # A search that does not move ends at another error from other starts.
    standing = settings.model_copy(update={"solver": ProjectedAdam(steps=1, learning_rate=1e-12)})
    for row in rows(standing, context, Shard("train", 0, 10)):
        assert abs(row["repeated_mse"] - row["mse"]) > 1e-4 * row["mse"]


def test_encoded_images_are_not_repeated(make_context: Make) -> None:
    assert {row["repeated_mse"] for row in rows(SETTINGS, make_context(Vae(latent_dim=5)), Shard("train", 0, 10))} == {
        None
    }
