"""The openai runtime against servers that are right, wrong, and hostile."""
