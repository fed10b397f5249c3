import json
import math
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field, ValidationError

from raysweep.errors import UserError
from raysweep.study import Autoencoder, BallLbfgs
from raysweep.study.base import Frozen, Kind
from raysweep.study.core import Arm
from raysweep.study.models import FamilySettings, LatentSettings


class Shape(Kind):
    tag: ClassVar[str] = "shape"
    colour: str = "red"


class Round(Shape):
    """Above kinds, below all shapes."""


class Circle(Round):
    code: ClassVar[str] = "math:pi"
    label: ClassVar[str] = "a circle"
    shape: Literal["circle"] = "circle"
    radius: float = 1.0


class SmallOval(Round):
    code: ClassVar[str] = "json"
    shape: Literal["small_oval"] = "small_oval"
    left_out: Annotated[int, Field(exclude_if=lambda value: value == 0)] = 0


class Square(Shape):
    shape: Literal["square"] = "square"


class Drawing(Frozen):
    first: Round
    others: tuple[Shape, ...] = ()
    last: Shape | None = None


DRAWING = Drawing(first=Circle(radius=math.inf), others=(Square(), SmallOval(left_out=1)), last=SmallOval())


@pytest.fixture(autouse=True)
def _known_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test defines is not known to others."""
    for base in (Shape, FamilySettings):
        monkeypatch.setattr(base, "_known", dict(base._known))


@pytest.fixture
def late() -> type[Shape]:
    """A kind that is defined after the settings that hold it."""

    class Star(Round):
        shape: Literal["star"] = "star"

    return Star


def test_kinds_survive_json_with_all_their_settings() -> None:
    assert Drawing.model_validate_json(DRAWING.model_dump_json()) == DRAWING
    assert Drawing.model_validate(DRAWING.model_dump()) == DRAWING
    assert json.loads(DRAWING.model_dump_json()) == {
        "first": {"colour": "red", "shape": "circle", "radius": "Infinity"},
        "others": [{"colour": "red", "shape": "square"}, {"colour": "red", "shape": "small_oval", "left_out": 1}],
        "last": {"colour": "red", "shape": "small_oval"},
    }


def test_kinds_are_known_by_name_at_and_below_a_class(late: type[Shape]) -> None:
    assert Shape.kinds() == {"circle": Circle, "small_oval": SmallOval, "square": Square, "star": late}
    assert Round.kinds() == {"circle": Circle, "small_oval": SmallOval, "star": late}
    assert not set(Shape.kinds()) & set(FamilySettings.kinds())


def test_a_kind_that_is_defined_late_is_taken_like_others(late: type[Shape]) -> None:
    drawing = Drawing.model_validate({"first": late(colour="blue")})
    assert Drawing.model_validate_json(drawing.model_dump_json()) == drawing


@pytest.mark.parametrize(
    ("value", "where", "words"),
    [
        ({"shape": "square"}, ("first",), "does not match any of the expected tags: 'circle', 'small_oval'"),
        (Square(), ("first",), "does not match any of the expected tags: 'circle', 'small_oval'"),
        ({}, ("first",), "Unable to extract tag"),
        (Circle, ("first",), "Unable to extract tag"),
        ({"shape": "circle", "radius": "x"}, ("first", "circle", "radius"), "valid number"),
        ({"shape": "circle", "radios": 2}, ("first", "circle"), "no setting 'radios'; did you mean 'radius'?"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(value: object, where: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Drawing.model_validate({"first": value})
    (error,) = caught.value.errors()
    assert error["loc"] == where
    assert words in error["msg"]


def test_a_kind_is_called_by_its_label_or_else_by_its_name() -> None:
    assert (Circle.label, SmallOval.label) == ("a circle", "small oval")


def test_code_is_a_module_or_something_in_it() -> None:
    assert Circle.implementation() == math.pi
    assert SmallOval.implementation() is json


def test_two_kinds_cannot_have_one_name() -> None:
    with pytest.raises(UserError, match=r"shape 'circle': .*test_base.Circle and .*Ball both have this name; give one"):

        class Ball(Circle):
            pass

    assert Shape.kinds()["circle"] is Circle


def test_a_class_that_is_defined_again_takes_the_place_of_the_first() -> None:
    """As when a study file is loaded again."""

    def define() -> type[Shape]:
        class Ring(Round):
            shape: Literal["ring"] = "ring"

        return Ring

    first, again = define(), define()
    assert Shape.kinds()["ring"] is again is not first


def test_a_family_of_ones_own_can_be_swept() -> None:
    class Wide(Autoencoder):
        family: Literal["wide"] = "wide"  # type: ignore[assignment]
        width: int = 256

    arm = Arm(model=Wide(), over={"latent_dim": (2, 3)})
    assert Arm.model_validate_json(arm.model_dump_json()) == arm
    assert {type(model) for model in arm.points()} == {Wide}
    assert Wide.implementation() is Autoencoder.implementation()
    assert Wide.label == "wide"
    assert LatentSettings.kinds()["wide"] is Wide


def test_settings_are_written_in_the_order_in_which_tables_have_them() -> None:
    """Fields of a class above come first, but for those that it only announces to the type checker."""
    assert [*Autoencoder.model_fields][:5] == ["steps", "epochs", "batch", "learning_rate", "betas"]
    assert [*Autoencoder.model_fields][-1] == "family"
    assert [*BallLbfgs.model_fields][:4] == ["solver", "bank", "starts", "feasible"]
