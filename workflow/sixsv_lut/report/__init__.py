"""Telling about it: how far a campaign is, what it has cost and will cost."""
