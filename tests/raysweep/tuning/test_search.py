import math
from dataclasses import replace
from pathlib import Path

import pytest

from raysweep.results.store import StudyStore
from raysweep.study import LcVae
from raysweep.tuning import Nsga2, Random, Tpe, Tuning, choice, log_uniform
from raysweep.tuning.search import Configuration, Search
from support.tiny_tuning import TINY, tiny

SAMPLERS = pytest.mark.parametrize("sampler", [Tpe(startup=3), Nsga2(population=3), Random()], ids=lambda s: s.kind)


def pretend(search: Search, until: int) -> None:
    """Draws and scores configurations by a formula, `parallel` at a time, until there are so many."""
    running = [each for each in search.configurations() if each.state == "running"]
    count = len(search.configurations())
    while count < until or running:
        while count < until and len(running) < search.tuning.parallel:
            running.append(search.draw())
            count += 1
        search.tell(scored(running.pop(0)))


def scored(configuration: Configuration) -> Configuration:
    assert isinstance(configuration.model, LcVae)
    lam = configuration.model.lam
    scores = {"held_out_loss": [math.log1p(lam)], "looseness": [1 / (1 + lam)]}
    return replace(configuration, state="complete", scores=scores)


def drawn(folder: Path, settings: Tuning, *stops: int) -> list[LcVae]:
    """The configurations of a search that is opened anew, as after a kill, at every stop."""
    folder.mkdir()
    for stop in stops:
        search = Search(settings, StudyStore(folder))
        pretend(search, stop)
    return [each.model for each in search.configurations()]  # type: ignore[misc]


@SAMPLERS
@pytest.mark.slow
def test_a_search_goes_on_and_is_made_longer_as_if_it_had_been_one(tmp_path: Path, sampler: Tpe) -> None:
    settings = TINY.model_copy(update={"sampler": sampler})
    whole = drawn(tmp_path / "whole", settings, 9)
    assert len(set(whole)) > len(settings.baselines)
    assert drawn(tmp_path / "stopped", settings, 2, 4, 6, 8, 9) == whole
    assert [each.lam for each in whole[:2]] == [3, 0]


@SAMPLERS
@pytest.mark.slow
def test_what_is_drawn_lies_in_the_space_and_is_drawn_once(tmp_path: Path, sampler: Tpe) -> None:
    """Without a second draw, a quarter of the first ones would all be λ = 0 and c = ∞."""
    settings = TINY.model_copy(update={"sampler": sampler})
    models = drawn(tmp_path / "search", settings, 10)
    for model in models:
        for name, dimension in settings.space.items():
            assert dimension.contains(getattr(model, name))
        assert model.c < math.inf or model.clamp == "weights"
    assert len(set(models)) == len(models)


@SAMPLERS
@pytest.mark.slow
def test_what_is_drawn_does_not_depend_on_which_configuration_ends_first(tmp_path: Path, sampler: Tpe) -> None:
    settings = TINY.model_copy(update={"sampler": sampler, "parallel": 3})
    expected = drawn(tmp_path / "in_order", settings, 12)
    (tmp_path / "out_of_order").mkdir()
    search = Search(settings, StudyStore(tmp_path / "out_of_order"))
    running = [search.draw() for _ in range(3)]
    for number in range(3, 12):  # the newest ends first, unless an older one must be known by now
        oldest = running[0].number <= number - 1 - settings.lag
        search.tell(scored(running.pop(0 if oldest else -1)))
        running.append(search.draw())
    assert [each.model for each in search.configurations()] == expected


def test_the_share_of_random_draws_at_otherwise_is_as_stated(tmp_path: Path) -> None:
    lam = log_uniform(0.1, 10, otherwise=0, otherwise_share=0.1)
    space = {"lam": lam, "learning_rate": log_uniform(1e-4, 1e-2)}  # the rate makes every draw another one
    settings = tiny(sampler=Random(), baselines={}, twin=None, space=space, parallel=20)
    search = Search(settings, StudyStore(tmp_path))
    zero = sum(search._ranged(number, 0)["lam ranged"] is False for number in range(2_000))
    assert zero / 2_000 == pytest.approx(0.1, abs=0.03)
    models = [search.draw().model for _ in range(20)]
    assert [each.lam > 0 for each in models] == [search._ranged(n, 0)["lam ranged"] for n in range(20)]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a b#c", "x@y:z", "ü"])
def test_a_search_lies_in_its_folder_whatever_the_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    Search(TINY, StudyStore(tmp_path / name)).draw()
    assert [path.name for path in (tmp_path / name).iterdir()] == ["optuna.db"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_where_all_was_tried_the_search_still_ends(tmp_path: Path) -> None:
    settings = TINY.model_copy(update={"space": {"clamp": choice("weights", "weights_and_gains")}, "baselines": {}})
    assert len(drawn(tmp_path / "search", settings, 4)) == 4
