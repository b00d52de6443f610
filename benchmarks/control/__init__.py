"""How well isofuzz controls who moves: trials with known outcomes, on a real Postgres.

    python -m benchmarks.control [--share FRACTION] [--part NAME]...

prints one JSON with every figure. The tests of `tests/integration/gate` run a few of the same trials each.
"""
