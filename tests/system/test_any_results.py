"""Whatever numbers there are, and for whichever arms: every figure, claim and table says what can be said."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.claims import CLAIMS
from analysis.claims.base import Finding
from analysis.drawing.style import figure_style, new_figure, render
from analysis.figures import FIGURES
from analysis.figures.base import AnyFigure, Info
from analysis.numbers import numbers
from analysis.report import attempt, summary
from analysis.results import Results
from support.changed_results import KINDS, changed, pretended

names = st.sampled_from(KINDS)
seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.05, 0.2, 0.5])


def faults_of_claims(results: Results) -> Iterator[str]:
    for claim in CLAIMS:
        found = attempt(lambda claim=claim: claim.examine(results))  # type: ignore[misc]
        if not isinstance(found, Finding):
            yield f"claim {claim.title}: {found}"
        elif found.verdict in {"supported", "not supported"}:
            assert any(np.isfinite([line.low, line.high]).any() for line in found.evidence), claim.title


def faults_of_figures(results: Results, random: np.random.Generator, drawn: float) -> Iterator[str]:
    """Of what every figure computes and says, and of about this share of the drawings."""

    def show(kind: AnyFigure, info: Info) -> None:
        assert kind.caption(info)
        if random.random() < drawn:
            with figure_style():
                figure = new_figure()
                kind.draw(info, figure)
                render(figure, ["svg"])

    for name, kind in FIGURES.items():
        infos = attempt(lambda kind=kind: kind.infos(results))  # type: ignore[misc]
        if isinstance(infos, str):
            yield f"figure {name}: {infos}"
            continue
        for info in infos:
            if fault := attempt(lambda kind=kind, info=info: show(kind, info)):  # type: ignore[misc]
                yield f"drawing {name}: {fault}"


@pytest.mark.slow
@given(name=names, seed=seeds, share=shares)
@settings(max_examples=30)
def test_every_claim_figure_and_table_stands_any_numbers(name: str, seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    results = changed(pretended(name), random, share)
    assert [*faults_of_claims(results), *faults_of_figures(results, random, drawn=0.05)] == []
    assert numbers(results).rows is not None
    assert summary(results)
