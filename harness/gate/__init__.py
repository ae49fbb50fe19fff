"""A night held against a reference: what got worse, how sure that is, and the exit code it gives."""
