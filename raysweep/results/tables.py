"""The tables of a results folder: each column's type, unit and meaning. No torch, no Ray.

Writers build tables with `Table.rows`, which refuses undocumented, missing or ill-typed columns, so every table on disk
has the form that is documented here.
"""

from raysweep.study.measures import MeasureSettings
from raysweep.study.table import HISTORY, INTEGER, REAL, TEXT, TRIAL, Column, Table

TRIALS = Table(
    "trials",
    "a trial of the study",
    (
        TRIAL,
        Column("arm", TEXT, "name of the arm"),
        Column("family", TEXT, "model family"),
        Column("seed", INTEGER, "seed of initialisation, data order and noise"),
        Column("latent_dim", INTEGER, "dim(z); empty for a classifier", nullable=True),
        Column("lam", REAL, "λ of the LC-VAE; empty elsewhere", nullable=True),
        Column("c", REAL, "clamp of the LC-VAE's encoder; empty elsewhere", nullable=True),
        Column("axes", TEXT, "the values of the arm's axes, as JSON"),
        Column("settings", TEXT, "all settings of the model, as JSON"),
        Column("status", TEXT, "finished, diverged, failed or missing"),
        Column("reason", TEXT, "why it diverged or failed; else empty"),
        Column("steps", INTEGER, "training steps done", "steps"),
        Column("parameters", INTEGER, "trained values of all networks"),
    ),
    keys=1,
)


FAILURES = Table(
    "failures",
    "a piece of work that failed after its retries",
    (
        Column("work", TEXT, "train, or the name of a measure"),
        TRIAL,
        Column("shard", TEXT, "shard of the measure; empty for training"),
        Column("reason", TEXT, "the error's last line"),
    ),
    keys=3,
)

SCHEDULE = Table(
    "schedule",
    "a piece of work as it ran; the only table that differs from run to run",
    (
        Column("work", TEXT, "train, prepare, or the name of a measure"),
        TRIAL,
        Column("shard", TEXT, "shard of the measure; empty for training"),
        Column("node", TEXT, "host name"),
        Column("process", INTEGER, "process id"),
        Column("started", REAL, "start, in seconds since 1970", "s"),
        Column("wall", REAL, "wall time", "s"),
        Column("cpu", REAL, "processor time of the process", "s"),
    ),
    keys=3,
)

_CONFIGURATION = Column("configuration", TEXT, "its name: a baseline's, c and its number, or a finalist's twin")

CONFIGURATIONS = Table(
    "configurations",
    "settings that a search tried, or that were checked on fresh seeds",
    (
        _CONFIGURATION,
        Column("state", TEXT, "complete, pruned, failed, running, or twin for those that the search did not try"),
        Column("reason", TEXT, "why it was pruned or failed in the search; else empty"),
        Column("fresh", INTEGER, "1 if it was trained again on fresh seeds, else 0"),
        Column("values", TEXT, "the searched settings, as JSON"),
    ),
    keys=1,
)

EVALUATIONS = Table(
    "evaluations",
    "an objective of one configuration and seed",
    (
        _CONFIGURATION,
        Column("stage", TEXT, "search, which chooses; or fresh, which tells how good the chosen are"),
        Column("objective", TEXT, "name of the objective"),
        Column("seed", INTEGER, "seed of the trial"),
        Column("value", REAL, "its value"),
    ),
    keys=4,
)

OWN_TABLES = (TRIALS, HISTORY, FAILURES, SCHEDULE, CONFIGURATIONS, EVALUATIONS)
"""The tables that do not come from measures."""


def measure_tables() -> dict[str, Table]:
    """The tables that the known measures write, by name; several measures may write to one."""
    return {kind.table.name: kind.table for kind in MeasureSettings.kinds().values()}


def all_tables() -> dict[str, Table]:
    """Every table of a results folder, by name."""
    return {table.name: table for table in OWN_TABLES} | measure_tables()
