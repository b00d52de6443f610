"""Runs: sweep, find, keep, shrink, confirm; what they tell while they go on, and what they conclude."""
