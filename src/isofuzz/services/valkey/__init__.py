"""Valkey and Redis: the servers that are given and leased, the embedded one, and its reset."""
