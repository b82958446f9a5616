"""What is to be done: configuration, grid of points, batches, paths, recipes."""
