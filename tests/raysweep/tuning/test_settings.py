from pathlib import Path

import pytest
from pydantic import ValidationError

from raysweep.cli.overriding import override
from raysweep.study import Digits, FrechetDistance, WganGp
from raysweep.tuning import MedianRule, Tuning, log_uniform
from support.tiny_tuning import TINY


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"space": {"lamb": log_uniform(1, 2)}}, "'lamb' is not a setting of lc_vae; did you mean 'lam'"),
        ({"objectives": ("frechet",)}, "give exactly one measure"),
        ({"objectives": ("loss",)}, "objective 'loss': unknown"),
        ({"fresh_seeds": (0, 1)}, "0 is among the seeds that choose the finalists"),
        ({"baselines": {"far": {"lam": 11}}, "twin": None}, "far: lam = 11.0 lies outside of the space"),
        ({"pruner": MedianRule()}, "this search has 2 objectives; name one, or set pruner to None"),
        ({"pruner": MedianRule(), "objectives": ("looseness",)}, "looseness is not known before a trial has ended"),
        ({"twin": "plain"}, "twin 'plain' is not a baseline; did you mean 'plain_vae'"),
    ],
)
def test_what_cannot_be_searched_is_named(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("(", r"\(")):
        Tuning.model_validate({**{name: getattr(TINY, name) for name in type(TINY).model_fields}, **fields})


def test_settings_are_changed_and_more_configurations_are_the_same_search() -> None:
    longer = override(TINY, ["configurations=9"])
    assert (longer.configurations, longer.search_name) == (9, TINY.search_name)
    assert override(TINY, ["sampler=random"]).search_name != TINY.search_name
    assert override(TINY, ["model.width=6"]).model.width == 6  # type: ignore[union-attr]


def test_any_family_can_be_tuned() -> None:
    gan = Tuning(
        name="gan",
        title="t",
        question="q?",
        data=Digits(),
        model=WganGp(width=4),
        space={"learning_rate": log_uniform(1e-5, 1e-2)},
        objectives=("frechet",),
        measures=(FrechetDistance(samples=100),),
    )
    gan.check_shapes(Path())
