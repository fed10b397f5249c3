"""Class radius: how far, in latent space, the nearest other class is."""

from raysweep.radius.boundary import Bank, Radii, class_radius, make_bank

__all__ = ["Bank", "Radii", "class_radius", "make_bank"]
