"""What a run tells while it runs: events, and the three forms they take (a panel, a log's lines, JSON lines)."""
