"""The command line: options, study files, the plan as it is printed, progress."""
