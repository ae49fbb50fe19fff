"""From stored records to verdicts: what may be compared, by how much it differs, and what that supports."""
