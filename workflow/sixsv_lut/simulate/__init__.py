"""Doing it: batches of launches, and the probe of how long one takes."""
