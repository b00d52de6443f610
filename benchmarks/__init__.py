"""What isofuzz's own operations cost; each module runs with `python -m benchmarks.<name>`."""
