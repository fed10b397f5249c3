"""The texts of figures and of the report: words, protocols, published numbers."""
