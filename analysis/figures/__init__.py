"""Figures, one a file: `info` computes from the tables, `draw` puts it on axes."""
