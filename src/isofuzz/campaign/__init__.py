"""Long runs: many workers, a state on disk that survives whatever happens, and what all of it came to."""
