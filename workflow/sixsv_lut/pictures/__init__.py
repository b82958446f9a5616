"""Pictures of LUTs: which there are, what each shows, and how it is drawn."""
