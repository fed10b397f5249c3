import io
from pathlib import Path

import pytest
from rich.console import Console

from raysweep.cli.options import DONE
from raysweep.cli.plan import print_plan, with_prefix
from raysweep.execution.plan import Plan, make_plan
from raysweep.results.store import StudyStore
from raysweep.run import main
from raysweep.study import (
    FrechetDistance,
)
from support.planned_study import FACTS, LARGER, SMALLER, STUDY, finish, save_first_shard
from support.tiny_tuning import TINY, study_file


def printed(plan: Plan, every_trial: bool = True) -> str:
    stream = io.StringIO()
    print_plan(plan, Console(file=stream, emoji=False, highlight=False), every_trial)
    return stream.getvalue()


def test_every_trial_is_printed_with_its_resources_cost_and_shards() -> None:
    lines = printed(make_plan(STUDY, FACTS, None)).splitlines()
    (line,) = [line for line in lines if line.startswith(LARGER.id)]
    flop = LARGER.model.flop_per_step(FACTS) * 10
    cost = f"{with_prefix(flop, 'FLOP')} {flop / 50e9:.2g} s"
    expected = f"{LARGER.id} to do 2 0.25 {cost} 0/4".split()
    assert line.split()[: len(expected)] == expected


def test_the_summary_alone_names_no_trial() -> None:
    text = printed(make_plan(STUDY, FACTS, None), every_trial=False)
    assert SMALLER.id not in text
    assert "latent_dim 2, 4" in text
    assert "3 trials and 13 shards" in text


def test_what_exists_is_printed(tmp_path: Path) -> None:
    store = StudyStore(tmp_path)
    finish(store, SMALLER)
    save_first_shard(store, SMALLER)
    text = " ".join(printed(make_plan(STUDY, FACTS, store)).split())
    assert "has trials: 1 finished; 1 of 13 shards." in text
    assert "Left to do: 2 trials and 12 shards" in text
    assert "1/4" in text


def test_nothing_is_cut_off_or_taken_for_markup_where_there_is_no_terminal() -> None:
    name = "a" * 40
    arm = STUDY.arms[0].model_copy(update={"name": name})
    text = printed(make_plan(STUDY.model_copy(update={"arms": (arm,)}), FACTS, None))
    assert "…" not in text
    assert f"{name}-d2-s0-" in text
    assert "Tiny [bold]" in text


def test_a_terminal_of_100_columns_shows_every_id_on_one_line() -> None:
    stream = io.StringIO()
    print_plan(make_plan(STUDY, FACTS, None), Console(file=stream, width=100, force_terminal=True), every_trial=True)
    assert all(trial.id in stream.getvalue() for trial in STUDY.trials)


def test_a_measure_that_no_model_can_have_is_named() -> None:
    study = STUDY.model_copy(update={"arms": STUDY.arms[:1]})
    assert "No model of this study can have this measured: samples." in printed(make_plan(study, FACTS, None))
    assert "No model" not in printed(make_plan(STUDY, FACTS, None))


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (999, "999 B"), (999.6, "1 kB"), (13.788e12, "13.8 TB"), (5.06e18, "5.06 EB")]
)
def test_prefixes(value: float, text: str) -> None:
    assert with_prefix(value, "B") == text


def test_the_plan_says_what_the_search_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each configuration costs what one more arm does; the classifier is trained once, and not for each."""
    settings = TINY.model_copy(update={"measures": (*TINY.measures, FrechetDistance(features="lenet", samples=100))})

    def flop(*arms: str) -> float:
        study = settings.study(dict.fromkeys(arms, settings.model), settings.seeds)
        return make_plan(study, settings.data.facts(tmp_path), None).flop

    assert main([study_file(tmp_path, settings), "--plan", "--results", str(tmp_path)]) == DONE
    lines = {line.split(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    cost = settings.configurations * (flop("one", "two") - flop("one"))
    assert f"; {with_prefix(cost, 'FLOP')}, " in lines["Search"]
    assert lines["Finalists"].startswith("Finalists: at most 1 with a twin each, on 2 fresh seeds; at most ")
