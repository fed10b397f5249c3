"""The report in short, for a repository: a Markdown page, its pictures, and its numbers as small tables.

    README.md
    figures/<figure>.png
    tables/numbers.csv  claims.csv  <small table>.csv

The same tables give the same bytes.
"""

import io
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from PIL import Image

from analysis.claims.base import RULE
from analysis.numbers import Numbers, numbers
from analysis.report import (
    DrawnFigure,
    Figure,
    Findings,
    Report,
    attempt,
    draw_figures,
    examine_claims,
    faults,
    replacing,
    summary,
)
from analysis.results import Results, load_results
from analysis.text.words import number, plural
from raysweep.results.store import StudyStore
from raysweep.results.tables import all_tables

CONTENTS = frozenset({"README.md", "figures", "tables"})
LARGEST_TABLE = 200_000
"""Bytes; larger tables are named and left out."""
OTHER_TAGS = re.compile("<(?!br>)")
"""Matches all tags but the one that the page uses: others would come from the names and words of the study."""
WIDTH = 1080
"""Pixels across a picture: enough for reading, half the bytes of the report's."""


def write_digest(store: StudyStore, folder: Path) -> Report:
    """Writes the digest of a results folder into `folder`, replacing an earlier one whole.

    Raises:
        UserError: it is no results folder, or `folder` holds something else than a digest or cannot be written.
        StorageError: there is no room for it.
    """
    results = load_results(store)
    with replacing(folder.absolute(), CONTENTS) as temporary:
        with TemporaryDirectory() as scratch:
            figures, _ = draw_figures(results, Path(scratch), ["png"])
            for figure in figures:
                if not isinstance(figure, DrawnFigure):
                    continue
                smaller = _smaller((Path(scratch) / f"{figure.name}.png").read_bytes())
                (temporary / "figures" / f"{figure.name}.png").write_bytes(smaller)
        judged, unmeasured = examine_claims(results)
        found = attempt(partial(numbers, results))
        left_out = _write_tables(results, judged, found, temporary / "tables")
        page = _page(results, figures, judged, unmeasured, left_out)
        (temporary / "README.md").write_text(page, encoding="utf-8")
    return Report(str(folder / "README.md"), faults(figures, judged, found))


def _smaller(png: bytes) -> bytes:
    """The picture at `WIDTH`, in a palette of 256 colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    scaled = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    scaled.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _write_tables(results: Results, judged: Findings, found: Numbers | str, folder: Path) -> list[str]:
    """Writes the numbers, the claims' evidence, and every small table; returns the names of the large ones."""
    pd.DataFrame([] if isinstance(found, str) else _number_rows(found)).to_csv(folder / "numbers.csv", index=False)
    pd.DataFrame(_claim_rows(judged)).to_csv(folder / "claims.csv", index=False)
    left_out = []
    for name, table in all_tables().items():
        frame = results.tables[name]
        text = frame[table.plain_names].to_csv(index=False)
        if frame.empty or name == "schedule":
            continue
        if len(text) > LARGEST_TABLE:
            left_out.append(name)
        else:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return left_out


def _number_rows(found: Numbers) -> list[dict[str, object]]:
    return [
        {
            "arm": row.arm,
            "setting": row.setting,
            "latent_dim": row.latent_dim,
            "seeds": row.seeds,
            "measure": column.measure,
            "part": column.part,
            "mean": cell.mean,
            "interval": cell.band,
        }
        for row in found.rows
        for column, cell in zip(found.columns, row.numbers, strict=True)
        if cell
    ]


def _claim_rows(judged: Findings) -> list[dict[str, object]]:
    return [
        {
            "claim": claim.title,
            "verdict": finding.verdict,
            "unit": line.unit,
            "where": line.label,
            "value": line.value,
            "low": line.low,
            "high": line.high,
            "seeds": "; ".join(f"{seed:.6g}" for seed in line.seeds),
        }
        for claim, finding in judged
        for line in finding.evidence
    ]


def _page(
    results: Results, figures: Sequence[Figure], judged: Findings, unmeasured: Findings, left_out: Sequence[str]
) -> str:
    study = results.study
    reduced = [f"**A reduced study.** {study.reduction}"] if study.reduction else []
    command = results.environment.get("command", [])
    ran = shlex.join(map(str, command)) if isinstance(command, list) else str(command)
    parts = [
        f"# {study.title}",
        f"*{study.question}*",
        *reduced,
        summary(results),
        f"Made by `{ran}` and `python -m analysis RESULTS --digest DIR`. {_machine(results.environment)}",
        *(["## What became of the claims", _claims_table(judged), RULE, _unmeasured(unmeasured)] if judged else []),
        "## Figures",
        *(_figure(index, figure) for index, figure in enumerate(figures, start=1)),
        "## Tables",
        _tables(left_out),
    ]
    return OTHER_TAGS.sub("&lt;", "\n\n".join(parts)) + "\n"


def _machine(environment: Mapping[str, object]) -> str:
    packages = environment.get("packages")
    versions = packages if isinstance(packages, Mapping) else {}
    words = [f"{name} {versions[name]}" for name in ("torch", "ray") if name in versions]
    cores = environment.get("cores")
    gpus = environment.get("gpus")
    hardware = [*([f"{cores} CPU cores"] if cores else []), *(map(str, gpus) if isinstance(gpus, list) else [])]
    return f"On {', '.join([*hardware, *words])}." if hardware or words else ""


def _claims_table(judged: Findings) -> str:
    lines = ["| claim | verdict | values, with 95 % intervals over seeds |", "|---|---|---|"]
    for claim, finding in judged:
        values = [
            f"{unit}: " + "; ".join(f"{number(e.value)} [{number(e.low)}, {number(e.high)}] {e.label}" for e in ends)
            for unit, ends in finding.headline
        ]
        lines.append(f"| {claim.title} | **{finding.verdict}** | {_cell('<br>'.join(values) or finding.why)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text in a table: a bar would end the cell."""
    return text.replace("|", "\\|")


def _unmeasured(claims: Findings) -> str:
    if not claims:
        return "Every claim is measured by this study."
    titles = "; ".join(claim.title for claim, _ in claims)
    return f"Not measured by this study ({plural(len(claims), 'claim')}): {titles}."


def _figure(index: int, figure: Figure) -> str:
    if not isinstance(figure, DrawnFigure):
        return f"### {index}. {figure.title}\n\nIt could not be drawn: {figure.reason}"
    picture = f"![{figure.title}](figures/{figure.name}.png)"
    return f"### {index}. {figure.title}\n\n{picture}\n\n{figure.caption}"


def _tables(left_out: Sequence[str]) -> str:
    large = f" Too large to be kept here, written by the same command: {', '.join(left_out)}." if left_out else ""
    return (
        "[numbers.csv](tables/numbers.csv) has the mean over seeds of every measured number, "
        "[claims.csv](tables/claims.csv) the evidence for each claim; the other files of [tables](tables) are those "
        f"of the results folder, without pixels and lists.{large}"
    )
