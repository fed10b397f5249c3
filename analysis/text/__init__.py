"""What figures and the report say: words, protocols, published numbers."""
