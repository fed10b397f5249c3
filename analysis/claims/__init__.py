"""Claims of the papers, one a file: the statistic, its interval and the verdict."""
