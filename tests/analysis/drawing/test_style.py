from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

from analysis.drawing.style import MARKERS, PALETTE, arm_colours
from analysis.results import Results
from raysweep.study import Arm, Digits, Gan, Study, Vae, WganGp
from support.pretended_results import pretended_study


def colours(*arms: Arm) -> dict[str, str]:
    study = Study(name="s", title="S", question="How?", data=Digits(), arms=arms)
    return arm_colours(cast("Results", SimpleNamespace(study=study)))


def test_arms_have_colours_of_their_own_while_there_are_any() -> None:
    arms = [Arm(model=WganGp()), *(Arm(name=f"gan{index}", model=Gan()) for index in range(len(PALETTE) - 1))]
    found = colours(*arms)
    assert found["wgan_gp"] == WganGp.colour
    assert found["gan0"] == Gan.colour
    assert len(set(found.values())) == len(PALETTE)


def test_many_arms_differ_in_colour_or_marker() -> None:
    found = colours(*(Arm(name=f"gan{index}", model=Gan()) for index in range(30)))
    assert len({(colour, MARKERS[i % len(MARKERS)]) for i, colour in enumerate(found.values())}) == 30


def test_arms_of_one_family_have_different_colours(make_results: Callable[..., Results]) -> None:
    arms = (Arm(model=Vae(width=8)), Arm(name="wide", model=Vae(width=16)), Arm(name="wider", model=Vae(width=32)))
    colours = arm_colours(make_results(pretended_study(arms=arms, measures=())))
    assert len(set(colours.values())) == 3
    assert colours["vae"] == "#009e73"
