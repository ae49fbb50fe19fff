"""The load generator: what it reads, when it says that it came, and servers that misbehave."""
