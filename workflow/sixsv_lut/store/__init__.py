"""What is done: launches as they are kept on disk."""
