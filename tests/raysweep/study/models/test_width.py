from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysweep.errors import UserError
from raysweep.execution.plan import make_plan
from raysweep.study import Arm, Autoencoder, CelebA, Cifar10, Digits, Gan, Glo, Mnist, Study, WganGp, grid
from raysweep.study.architecture import Network, dcgan_generator, mlp_generator
from raysweep.study.data import DataFacts
from raysweep.study.models.width import WidthSettings

CIFAR10, CELEBA, MNIST, DIGITS = (data().facts(Path()) for data in (Cifar10, CelebA, Mnist, Digits))
DECODERS = {WganGp: "generator", Gan: "generator", Glo: "generator", Autoencoder: "decoder"}
families = pytest.mark.parametrize("family", DECODERS, ids=lambda family: family.__name__)


def decoder(model: WidthSettings, facts: DataFacts) -> Network:
    return model.networks(facts)[DECODERS[type(model)]]  # type: ignore[index]


@families
@given(st.integers(1, 200), st.integers(100_000, 50_000_000))
@pytest.mark.slow
def test_a_budget_is_used_as_far_as_a_width_can(family: type[WidthSettings], latent_dim: int, budget: int) -> None:
    model = family(latent_dim=latent_dim, parameter_budget=budget)  # type: ignore[call-arg]
    network = decoder(model, MNIST)
    (width,) = [w for w in range(2, 900) if dcgan_generator(latent_dim, MNIST.shape, w) == network]
    assert network.parameters <= budget < dcgan_generator(latent_dim, MNIST.shape, width + 1).parameters
    assert budget - network.parameters < 2 / (width + 1) * budget


@families
def test_budgets_are_met_closely_at_the_papers_sizes(family: type[WidthSettings]) -> None:
    """The whole axis of dim(z) within 3 % of the papers' smallest generator, whose width is 128."""
    for facts, dims in ((CIFAR10, (10, 100, 1_000, 4_000)), (CELEBA, (10, 100, 1_000, 5_000))):
        budget = dcgan_generator(10, facts.shape, 128).parameters
        networks = [decoder(family(latent_dim=d, parameter_budget=budget), facts) for d in dims]  # type: ignore[call-arg]
        assert networks[0].parameters == budget
        assert all(0.97 * budget < network.parameters <= budget for network in networks)
        assert [network.multiply_adds for network in networks] == sorted(
            (n.multiply_adds for n in networks), reverse=True
        )


@families
def test_a_budget_leaves_the_other_network_as_wide_as_it_was(family: type[WidthSettings]) -> None:
    matched, plain = family(width=8, parameter_budget=30_000), family(width=8)
    assert decoder(matched, DIGITS) != decoder(plain, DIGITS)
    assert list(matched.networks(DIGITS).values()).count(decoder(matched, DIGITS)) == 1
    others = [
        [network for name, network in model.networks(DIGITS).items() if name != DECODERS[family]]
        for model in (matched, plain)
    ]
    assert others[0] == others[1]


def test_a_budget_holds_for_points_too() -> None:
    model = Gan(layers="mlp", latent_dim=2, parameter_budget=484_802)
    assert model.networks(MNIST)["generator"] != mlp_generator(2, MNIST.shape, 400)  # 784 pixels instead of 2 values
    facts = DataFacts(type(MNIST.shape)(2, 1), 10, 10, None)
    assert model.networks(facts)["generator"] == mlp_generator(2, facts.shape, 400)


def a_study(budget: int) -> Study:
    arm = Arm(model=WganGp(width=4, parameter_budget=budget), over={"latent_dim": grid(2, 64)})
    return Study(name="s", title="S", question="How?", data=Digits(), arms=(arm,))


def test_a_budget_that_is_too_small_is_refused_with_the_smallest() -> None:
    """At dim(z) = 64 and width 2: 65 · 64 dense, 8 of BatchNorm, 5 · 5 · 4 · 2 + 4 and 5 · 5 · 2 + 1."""
    smallest = 65 * 64 + 8 + 204 + 51
    a_study(smallest).check_shapes(Path())
    with pytest.raises(UserError, match=r"arm wgan_gp: parameter_budget is 4,422, .* of width 2 .* 4,423 parameters"):
        a_study(smallest - 1).check_shapes(Path())


def test_the_plan_states_the_parameters_of_the_width_found() -> None:
    study = a_study(20_000)
    plan = make_plan(study, DIGITS, None)
    critic = WganGp(width=4).networks(DIGITS)["critic"].parameters
    for planned in plan.trials:
        assert 0.7 * 20_000 < planned.cost.parameters - critic <= 20_000
