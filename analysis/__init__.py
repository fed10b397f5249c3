"""Figures, claims and the report of a results folder. Reads its tables; no torch, no Ray."""
