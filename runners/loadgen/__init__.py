"""A load generator for served engines: many streamed requests at once, every read stamped, nothing else done meanwhile.

    with loadgen.client(Target(url, headers), streams=64) as client:
        client.submit(1, body)
        for finished in client.poll(10.0):
            list(loadgen.events(finished))

`pool` the caller's side; `worker` the process that sends and stamps, of `flight`s over a `poller`; `messages` between
them; `finished` and `http`, `sse` what came, read when it is over; `lag` how late the stamping process was.
"""

from runners.loadgen.finished import Finished, body, events
from runners.loadgen.lag import Lag
from runners.loadgen.messages import Target
from runners.loadgen.pool import Client, client, worker_count

__all__ = ["Client", "Finished", "Lag", "Target", "body", "client", "events", "worker_count"]
