from collections.abc import Callable

import pandas as pd

from analysis.drawing.style import figure_style, new_figure
from analysis.drawing.trade_off import Level
from analysis.figures.base import FigureKind
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results, Value
from support.pretended_results import pretended_study


def figure_of(*quantities: Quantity, **options: object) -> FigureKind[Curves]:
    """Of the Fréchet distance's samples."""
    return curve_figure(
        "name",
        "Title",
        "frechet",
        quantities,
        {"samples": ("-", "samples")},
        lambda curves: ("Before.", f"After {curves.measure}."),
        "nothing",
        place=1,
        **options,  # type: ignore[arg-type]
    )


def nothing(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    return results.means(rows[:0], "distance")


def test_only_the_declared_parts_are_shown(shared_results: Results) -> None:
    (info,) = figure_of(Quantity("distance", "distance")).infos(shared_results)
    assert info.parts == {"samples"}
    assert {value.part for value in info.values[0]} == {"samples"}
    assert set(info.rows["part"]) == {"samples", "reconstructions"}


def test_a_quantity_without_numbers_is_left_out(shared_results: Results) -> None:
    kind = figure_of(Quantity("distance", "distance"), Quantity("nothing", nothing))
    (info,) = kind.infos(shared_results)
    assert [content.quantity for content in info.contents] == ["distance"]
    with figure_style():
        drawn = new_figure()
        kind.draw(info, drawn)
    assert drawn.axes[0].get_ylabel() == "distance"


def test_without_its_first_quantity_there_is_no_figure(shared_results: Results) -> None:
    assert figure_of(Quantity("nothing", nothing), Quantity("distance", "distance")).infos(shared_results) == ()


def test_a_measure_without_rows_to_show_has_no_figure(shared_results: Results) -> None:
    assert figure_of(Quantity("distance", "distance"), rows=lambda results, measure: []).infos(shared_results) == ()


def test_a_level_may_be_computed_or_missing(shared_results: Results) -> None:
    one = Level(1.0, "one")
    quantities = (
        Quantity("plain", "distance"),
        Quantity("given", "distance", one),
        Quantity("computed", "distance", lambda results, measure: one),
        Quantity("missing", "distance", lambda results, measure: None),
    )
    (info,) = figure_of(*quantities).infos(shared_results)
    assert [content.levels for content in info.contents] == [(), (one,), (one,), ()]


def test_words_stand_around_those_on_panels_and_before_those_on_seeds(make_results: Callable[..., Results]) -> None:
    kind = figure_of(Quantity("distance", "distance"))
    (several,) = kind.infos(make_results())
    assert kind.caption(several).startswith("Before. (a) against dim(z), (b) against λ and (c) against c. ")
    assert " little beside each other. After frechet. " in kind.caption(several)
    (alone,) = kind.infos(make_results(pretended_study(arms=pretended_study().arms[:1])))
    assert kind.caption(alone).startswith("Before. After frechet. ")
    assert "seeds" in kind.caption(alone)


def test_tabulated_quantities_go_to_the_table_of_numbers(shared_results: Results) -> None:
    kind = figure_of(Quantity("distance", "distance", tabulated="Distance"), Quantity("again", "distance"))
    (tabulated,) = kind.numbers
    assert (tabulated.title, tabulated.table) == ("Distance", "frechet")
    (measure,) = shared_results.measures("frechet")
    values = tabulated.values(shared_results, shared_results.rows(measure))
    assert {value.part for value in values} == {"samples", "reconstructions"}
