"""Targets for known systems. Anyone can ship one: the entry point group `isofuzz.packs` lists them."""
