"""Every number that figures and claims share, computed from the tables."""
