"""Processes of the system under test: started, awaited, watched and stopped."""
