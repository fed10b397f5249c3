from pathlib import Path

import pytest

from raysweep.study import Digits, WganGp

FACTS = Digits().facts(Path())


@pytest.mark.parametrize("critic_steps", [1, 5])
def test_a_step_costs_the_passes_that_its_docstring_counts(critic_steps: int) -> None:
    model = WganGp(width=4, batch=8, critic_steps=critic_steps)
    generator, critic = (2 * 8 * network.multiply_adds for network in model.networks(FACTS).values())
    assert model.flop_per_step(FACTS) == pytest.approx(
        critic_steps * (generator + 10 * critic) + 3 * generator + 2 * critic
    )
    assert model.batches_per_step == critic_steps
