"""The results folder: its files, its tables, and how they are gathered. No torch, no Ray."""
