"""Measure what the latent space of a generative model costs and what it buys."""

__version__ = "0.1.0"
