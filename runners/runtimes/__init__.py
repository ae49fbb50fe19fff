"""Engines, one module each, with `open_session(job) -> Session`; none knows another."""
