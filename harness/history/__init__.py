"""What many plans say together: their summaries, kept; their figures as series; where a series has a step."""
