"""An array as a deck, what a run of it costs, and its results in the array's own terms."""
