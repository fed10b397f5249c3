"""The only folder that imports Ray: Tune for trials, tasks for measures."""
