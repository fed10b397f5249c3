"""Class radius: how far, in latent space, the nearest other class is."""
