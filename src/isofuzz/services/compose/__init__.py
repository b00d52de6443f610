"""The compose services of a project: which ones run, and starting and stopping them."""
