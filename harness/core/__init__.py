"""The nouns of the harness as frozen records; imports nothing of the project and no engine."""
