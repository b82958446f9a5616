"""The error of a LUT between its nodes: measured by launches of 6SV there, and how to lower it."""
