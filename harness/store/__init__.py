"""The run store: results/<hw>/<cell id>/<utc>-<run id>/, written once and never changed."""
