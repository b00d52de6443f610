"""What happened, as an append-only list of entries, and what follows from it about who may see what and when."""
