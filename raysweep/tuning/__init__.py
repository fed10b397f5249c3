"""Searches with Optuna over the settings of a model."""
