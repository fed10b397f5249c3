import argparse

import pytest

from raysweep.cli.arguments import make_parser, parse_steps
from raysweep.errors import UserError
from raysweep.run import main


def test_help_shows_examples_places_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["-h"])
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert all(words in out for words in ("examples:", "report/index.html", "arms.*.steps=200", "exit codes:", "130"))


def test_steps_are_done_in_their_own_order() -> None:
    assert parse_steps("report,train") == ("train", "report")
    with pytest.raises(argparse.ArgumentTypeError, match="'trian' is not a step; the steps are train, measure, report"):
        parse_steps("train,trian")


def test_a_misspelt_option_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"unrecognized arguments: --seral; did you mean --serial\?"):
        make_parser().parse_args(["digits", "--seral"])
