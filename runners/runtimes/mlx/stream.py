"""The load driver's stream: forced output lengths, greedy, one step of mlx-lm's BatchGenerator per poll.

A token's time is taken when its value has reached the host; by then mlx-lm has the next step under way on the device.
"""

from time import perf_counter_ns

from mlx_lm.generate import BatchGenerator

from harness.core.runtime import StreamRequest, TokenEvent


class MlxStream:
    """Requests beyond the generator's rows wait in its queue."""

    def __init__(self, generator: BatchGenerator) -> None:
        self._generator = generator
        self._requests: dict[int, int] = {}

    def submit(self, request: StreamRequest) -> None:
        """Queue a request."""
        number, = self._generator.insert([list(request.prompt)], [request.output_tokens])
        self._requests[number] = request.id

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """One step and its tokens; [] while prompts are being filled or nothing is left. Never waits."""
        if not self._requests:
            return []
        _, replies = self._generator.next()
        now = perf_counter_ns()
        return [self._event(reply.uid, reply.finish_reason is not None, now) for reply in replies]

    def _event(self, number: int, done: bool, now: int) -> TokenEvent:
        request = self._requests.pop(number) if done else self._requests[number]
        return TokenEvent(request, now, 1, done)
