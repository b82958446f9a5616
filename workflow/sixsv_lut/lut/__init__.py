"""Stage 3: from the batches of a band to its LUT."""
