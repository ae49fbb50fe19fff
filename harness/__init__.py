"""Reproducible benchmarks of local models: what quantization costs and what the box delivers."""

__version__ = "0.1.0"
