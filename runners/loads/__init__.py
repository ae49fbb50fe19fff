"""Loads: requests of forced length sent to a session by a schedule, every event of them kept.

`measure` runs a load and gives traces, readings, windows and flags. The definitions are those of docs/measuring.md:
`readings` has the quantities, `windows` the steady part, `drive` the loops, `arrivals` the schedules, `warmup` when an
engine has settled, `search` how a sweep and a search for a rate end, `flags` what speaks against a figure.
"""

from runners.loads.measure import Measured, measure

__all__ = ["Measured", "measure"]
