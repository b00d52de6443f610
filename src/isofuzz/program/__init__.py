"""The one truth: what a target can do and what a run does, as immutable data.

Running, shrinking, replaying and reporting all act on the values defined here. Nothing in this package does input
or output, looks at a clock or takes a chance.
"""
