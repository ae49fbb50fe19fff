"""Run a plan's cells, one child process each, and store what they leave."""
