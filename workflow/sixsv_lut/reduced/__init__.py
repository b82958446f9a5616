"""Reduced launches: a block of the table from a part of its launches."""
