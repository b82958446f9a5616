"""Other machines: what jobs there ask for."""
