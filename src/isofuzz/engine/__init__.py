"""Making programs, executing them, and making them smaller."""
