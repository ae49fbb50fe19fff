"""The calibration server, what is true of it, and what is measured against it."""
