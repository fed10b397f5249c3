"""What is computed on every trained model, one file a measure."""
