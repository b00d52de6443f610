"""A page of a run or campaign: one file that a browser opens, without a server and without a network."""
