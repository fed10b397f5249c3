"""The report: one self-contained page, with its figures and tables in folders next to it.

    report/index.html
    report/figures/<figure>.png  <figure>.svg
    report/tables/<table>.csv

The same tables give the same bytes.
"""

import base64
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from analysis.claims import CLAIMS
from analysis.claims.base import RULE, Claim, Finding
from analysis.drawing.style import FORMATS, WIDTH, Format, figure_style, new_figure, render
from analysis.figures import FIGURES
from analysis.figures.base import AnyFigure, Info
from analysis.numbers import Numbers, numbers
from analysis.results import Results, TrialRow, load_results
from analysis.statistics import searches
from analysis.statistics.intervals import band_words
from analysis.text.protocol import settings_words
from analysis.text.words import arm_label, axis_label, axis_value, listing, number, plural, setting
from raysweep.errors import UserError
from raysweep.results.names import PAGE, REPORT
from raysweep.results.patience import FULL, StorageError
from raysweep.results.store import StudyStore
from raysweep.results.tables import all_tables
from raysweep.study.core import Study
from raysweep.study.data import DataFacts
from raysweep.study.objectives import OBJECTIVES
from raysweep.study.table import Table

CONTENTS = frozenset({PAGE, "figures", "tables"})
"""The content of a report's folder; a folder that holds anything else is not replaced."""
DESKTOP_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".directory"})
"""Files that operating systems and desktops leave in folders that a user has opened; they may be deleted."""
OFF_THE_AXIS = "Data has no positive values|Attempting to set identical low and high"
"""Matplotlib's warnings about numbers that are all 0 or equal."""
MEDIA: dict[Format, str] = {"png": "image/png", "svg": "image/svg+xml"}

Result = TypeVar("Result")


@dataclass(frozen=True)
class Report:
    """A report, or a digest, that was written."""

    page: str
    """Path or URL."""
    faults: tuple[str, ...]
    """The figures and claims that could not be computed or drawn, each with the reason."""


@dataclass(frozen=True)
class DrawnFigure:
    """A figure of the page."""

    kind: str
    """Its name in `FIGURES`."""
    name: str
    """Of its files."""
    title: str
    caption: str
    image: str
    """The picture as a data URI."""
    share: float
    """Its width as a share of the page's, so that its letters are as large as those of others."""
    photographic: bool


@dataclass(frozen=True)
class FailedFigure:
    """A figure whose computation or drawing raised an error, which the report shows in its place."""

    title: str
    reason: str


@dataclass(frozen=True)
class MissingFigure:
    """A figure that has nothing to show, and the measure that it lacks."""

    title: str
    absent: str


@dataclass(frozen=True)
class TableNote:
    """A table in a file next to the page."""

    table: Table
    rows: int


def write_report(store: StudyStore, folder: Path | None = None) -> Report:
    """Draws the report of a results folder into `folder` (by default its `report`), replacing an earlier one whole.

    A figure or claim that fails is named in its place, and everything else is drawn.

    Raises:
        UserError: it is no results folder, or `folder` holds something else than a report or cannot be written.
        StorageError: there is no room for the report.
    """
    results = load_results(store)
    if folder is not None or store.folder.path is not None:
        target = (folder or Path(store.folder.locate(REPORT))).absolute()
        return Report(str(target / PAGE), _write(results, target))
    with TemporaryDirectory() as scratch:
        faults = _write(results, Path(scratch) / REPORT)
        store.save_report(Path(scratch) / REPORT)
    return Report(store.folder.locate(f"{REPORT}/{PAGE}"), faults)


def _write(results: Results, folder: Path) -> tuple[str, ...]:
    """Writes the report into a folder; returns what failed in it."""
    with replacing(folder) as temporary:
        figures, missing = draw_figures(results, temporary / "figures")
        judged, unmeasured = examine_claims(results)
        found = attempt(partial(numbers, results))
        tables = _write_tables(results, temporary / "tables")
        page = _page(results, figures, missing, judged, unmeasured, found, tables)
        (temporary / PAGE).write_text(page, encoding="utf-8")
    return faults(figures, judged, found)


def attempt(compute: Callable[[], Result]) -> Result | str:
    """The result of `compute`, which must not be a text; or the reason why it failed."""
    try:
        # Each figure and claim leaves out values that are not finite, or reports them.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", OFF_THE_AXIS)
            return compute()
    except Exception as error:  # an error in one part must not cost the rest of the report
        return " ".join(f"{type(error).__name__}: {error}".split())


def faults(figures: "Sequence[Figure]", judged: "Findings", found: Numbers | str) -> tuple[str, ...]:
    """The figures and claims that failed, and the table of numbers if it did, each with its reason."""
    return (
        *(f"figure {figure.title}: {figure.reason}" for figure in figures if isinstance(figure, FailedFigure)),
        *(f"claim {claim.title}: {finding.why}" for claim, finding in judged if finding.verdict == "failed"),
        *([f"table of numbers: {found}"] if isinstance(found, str) else []),
    )


@contextmanager
def replacing(target: Path, contents: frozenset[str] = CONTENTS) -> Iterator[Path]:
    """A temporary folder next to `target` that replaces it at the end; on an error nothing changes.

    Raises:
        UserError: there is something in `target` that is not among `contents`, or it cannot be written.
        StorageError: the disk is full.
    """
    with _said(target):
        if target.exists():
            here = {path.name for path in target.iterdir()} if target.is_dir() else {target.name}
            foreign = sorted(name for name in here - contents - DESKTOP_FILES if not name.startswith("._"))
            if foreign:
                raise UserError(
                    f"report folder {target}: holds {listing(foreign[:3])}, which is none of its files, so it is not "
                    "replaced; name a new or empty folder"
                )
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            for name in ("figures", "tables"):
                (temporary / name).mkdir(parents=True)
            yield temporary
            earlier = temporary.with_suffix(".old")
            if target.exists():
                target.rename(earlier)
            temporary.rename(target)
            shutil.rmtree(earlier, ignore_errors=True)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _said(target: Path) -> Iterator[None]:
    """Says in one line what keeps a folder from being written."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        problem = f"report folder {target}: cannot be written ({error.strerror or error})"
        if error.errno in FULL:
            raise StorageError(f"{problem}; make room on the disk") from error
        raise UserError(f"{problem}; name another for the report: python -m analysis RESULTS --out DIR") from error


def draw_figures(
    results: Results, folder: Path, formats: Sequence[Format] = FORMATS
) -> "tuple[list[Figure], list[MissingFigure]]":
    """Writes every figure into `folder` in each format; returns them, failed ones, and those with nothing to show."""
    figures: list[Figure] = []
    missing = []
    for name, kind in FIGURES.items():
        infos = attempt(partial(kind.infos, results))
        if isinstance(infos, str):
            figures.append(FailedFigure(kind.title, infos))
            continue
        if not infos:
            missing.append(MissingFigure(kind.title, kind.absent))
        for info in infos:
            several = len(infos) > 1
            stem = f"{name}-{info.measure}" if several else name
            title = f"{kind.title} ({info.measure.replace('_', ' ')})" if several else kind.title
            drawn = attempt(partial(_draw, kind, info, formats))
            if isinstance(drawn, str):
                figures.append(FailedFigure(title, drawn))
                continue
            caption, contents, share = drawn
            for suffix, content in contents.items():
                (folder / f"{stem}.{suffix}").write_bytes(content)
            shown: Format = "png" if kind.photographic else formats[-1]
            image = f"data:{MEDIA[shown]};base64,{base64.b64encode(contents[shown]).decode()}"
            figures.append(DrawnFigure(name, stem, title, caption, image, share, kind.photographic))
    return figures, missing


def _draw(kind: AnyFigure, info: Info, formats: Sequence[Format]) -> tuple[str, dict[Format, bytes], float]:
    """A figure's caption, its picture in each format, and its width as a share of the page's."""
    with figure_style():
        figure = new_figure()
        kind.draw(info, figure)
        contents = render(figure, formats)
    return kind.caption(info), contents, min(1.0, round(float(figure.get_figwidth()) / WIDTH, 3))


def _write_tables(results: Results, folder: Path) -> list[TableNote]:
    """Every table as CSV, without its columns of pixels and of lists."""
    notes = []
    for name, table in all_tables().items():
        frame = results.tables[name]
        frame[table.plain_names].to_csv(folder / f"{name}.csv", index=False)
        notes.append(TableNote(table, len(frame)))
    return notes


def _page(
    results: Results,
    figures: "list[Figure]",
    missing: list[MissingFigure],
    judged: "Findings",
    unmeasured: "Findings",
    found: Numbers | str,
    tables: list[TableNote],
) -> str:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_tie,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "words": lambda text: str(text).replace("_", " ")}
    template = environment.from_string((files("analysis") / "report.html").read_text(encoding="utf-8"))
    table = Numbers((), ()) if isinstance(found, str) else found
    return template.render(
        style=(files("analysis") / "report.css").read_text(encoding="utf-8"),
        study=results.study,
        summary=summary(results),
        claims=[(claim, finding, _figure_number(claim, figures)) for claim, finding in judged],
        unmeasured=unmeasured,
        rule=RULE,
        figures=figures,
        missing=missing,
        numbers=table,
        numbers_fault=found if isinstance(found, str) else "",
        brackets=band_words((row.seeds for row in table.rows), "Numbers", "brackets") if table.rows else "",
        trials=[_trial_line(trial) for trial in results.trials],
        has_constraint=any("lam" in trial.settings for trial in results.trials),
        failures=results.tables["failures"].to_dict("records"),
        protocol=_protocol(results.study, results.facts),
        environment=_flat(results.environment),
        tables=tables,
        recommended=_recommended(results),
    )


Findings = list[tuple[Claim, Finding]]
Figure = DrawnFigure | FailedFigure


def examine_claims(results: Results) -> tuple[Findings, Findings]:
    """Every claim with its outcome: those that were judged or failed, and those for which nothing was measured."""
    findings = []
    for claim in CLAIMS:
        found = attempt(partial(claim.examine, results))
        findings.append((claim, Finding("failed", found) if isinstance(found, str) else found))
    unmeasured = [(claim, finding) for claim, finding in findings if finding.verdict == "not measured"]
    return [each for each in findings if each not in unmeasured], unmeasured


def _tie(value: object) -> object:
    """Keeps words on one line that belong together: 95 %, d = 2."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return value.replace(" %", "\u00a0%").replace(" = ", "\u00a0=\u00a0")


def _figure_number(claim: Claim, figures: list[Figure]) -> int | None:
    """The number of the first figure that shows the claim's numbers."""
    numbered = ((at, each) for at, each in enumerate(figures, start=1) if isinstance(each, DrawnFigure))
    return next((at for at, figure in numbered if figure.kind == claim.figure), None)


def _protocol(study: Study, facts: DataFacts) -> list[tuple[str, str]]:
    """Every setting of the study, by what it is a setting of."""
    classes = f", {facts.classes} classes" if facts.classes else ""
    data = [
        f"{study.data.kind.replace('_', ' ')}: {number(facts.train)} training and {number(facts.validation)} "
        f"validation {facts.items}{classes}",
        settings_words(study.data),
    ]
    lines = [("Data", "; ".join(filter(None, data)))]
    for arm in study.arms:
        swept = [f"{axis_label(axis)} ∈ {{{', '.join(map(axis_value, values))}}}" for axis, values in arm.over.items()]
        lines.append((arm_label(arm.name, arm.model.family), ", ".join([*swept, settings_words(arm.model, arm.over)])))
    if study.classifier_trial:
        lines.append(("classifier (LeNet)", settings_words(study.classifier)))
    seeds = ", ".join(map(str, study.seeds))
    lines.append(("Seeds", f"{seeds}; they set initialisation, the order of the data and noise"))
    for measure in study.measures:
        lines.append((measure.name.replace("_", " "), settings_words(measure, {"name"})))
    return lines


def _recommended(results: Results) -> list[tuple[str, str]]:
    """What a tuning recommends and why, then every setting of that study; empty where it recommends nothing."""
    study, search = results.recommended, searches.found(results)
    if study is None:
        return []
    chosen = [each for each in (search.checked if search else ()) if each.name == study.arms[0].name]
    choice = [(each.name.replace("_", " "), f"{each.words}. {_choice_words(results, each)}") for each in chosen]
    return [*choice, *_protocol(study, results.facts)]


def _choice_words(results: Results, chosen: searches.ScoredSettings) -> str:
    """Says by which rule and by which numbers a configuration was chosen."""
    means = [
        f"{objective.words} {number(searches.mean(chosen.fresh[name]))} ({objective.better})"
        for name, objective in OBJECTIVES.items()
        if name in chosen.fresh
    ]
    return (
        f"Of the {len(results.study.arms)} settings that were trained on fresh seeds, baselines and twins included, "
        f"these have the smallest sum of ranks over the objectives. Their means there: {listing(means)}. As these "
        "numbers chose them, they are a little too good."
    )


def summary(results: Results) -> str:
    """Describes in one line what was run."""
    swept = [trial for trial in results.trials if trial.latent_dim is not None]
    states = pd.Series([trial.status for trial in swept], dtype=object).value_counts()
    done = int(states.get("finished", 0))
    rest = [f"{count} {state}" for state, count in states.items() if state != "finished"]
    arms = listing([arm_label(arm.name, arm.model.family) for arm in results.study.arms])
    return (
        f"{arms}; {plural(len(results.study.seeds), 'seed')}; {done} of {plural(len(swept), 'trial')} finished"
        f"{', ' + listing(rest) if rest else ''}; {number(results.facts.train)} training and "
        f"{number(results.facts.validation)} validation {results.facts.items}."
    )


def _trial_line(trial: TrialRow) -> dict[str, object]:
    """A row of the page's table of trials."""
    return {
        "trial": trial,
        "arm": arm_label(trial.arm, trial.family),
        "lam": _setting(trial, "lam"),
        "c": _setting(trial, "c"),
    }


def _setting(trial: TrialRow, name: str) -> str:
    value = trial.settings.get(name)
    return "" if value is None else setting(float(str(value)))


def _flat(values: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """The environment as lines; nested entries under joined names."""
    lines: list[tuple[str, str]] = []
    for name, value in values.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            lines += _flat(value, f"{label}: ")
        elif isinstance(value, list):
            separator = " " if name == "command" else ", "
            lines.append((label, separator.join(map(str, value)) or "none"))
        else:
            lines.append((label, str(value)))
    return lines
