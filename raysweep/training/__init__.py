"""One trial: the training loop, the course of its losses, TensorBoard."""
