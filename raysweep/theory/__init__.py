"""What the papers derive, as functions. No torch."""
