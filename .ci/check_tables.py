"""Asserts on what the smoke run left: python .ci/check_tables.py RESULTS_OF_A_STUDY."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from raysweep.results.store import StudyStore

FALLING = {
    "wgan_gp": ("train", "critic_loss"),
    "autoencoder": ("validation", "mse"),
    "vae": ("validation", "loss"),
    "lc_vae": ("validation", "loss"),
    "lenet": ("validation", "loss"),
}
"""A loss of each family that even a short training brings down."""


def check(store: StudyStore) -> None:
    """Asserts that every trial ended well, that no row is missing or meaningless, and that there is a report."""
    study, facts = store.load_study(), store.load_facts()
    trials = store.table("trials").set_index("trial")
    steps = {trial.id: trial.model.total_steps(facts) for trial in study.trials}
    assert set(trials["status"]) == {"finished"}, trials["status"]
    assert trials["steps"].to_dict() == steps
    assert store.table("failures").empty, store.table("failures")

    history = store.table("history")
    assert np.isfinite(history["value"]).all()
    for trial, family in trials["family"].items():
        split, metric = FALLING[family]
        rows = history.query("trial == @trial and split == @split and metric == @metric").sort_values("step")
        first, last = rows["value"].iloc[0], rows["value"].iloc[-1]
        assert last < first, f"{trial}: {split} {metric} went from {first} to {last}"

    expected: Counter[tuple[str, str]] = Counter()
    for measure, trial, shard in study.measurements(facts):
        expected[measure.name, trial.id] += 1 if measure.table.name == "frechet" else shard.stop - shard.start
    tables = {name: store.table(name) for name in {measure.table.name for measure in study.measures}}
    found = Counter(pair for rows in tables.values() for pair in zip(rows["measure"], rows["trial"], strict=True))
    wrong = {pair: (found[pair], expected[pair]) for pair in {*found, *expected} if found[pair] != expected[pair]}
    assert not wrong, f"rows found and expected, by measure and trial: {wrong}"

    assert np.isfinite(tables["reconstruction"][["mse", "z_norm"]]).all(axis=None)
    assert np.isfinite(tables["frechet"]["distance"]).all()
    radii = tables["class_radius"].query("status == 'found'")["radius"]
    assert len(radii)
    assert (np.isfinite(radii) & (radii > 0)).all()

    report = Path(store.folder.locate("report"))
    assert (report / "index.html").stat().st_size > 10_000
    for suffix in ("png", "svg", "csv"):
        assert any(report.rglob(f"*.{suffix}")), f"no {suffix} file in the report"
    print(summary(trials, tables))


def summary(trials: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> str:
    """What was checked, in one line."""
    rows = ", ".join(f"{len(table)} of {name}" for name, table in sorted(tables.items()))
    return f"Smoke run: {len(trials)} trials finished, their losses fell; rows: {rows}; the report is there."


if __name__ == "__main__":
    check(StudyStore(Path(sys.argv[1])))
