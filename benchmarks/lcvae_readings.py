"""What each reading of the LC-VAE does to its encoder, as the table of docs/lc-vae.md.

    python benchmarks/lcvae_readings.py results/lcvae_readings_reduced

Reads the tables of a finished study alone: means over seeds, ± half a 95 % Student-t interval. Prints Markdown.
"""

import sys
from pathlib import Path

import pandas as pd

from analysis.results import Results, TrialRow, load_results
from analysis.statistics.intervals import over_seeds
from analysis.text.words import arm_label, axis_values, number
from raysweep.results.store import StudyStore
from raysweep.study.objectives import relative_omega

HEADS = {
    "omega": "ω",
    "relative_omega": "relative ω",
    "variance": "variance of codes",
    "steepest_image": "Lipschitz from below",
    "lipschitz_bound": "from above",
    "holes": "holes",
    "whitened_holes": "holes, whitened",
    "at_clamp": "at the clamp",
    "loss": "held-out loss",
}


def by_trial(results: Results) -> pd.DataFrame:
    """A row a trial with the columns of `HEADS`, which are NaN where a trial has no such number."""
    omega = results.tables["omega"].set_index("trial")
    holes = results.tables["holes"].query("part == 'means'").set_index("trial")
    history = results.tables["history"].query("split == 'validation'").sort_values("step")
    last = history.groupby(["trial", "metric"])["value"].last().unstack()
    return pd.DataFrame(
        {
            "omega": omega["omega"],
            "relative_omega": relative_omega(omega),
            "variance": omega["variance"],
            "steepest_image": omega["steepest_image"],
            "lipschitz_bound": omega["lipschitz_bound"],
            "holes": holes["mass"],
            "whitened_holes": holes["whitened_mass"],
            "at_clamp": last["at_clamp"],
            "loss": last["reconstruction"] + last["divergence"],  # without λ ω, so that all can be compared
        }
    )


def main(folder: Path) -> None:
    """Prints the table."""
    results = load_results(StudyStore(folder))
    values = by_trial(results)
    points: dict[tuple[str, str], list[TrialRow]] = {}
    for trial in results.trials:
        points.setdefault((arm_label(trial.arm, trial.family), axis_values(trial.others)), []).append(trial)
    print("| " + " | ".join(("arm", "setting", *HEADS.values())) + " |")
    print("|---" * (2 + len(HEADS)) + "|")
    for names, trials in points.items():
        rows = values.loc[[trial.id for trial in trials]]
        print("| " + " | ".join((*names, *(cell(list(rows[column].dropna())) for column in HEADS))) + " |")


def cell(found: list[float]) -> str:
    """Mean ± half the interval."""
    if not found:
        return "–"
    interval = over_seeds(found)
    return f"{number(interval.mean)} ± {number(interval.high - interval.mean, 2)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
