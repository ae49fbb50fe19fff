"""The pocket model and the pocket suite, made from a seed: data, tokenizer, model, GGUF, items, scores.

Run: python -m tools.pocket --help
"""
