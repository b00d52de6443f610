"""Postgres: the servers that are given, the embedded cluster, the run's database and roles, and its reset."""
