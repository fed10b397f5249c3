"""Every name of a file or folder in a results folder."""

TRIALS, SHARDS, ASSETS = "trials", "shards", "assets"


CHECKPOINT, MODEL, HISTORY = "checkpoint.pt", "model.pt", "history.parquet"


DONE, FAILED = "done.json", "failed.json"


TENSORBOARD, REPORT, PAGE = "tensorboard", "report", "index.html"


RECOMMENDED = "recommended.py"


GPU_MEMORY = "gpu_memory.json"


ROWS, FAILURE = ".parquet", ".failed.json"
"""How the names of a shard's files end: of its rows, and of why there are none."""
