"""Model families in plain PyTorch: no Ray, no files, no studies."""
