"""Whether a LUT is what it should be: its checks, their verdict, comparison with an earlier LUT."""
