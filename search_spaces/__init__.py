"""The studies and tunings that come with raysweep, one a file: `STUDY`, and of a large one a smaller `REDUCED`."""
