"""Reader of 6SV look-up tables."""
