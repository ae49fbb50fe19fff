"""The load generator held against the calibration server: a closed loop of streams, and what came out wrong."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psutil

from harness.core.calibration import Trial
from harness.core.errors import HarnessError
from harness.core.record import Calibration
from runners import loadgen
from runners.calibration.error import Seen, errors
from runners.calibration.process import running

_PATIENCE_SECONDS = 60.0
_WARM_TOKENS = 2


def calibrate(trial: Trial) -> Calibration:
    """What the load generator measures wrong at this trial; takes about `trial.seconds`, and half a second to start.

    Raises HarnessError where a request failed.
    """
    with running(trial.schedule) as server, opened(server.url, trial.streams) as client:
        list(closed_loop(client, trial.streams, 1, min(_WARM_TOKENS, trial.schedule.tokens)))
        server.forget()
        client.lag()
        before = _cpu_seconds(server.pid)
        seen = list(closed_loop(client, trial.streams, trial.requests, trial.schedule.tokens))
        cpu, lag = _cpu_seconds(server.pid) - before, client.lag()
        found = errors(seen, server.truth().served)
    seconds = max(one.end_seconds for one in seen) - min(one.start_seconds for one in seen)
    return Calibration(
        streams=trial.streams,
        ttft_error_seconds=(found.ttft.p50, found.ttft.p99),
        tpot_error_seconds=(found.tpot.p50, found.tpot.p99),
        rate_share=trial.seconds / seconds,
        lag_seconds=(lag.p50_seconds, lag.p99_seconds),
        tokens_per_second=trial.tokens / seconds,
        interval_seconds=1 / trial.schedule.rate,
        tokens_per_chunk=trial.schedule.tokens_per_chunk,
        requests=found.ttft.count,
        ttft_bias_seconds=found.ttft.bias,
        tpot_bias_seconds=found.tpot.bias,
        server_late_seconds=(found.server_late.p50, found.server_late.p99),
        cpu_seconds_per_1000_tokens=cpu / trial.tokens * 1000,
    )


@contextmanager
def opened(url: str, streams: int) -> Iterator[loadgen.Client]:
    """The client as loads use it; `url` ends in /v1."""
    with loadgen.client(loadgen.Target(url + "/completions"), streams) as client:
        yield client


def closed_loop(client: loadgen.Client, streams: int, requests: int, tokens: int) -> Iterator[Seen]:
    """What the client reads of `streams` x `requests` requests, `streams` of them at once.

    Raises HarnessError where one fails or brings other than its tokens.
    """
    left = streams * requests
    for number in range(1, left + 1):  # the client itself replaces one that has ended by the next
        client.submit(number, _body(number, tokens))
    while left:
        arrived = client.poll(_PATIENCE_SECONDS)
        if not arrived:
            raise HarnessError(f"the calibration server was silent for {_PATIENCE_SECONDS:.0f} s")
        left -= len(arrived)
        yield from (seen(finished, tokens) for finished in arrived)


def _body(number: int, tokens: int) -> bytes:
    return msgspec.json.encode({"model": "calibration", "prompt": "one", "max_tokens": tokens, "stream": True,
                                "stream_options": {"include_usage": True}, "calibration_number": number})


def seen(finished: loadgen.Finished, tokens: int) -> Seen:
    """A finished request's readings, as docs/measuring.md defines them."""
    if finished.error or finished.status != 200:
        raise HarnessError(f"a request to the calibration server failed: {finished.error or finished.status}")
    times = [(at_ns, data.count(b" one")) for data, at_ns in loadgen.events(finished) if b'"text"' in data]
    if sum(brought for _, brought in times) != tokens:
        raise HarnessError(f"the calibration server sent other than {tokens} tokens")
    first_ns, last_ns = times[0][0], times[-1][0]
    rest = tokens - times[0][1]
    tpot = (last_ns - first_ns) / rest / 1e9 if rest else None
    return Seen(finished.id, (first_ns - finished.sent_ns) / 1e9, tpot, finished.sent_ns / 1e9, last_ns / 1e9)


def _cpu_seconds(server: int) -> float:
    """Processor time of the client so far: this process and its workers, without the server."""
    times = [one.cpu_times() for one in psutil.Process().children() if one.pid != server]
    return time.process_time() + float(sum(one.user + one.system for one in times))
