"""Finding the latent whose image is nearest to a given one."""
