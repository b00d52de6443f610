"""What a user writes: the adapter between isofuzz and their system, and how its signatures are understood."""
