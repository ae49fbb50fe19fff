"""Many runs as one static site: pages, feeds and copied reports, of which only what changed is written."""
