"""The load driver's stream: forced output lengths, greedy, one forward pass a poll, timed when its tokens are here."""

from collections import deque
from itertools import islice
from time import perf_counter_ns

from harness.core.errors import UserError
from harness.core.runtime import StreamRequest, TokenEvent
from runners.runtimes.transformers.lanes import Lanes


class TransformersStream:
    """Requests beyond the lanes wait in a queue; those that can join do so before the next step."""

    def __init__(self, lanes: Lanes, window: int) -> None:
        self._lanes, self._window = lanes, window
        self._waiting = deque[StreamRequest]()
        self._running: dict[int, StreamRequest] = {}
        self._left: dict[int, int] = {}

    def submit(self, request: StreamRequest) -> None:
        """Queue a request; raises UserError where it does not fit the window."""
        length = len(request.prompt) + request.output_tokens
        if length > self._window:
            raise UserError(f"a request of {length} tokens does not fit the window of {self._window}",
                            "raise runtime.options.context, or make the load's requests shorter")
        self._waiting.append(request)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """One forward pass and its tokens; [] where nothing is left. Never waits."""
        if self._waiting and self._lanes.room:
            lanes, logits = self._lanes.fill([one.prompt for one in islice(self._waiting, self._lanes.room)])
            for lane in lanes:
                self._running[lane] = self._waiting.popleft()
                self._left[lane] = self._running[lane].output_tokens
        elif self._running:
            lanes, logits = self._lanes.step()
        else:
            return []
        tokens = logits.best()  # waits for the device
        now = perf_counter_ns()
        self._lanes.push(lanes, tokens)
        return [self._event(lane, now) for lane in lanes]

    def _event(self, lane: int, now: int) -> TokenEvent:
        self._left[lane] -= 1
        request, done = self._running[lane], self._left[lane] == 0
        if done:
            self._lanes.release(lane)
            del self._running[lane], self._left[lane]
        return TokenEvent(request.id, now, 1, done)
