"""vLLM's own engine, driven step by step: requests of token ids in, new tokens out.

The offline engine gives every step's tokens to whoever drives it, so that the moment they are there can be taken, which
its asynchronous front end hides behind a queue. The scheduler and the model runner are the same in both.
"""

import gc
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from vllm import SamplingParams
from vllm.distributed import cleanup_dist_env_and_memory
from vllm.inputs.engine import tokens_input
from vllm.outputs import RequestOutput
from vllm.v1.engine.llm_engine import LLMEngine

from runners.hf_tokens import HfTokens
from runners.runtimes.vllm.inspection import Inside, look_inside


class Engine:
    """A loaded model. `path` is its folder, `tokens` its vocabulary.

    `window` is the length of prompt and reply together. vLLM is told one token more, because it refuses a prompt that
    fills its own window, and scoring feeds that many.
    """

    def __init__(self, engine: LLMEngine, path: Path, tokens: HfTokens) -> None:
        self._engine, self.path, self.tokens = engine, path, tokens
        self.config: Any = engine.vllm_config
        self.window = int(self.config.model_config.max_model_len) - 1
        self._numbers = count()

    def submit(self, prompt: Sequence[int], params: SamplingParams) -> str:
        """Queue a request of token ids and return its name."""
        name = str(next(self._numbers))
        self._engine.add_request(name, tokens_input(list(prompt)), params)
        return name

    def step(self) -> list[RequestOutput]:
        """One step of the scheduler and what it brought; [] where nothing is left to do."""
        return self._engine.step() if self._engine.has_unfinished_requests() else []

    def abort(self, names: Sequence[str]) -> None:
        """Forget requests, running or waiting; finished ones are no error."""
        self._engine.abort_request(list(names))

    def inside(self) -> list[Inside]:
        """What each worker runs."""
        found: list[Inside] = self._engine.collective_rpc(look_inside)
        return found

    def close(self) -> None:
        """Shut the engine down and give its memory back."""
        self._engine.engine_core.shutdown()
        del self._engine
        gc.collect()
        cleanup_dist_env_and_memory()


def until_done(engine: Engine, names: set[str]) -> Iterator[RequestOutput]:
    """Step and yield what comes until every request in `names` is done; they are aborted if the caller leaves early.

    The caller may take names out: those requests are then its own to abort.
    """
    try:
        while names:
            outputs = engine.step()
            names -= {output.request_id for output in outputs if output.finished}
            yield from outputs
    finally:
        engine.abort(sorted(names))
