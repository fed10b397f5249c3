import numpy as np
import pytest

from analysis.drawing.by_arm import ArmPanel, draw_by_arm, line
from analysis.drawing.style import figure_style, new_figure


@pytest.mark.parametrize(
    ("count", "rows"), [(1, [1]), (2, [2]), (3, [3]), (4, [2, 2]), (5, [3, 2]), (6, [3, 3]), (7, [3, 3, 1])]
)
def test_rows_are_as_equal_as_can_be_and_each_names_its_scale(count: int, rows: list[int]) -> None:
    content = line("a", [(1.0, 2.0), (2.0, 3.0)])
    lasts: list[bool] = []
    with figure_style():
        figure = new_figure()
        panels = [ArmPanel(f"arm {index}", (content,)) for index in range(count)]
        draw_by_arm(panels, figure, "x", "y", {"a": "red"}, lambda axes, last: lasts.append(last))
        figure.draw_without_rendering()
        tops = np.array([axes.get_position().y1 for axes in figure.axes]).round(3)
    assert [int((tops == top).sum()) for top in sorted(set(tops), reverse=True)] == rows
    firsts = np.cumsum([0, *rows[:-1]]).tolist()
    assert [index for index, axes in enumerate(figure.axes) if axes.get_ylabel()] == firsts
    assert [index for index, last in enumerate(lasts) if last] == [
        first + rows[0] - 1 for first, length in zip(firsts, rows, strict=True) if length == rows[0]
    ]
    beneath = set(range(count)) - {index for index in range(count) if index + rows[0] < count}
    assert {index for index, axes in enumerate(figure.axes) if axes.get_xlabel()} == beneath
