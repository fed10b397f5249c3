import math
from pathlib import Path

import pytest

from raysweep.execution.plan import make_plan
from raysweep.study import (
    Arm,
    Autoencoder,
    CelebA,
    Cifar10,
    Digits,
    Gan,
    LcVae,
    Mnist,
    Study,
    WganGp,
    grid,
)

CIFAR10, CELEBA, MNIST, DIGITS = (data().facts(Path()) for data in (Cifar10, CelebA, Mnist, Digits))


def test_a_trial_of_no_steps_costs_nothing_to_train() -> None:
    for family in (WganGp, Gan):
        study = Study(name="s", title="S", question="How?", data=Digits(), arms=(Arm(model=family(steps=0)),))
        assert make_plan(study, DIGITS, None).flop == 0


def test_families_that_are_always_trained_refuse_no_steps() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Autoencoder(steps=0)


def test_naming_one_budget_replaces_the_other() -> None:
    assert LcVae(steps=7).epochs is None
    assert WganGp(epochs=3).steps is None


def test_an_axis_of_budgets_replaces_the_other_budget() -> None:
    arm = Arm(model=LcVae(epochs=3), over={"steps": grid(5, 7)})
    assert [(model.steps, model.epochs) for model in arm.points()] == [(5, None), (7, None)]


def test_epochs_become_steps() -> None:
    facts = Digits().facts(Path())
    assert LcVae(epochs=2, batch=100).total_steps(facts) == math.ceil(2 * 1437 / 100)
    assert WganGp(epochs=1, batch=10, critic_steps=5).total_steps(facts) == math.ceil(1437 / 50)
