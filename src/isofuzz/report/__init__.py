"""Reports for people, from findings and summaries only."""
