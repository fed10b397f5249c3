"""The studies that come with raysweep, one a file: each defines `STUDY`."""
