"""The load driver's stream: forced output lengths, greedy; a token is timed when the engine's step returns it."""

from collections import deque
from time import perf_counter_ns

from vllm import SamplingParams
from vllm.outputs import RequestOutput
from vllm.sampling_params import RequestOutputKind

from harness.core.errors import UserError
from harness.core.runtime import StreamRequest, TokenEvent
from runners.runtimes.vllm.engine import Engine


class VllmStream:
    """Up to `slots` requests are with vLLM's scheduler, the others wait here."""

    def __init__(self, engine: Engine, slots: int) -> None:
        self._engine, self._slots = engine, slots
        self._waiting = deque[StreamRequest]()
        self._ids: dict[str, int] = {}

    def submit(self, request: StreamRequest) -> None:
        """Queue a request; raises UserError where it does not fit the window."""
        length = len(request.prompt) + request.output_tokens
        if length > self._engine.window:
            raise UserError(f"a request of {length} tokens does not fit the window of {self._engine.window}",
                            "raise runtime.options.max_model_len, or make the load's requests shorter")
        self._waiting.append(request)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """One step of the engine and its tokens; [] where nothing is left. Never waits longer than a step."""
        while self._waiting and len(self._ids) < self._slots:
            self._start(self._waiting.popleft())
        outputs = self._engine.step()
        now = perf_counter_ns()
        return [self._event(output, now) for output in outputs]

    def close(self) -> None:
        """Forget what is still under way."""
        self._engine.abort(list(self._ids))

    def _start(self, request: StreamRequest) -> None:
        params = SamplingParams(temperature=0, max_tokens=request.output_tokens, min_tokens=request.output_tokens,
                                ignore_eos=True, detokenize=False, output_kind=RequestOutputKind.DELTA)
        self._ids[self._engine.submit(request.prompt, params)] = request.id

    def _event(self, output: RequestOutput, now: int) -> TokenEvent:
        name = output.request_id
        request = self._ids.pop(name) if output.finished else self._ids[name]
        tokens = len(output.outputs[0].token_ids)
        return TokenEvent(request, now, tokens, output.finished, output.num_cached_tokens or 0)
