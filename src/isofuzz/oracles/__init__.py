"""Judgement: pure functions from what happened to what was wrong with it, one module per oracle."""
