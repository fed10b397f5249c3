"""How the work of a study is planned and run, in one process or on a cluster."""
