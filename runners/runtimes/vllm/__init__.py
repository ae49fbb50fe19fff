"""vLLM in process (its V1 engine): continuous batching, scores from prompt log-probabilities, a stream of requests.

`session` is the runtime's module. Nothing is imported here: that takes most of a minute, and the options need no vLLM.
"""
