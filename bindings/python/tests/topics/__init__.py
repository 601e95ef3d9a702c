"""The topics of the shared vectors, a module each: `run(file)` gives how many cases ran and what was wrong."""
