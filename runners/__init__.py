"""Everything that touches a model; runs only in child processes and knows only harness.core."""
