"""Findings as files: versioned, atomic, free of credentials, and readable for years."""
