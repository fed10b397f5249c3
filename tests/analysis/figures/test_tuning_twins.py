from analysis.drawing.style import figure_style, new_figure
from analysis.figures import tuning_twins
from analysis.results import Results
from support.pretended_search import FINALISTS, drawn, known, with_search


def test_gains_of_a_finalist_over_its_twin_are_drawn(searched: Results) -> None:
    (info,) = tuning_twins.infos(searched)
    with figure_style():
        figure = new_figure()
        tuning_twins.draw(info, figure)
    assert figure.axes
    assert "no intervals" not in tuning_twins.caption(info)


def test_one_fresh_seed_has_no_intervals(shared_results: Results) -> None:
    results = with_search(shared_results, drawn(4), FINALISTS, known, fresh_seeds=(101,))
    (info,) = tuning_twins.infos(results)
    assert "no intervals" in tuning_twins.caption(info)
