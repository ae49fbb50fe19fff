"""Results of other tools into the store, and ours out of it; each format is one module with `read` or `write`."""
