"""From Settings to Plan: what runs, in which order, and what is compared with what. Reads files, runs nothing."""
