"""6SV: what a launch reads and prints, and how it is started."""
