"""How many programs does it take to find a race, by each way of choosing who moves when?

    python -m benchmarks.interleaving [--seeds N]

prints a table of medians and, last, one JSON with them.
"""
