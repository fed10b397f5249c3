import contextlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from raysweep.gradients import with_gradients
from raysweep.inversion import invert
from raysweep.radius import Problem, certified_radius, class_radius, make_bank

MODES = [torch.no_grad, torch.inference_mode]


@pytest.mark.parametrize("mode", MODES)
def test_a_function_has_gradients_in_every_mode(mode: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
    @with_gradients
    def slope(x: Tensor, *, factor: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad((factor * x.square()).sum(), x)
        return gradient

    with mode():
        assert slope(torch.tensor([1.0, 2.0]), factor=torch.tensor(3.0)).tolist() == [6.0, 12.0]
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("mode", MODES)
def test_what_is_searched_is_found_in_every_mode(mode: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 6)).requires_grad_(False).eval()
    classifier = nn.Linear(6, 4).requires_grad_(False)
    problem = Problem(generator, classifier, 3)

    def found() -> list[Tensor]:
        z = problem.sample(4, seed=0)
        bank, noise = make_bank(problem.logits, problem.sample(200, seed=1)), problem.sample(4, seed=2)[:, None]
        radii = class_radius(problem.logits, z, bank, noise, bank_starts=2, ray_starts=1, projections=4)
        lower = certified_radius(nn.Sequential(generator, classifier), z, radii.radius)
        return [radii.radius, lower, invert(generator, generator(z), latent_dim=3).error]

    expected = found()
    with mode():
        for values, wanted in zip(found(), expected, strict=True):
            torch.testing.assert_close(values, wanted)
