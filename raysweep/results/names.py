"""Every name of a file or folder in a results folder.

    <results>/<study>/
      study.json  facts.json  environment.json
      tuning.json  optuna.db                 of a tuning; its study.json has what is trained on fresh seeds
      recommended.json                       of a tuning: a study of the settings that did best on these
      trials/<trial>/checkpoint.pt           replaced as training goes on, removed when it is done
      trials/<trial>/model.pt  history.parquet
      trials/<trial>/done.json               written last: the trial is finished (or diverged)
      trials/<trial>/failed.json             why it failed; the next run tries it again
      trials/<trial>/pruned-<limits>.json    of a search: it was ended early by limits with this hash
      shards/<measure>/<trial>/<shard>.parquet, or .failed.json
      shards/<measure>/<trial>/all-<shards>.parquet     in their place once the tables were gathered with all of them
      assets/<name>                          computed once for the study: statistics of the data set
      tensorboard/<trial>/
      trials.parquet  history.parquet  <measure table>.parquet  failures.parquet  schedule.parquet
      report/

A file is whole or absent whenever a process dies: see `raysweep.results.files`.
"""

import hashlib
from collections.abc import Sequence

from raysweep.study.data import DataSettings
from raysweep.study.measures import Shard

STUDY, FACTS, ENVIRONMENT = "study.json", "facts.json", "environment.json"
TUNING, SEARCH, SEARCH_LOCK, RECOMMENDED = "tuning.json", "optuna.db", ".tuning.lock", "recommended.json"
TRIALS, SHARDS, ASSETS, TENSORBOARD, REPORT = "trials", "shards", "assets", "tensorboard", "report"
CHECKPOINT, MODEL, HISTORY, DONE, FAILED = "checkpoint.pt", "model.pt", "history.parquet", "done.json", "failed.json"
GPU_MEMORY = "gpu_memory.json"
PAGE = "index.html"
"""The report's page, in the folder of the report."""
ROWS, FAILURE = ".parquet", ".failed.json"
"""Endings of the names of a shard's files: of its rows, and of the reason why there are none."""


def trial_file(trial_id: str, name: str) -> str:
    """A file of a trial."""
    return f"{TRIALS}/{trial_id}/{name}"


def pruned_file(trial_id: str, limits_key: str) -> str:
    """The file that is left of a trial that the limits of that key have ended early."""
    return trial_file(trial_id, f"pruned-{limits_key}.json")


def shard_folder(measure_key: str, trial_id: str = "") -> str:
    """The folder of a measure's shards, of one trial or of all."""
    return f"{SHARDS}/{measure_key}/{trial_id}".rstrip("/")


def shard_file(measure_key: str, trial_id: str, shard: Shard, suffix: str = ROWS) -> str:
    """The file of a shard's rows or, with `FAILURE`, of the reason why there are none."""
    return f"{shard_folder(measure_key, trial_id)}/{shard.key}{suffix}"


def merged_file(measure_key: str, trial_id: str, shards: Sequence[Shard]) -> str:
    """The file of the rows of all shards of a measure of a trial; `shards` are all of them."""
    digest = hashlib.sha256(" ".join(shard.key for shard in shards).encode()).hexdigest()[:8]
    return f"{shard_folder(measure_key, trial_id)}/all-{digest}{ROWS}"


def asset_file(name: str, suffix: str = "") -> str:
    """The file of an asset or, with `FAILURE`, of the reason why there is none."""
    return f"{ASSETS}/{name}{suffix}"


def statistics_name(measure_key: str, data: DataSettings) -> str:
    """The asset that holds the statistics of a data set which a measure computes once for the study."""
    return f"{measure_key}-{data.content_hash()}.npz"


def table_file(name: str) -> str:
    """The file of a gathered table."""
    return f"{name}.parquet"


def probe_file(name: str) -> str:
    """The file of a probe, which one machine leaves for another."""
    return f".probe-{name}.json"
