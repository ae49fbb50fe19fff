"""Forms of one Analysis: folder (Markdown, page, plots, CSV, input digests) and terminal. Nothing is computed anew."""
