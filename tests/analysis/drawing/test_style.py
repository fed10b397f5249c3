from types import SimpleNamespace
from typing import cast

from analysis.drawing.style import FAMILY_COLOURS, MARKERS, PALETTE, arm_colours
from analysis.results import Results
from raysweep.study import Arm, Digits, Gan, Study, WganGp


def colours(*arms: Arm) -> dict[str, str]:
    study = Study(name="s", title="S", question="How?", data=Digits(), arms=arms)
    return arm_colours(cast("Results", SimpleNamespace(study=study)))


def test_arms_have_colours_of_their_own_while_there_are_any() -> None:
    arms = [Arm(model=WganGp()), *(Arm(name=f"gan{index}", model=Gan()) for index in range(len(PALETTE) - 1))]
    found = colours(*arms)
    assert found["wgan_gp"] == FAMILY_COLOURS["wgan_gp"]
    assert found["gan0"] == FAMILY_COLOURS["gan"]
    assert len(set(found.values())) == len(PALETTE)


def test_many_arms_differ_in_colour_or_marker() -> None:
    found = colours(*(Arm(name=f"gan{index}", model=Gan()) for index in range(30)))
    assert len({(colour, MARKERS[i % len(MARKERS)]) for i, colour in enumerate(found.values())}) == 30
