import pytest
import torch
from torch import Tensor, nn

from raysweep.errors import UserError
from raysweep.inversion import Inverter, ball_lbfgs, invert, project, radius
from raysweep.inversion.problem import squared_error
from raysweep.inversion.solve import SAMPLES
from raysweep.study import Automatic, BallLbfgs, LevenbergMarquardt, ProjectedAdam, WebsterLbfgs
from raysweep.study.architecture import ImageShape
from raysweep.study.solvers import Solver
from support.inversion_problems import curved, random, untrained

DIGITS = ImageShape(1, 8)


@pytest.mark.slow
@pytest.mark.parametrize("latent_dim", [2, 8])
def test_generated_images_are_recovered(latent_dim: int) -> None:
    network = untrained(latent_dim, DIGITS, 8)
    truth = project(random(200, latent_dim, seed=3), radius("paper_ball", latent_dim))
    images = network(truth)
    found = invert(network, images, latent_dim=latent_dim)
    signal = (images - images.mean(dim=0)).square().sum(dim=(1, 2, 3)).mean()
    assert float((found.error < 1e-4 * signal).float().mean()) >= 0.99
    assert "stalled" not in found.status
    torch.testing.assert_close(found.error, squared_error(network(found.z), images), rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("latent_dim", [2, 8])
def test_it_never_ends_above_a_long_projected_adam_on_average(latent_dim: int) -> None:
    network, images = untrained(latent_dim, DIGITS, 4), torch.tanh(random(16, 1, 8, 8, seed=4))
    ours = invert(network, images, latent_dim=latent_dim)
    adam = invert(network, images, latent_dim=latent_dim, solver=ProjectedAdam(steps=600, learning_rate=0.02))
    assert float(ours.error.mean()) <= float(adam.error.mean())
    assert float(ours.passes.float().mean()) < 1201


@pytest.mark.parametrize("latent_dim", [2, 8, 64])
@pytest.mark.slow
def test_plans_reckon_with_at_least_the_passes_that_are_spent_and_at_most_twice_as_many(latent_dim: int) -> None:
    network, truth = untrained(latent_dim, DIGITS, 4), random(16, latent_dim, seed=3)
    images = torch.cat([network(truth).detach(), torch.tanh(random(16, 1, 8, 8, seed=4))])
    spent = float(invert(network, images, latent_dim=latent_dim).passes.float().mean())
    assert spent <= Automatic().expected_passes(latent_dim) <= 2 * spent


@pytest.mark.parametrize(
    "solver",
    [
        Automatic(),
        LevenbergMarquardt(bank=100, steps=5),
        BallLbfgs(bank=100, steps=5),
        BallLbfgs(bank=0, starts=1, steps=5),
        ProjectedAdam(steps=5),
        ProjectedAdam(steps=5, start="zero"),
        WebsterLbfgs(steps=5),
    ],
    ids=lambda solver: f"{solver.solver}-{solver.bank_size}-{solver.random_starts}",
)
@pytest.mark.slow
def test_every_solver_inverts_functions_and_modules_and_repeats_itself(solver: Solver) -> None:
    network, images = untrained(3, DIGITS, 2), torch.tanh(random(4, 1, 8, 8, seed=4))
    first = invert(network, images, latent_dim=3, solver=solver)
    again = invert(network, images, latent_dim=3, solver=solver)
    plain = invert(network.forward, images, latent_dim=3, solver=solver)
    assert torch.equal(first.z, again.z)
    assert first.z.shape == (4, 3)
    assert first.error.shape == first.passes.shape == (4,)
    assert len(first.status) == 4
    torch.testing.assert_close(first.error, squared_error(network(first.z), images), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(first.error.mean(), plain.error.mean(), rtol=0.02, atol=0)


def test_every_solver_names_what_runs_it_or_chooses_another_that_does() -> None:
    concrete = set(Solver.kinds().values()) - {Automatic}
    assert concrete == {LevenbergMarquardt, BallLbfgs, ProjectedAdam, WebsterLbfgs}
    assert all(callable(solver.implementation()) for solver in concrete)
    assert {type(Automatic().at(d)) for d in (1, 1000)} <= concrete


def test_the_bank_is_generated_once_for_all_images() -> None:
    rows, network = 0, curved(4)

    def generate(z: Tensor) -> Tensor:
        nonlocal rows
        rows += len(z)
        return network(z)

    inverter = Inverter(generate, 4, BallLbfgs(bank=1000, starts=2, scout_steps=0, steps=1, probes=0))
    assert inverter.bank_passes == rows == 0
    inverter.invert(random(3, 1, 3, 4, seed=1))
    assert inverter.bank_passes == 1000
    checked = SAMPLES + 1
    assert rows == checked + 1000 + 3 * 2 * 2
    inverter.invert(random(3, 1, 3, 4, seed=2))
    assert rows == checked + 1000 + 2 * 3 * 2 * 2


def test_the_first_inverse_hessian_is_made_once_for_all_images() -> None:
    rows, network = 0, curved(4)

    def generate(z: Tensor) -> Tensor:
        nonlocal rows
        rows += len(z)
        return network(z)

    inverter = Inverter(generate, 4, BallLbfgs(bank=0, starts=1, probes=25))
    inverter.prepare(random(3, 1, 3, 4, seed=1))
    checked = SAMPLES + 1
    assert rows == checked + 25 * 4
    assert inverter.bank_passes == 2 * (rows - checked)  # forward and backward
    found = inverter.invert(random(3, 1, 3, 4, seed=1))
    assert 2 * (rows - checked) == inverter.bank_passes + int(found.passes.sum())


def test_seeds_name_the_prior_samples() -> None:
    generate, images = curved(4), random(3, 1, 3, 4, seed=1)
    standing = ProjectedAdam(steps=1, learning_rate=1e-12)
    starts = [invert(generate, images, latent_dim=4, solver=standing, seed=seed).z for seed in (0, 0, 1)]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    fewer = invert(generate, images[:2], latent_dim=4, solver=standing).z
    assert torch.equal(fewer, starts[0][:2])  # an image's start does not depend on how many others there are


def test_z_zero_is_among_the_starts() -> None:
    generate = curved(4)
    images = generate(torch.zeros(3, 4))
    for solver in (LevenbergMarquardt(bank=10), BallLbfgs(bank=10), BallLbfgs(bank=0, starts=1)):
        assert torch.equal(invert(generate, images, latent_dim=4, solver=solver).z, torch.zeros(3, 4))


@pytest.mark.slow
def test_large_batches_are_cut_to_bound_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = untrained(3, DIGITS, 2), torch.tanh(random(7, 1, 8, 8, seed=4))
    solver = BallLbfgs(bank=20, starts=3)
    whole = invert(network, images, latent_dim=3, solver=solver)
    monkeypatch.setattr(ball_lbfgs, "CHUNK", 4)
    torch.testing.assert_close(
        invert(network, images, latent_dim=3, solver=solver).error, whole.error, rtol=1e-3, atol=0
    )


@pytest.mark.slow
def test_layers_that_work_in_place_can_be_inverted() -> None:
    network = nn.Sequential(
        nn.Linear(2, 32), nn.Unflatten(1, (8, 2, 2)), nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.BatchNorm2d(4),
        nn.ReLU(inplace=True), nn.Upsample(scale_factor=2), nn.Conv2d(4, 1, 3, padding=1), nn.Tanh(),
    )  # fmt: skip
    truth = random(20, 2) / 2
    images = network.eval()(truth).detach()
    assert float(invert(network, images, latent_dim=2).error.max()) < 1e-3 * float(images.square().sum() / 20)


@pytest.mark.parametrize("latent_dim", [3, 8], ids=["newton", "lbfgs"])
def test_one_image_that_is_not_finite_leaves_the_others_alone(latent_dim: int) -> None:
    generate = curved(latent_dim)
    images = generate(random(6, latent_dim, seed=5)).detach()
    images[2, 0, 0, 0] = torch.nan
    found = invert(generate, images, latent_dim=latent_dim)
    assert [status == "not finite" for status in found.status] == [k == 2 for k in range(6)]
    assert bool(found.error[2].isnan())
    assert bool(found.z[2].isnan().all())
    others = [0, 1, 3, 4, 5]
    alone = invert(generate, images[others], latent_dim=latent_dim)
    assert torch.equal(found.z[others], alone.z)


@pytest.mark.parametrize("latent_dim", [3, 8], ids=["newton", "lbfgs"])
def test_a_generator_that_fails_on_some_latents_is_searched_on_the_others(latent_dim: int) -> None:
    whole = curved(latent_dim)

    def generate(z: Tensor) -> Tensor:
        return torch.where((z[:, 0] > 1.5)[:, None, None, None], torch.nan, whole(z))

    z = random(40, latent_dim, seed=5)
    images = whole(z[z[:, 0] < 1.0]).detach()
    found = invert(generate, images, latent_dim=latent_dim)
    signal = (images - images.mean(dim=0)).square().sum() / len(images)
    assert bool(found.error.isfinite().all())
    assert float((found.error < 1e-4 * signal).double().mean()) > 0.9


def test_a_generator_that_only_fails_is_named() -> None:
    with pytest.raises(UserError, match=r"generator: none of the images of .* finite"):
        invert(lambda z: z[:, :, None] * torch.nan, random(3, 8, 1), latent_dim=8)


def test_errors_that_overflow_are_not_called_converged() -> None:
    found = invert(lambda z: 1e20 * z[:, :, None], 1e20 * random(3, 8, 1), latent_dim=8)
    assert set(found.status) == {"not finite"}


@pytest.mark.parametrize("latent_dim", [3, 8], ids=["newton", "lbfgs"])
def test_images_that_differ_little_are_still_told_apart(latent_dim: int) -> None:
    small = curved(latent_dim)

    def generate(z: Tensor) -> Tensor:
        return 1 + 1e-3 * small(z)

    images = generate(random(40, latent_dim, seed=5)).detach()
    found = invert(generate, images, latent_dim=latent_dim)
    signal = (images - images.mean(dim=0)).square().sum() / len(images)
    assert float((found.error < 1e-4 * signal).double().mean()) > 0.9
