"""Data sets: read once per node into memory-mapped arrays."""
