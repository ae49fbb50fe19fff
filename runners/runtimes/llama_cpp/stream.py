"""The load driver's stream: forced output lengths, greedy, one decode call per poll, times taken right after it."""

from collections import deque
from time import perf_counter_ns

from harness.core.errors import UserError
from harness.core.runtime import StreamRequest, TokenEvent
from runners.runtimes.llama_cpp.context import Context
from runners.runtimes.llama_cpp.slots import Slots


class LlamaStream:
    """Requests beyond the context's sequences wait in a queue."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._slots = Slots(context)
        self._waiting = deque[StreamRequest]()
        self._ids: dict[int, int] = {}
        self._left: dict[int, int] = {}

    def submit(self, request: StreamRequest) -> None:
        """Queue a request; raises UserError where the cache cannot hold all slots at this length at once."""
        length = len(request.prompt) + request.output_tokens
        held = self._context.cells // max(1, length)
        if held < self._context.sequences:
            raise UserError(f"{self._context.cells} tokens of KV cache hold {held} sequences of {length} tokens, "
                            f"not {self._context.sequences}", "raise runtime.options.n_ctx")
        self._waiting.append(request)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """One decode call and its tokens; [] while prompts are being filled or nothing is left. Never waits."""
        while self._waiting and self._slots.free:
            request = self._waiting.popleft()
            slot = self._slots.admit(request.prompt)
            self._ids[slot], self._left[slot] = request.id, request.output_tokens
        if not self._ids:
            return []
        due, logits = self._slots.step()
        tokens = logits.argmax(axis=1)
        now = perf_counter_ns()
        self._slots.push(due, tokens)
        return [self._event(slot, now) for slot in due.tolist()]

    def _event(self, slot: int, now: int) -> TokenEvent:
        self._left[slot] -= 1
        request, done = self._ids[slot], self._left[slot] == 0
        if done:
            self._slots.release(slot)
            del self._ids[slot], self._left[slot]
        return TokenEvent(request, now, 1, done)
