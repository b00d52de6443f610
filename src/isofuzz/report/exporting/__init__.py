"""A finding as a pytest test in the words of its target, written so that it says nothing but calls."""
