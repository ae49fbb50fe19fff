"""The model's own chat template, rendered as llama-cpp-python and transformers do (sandboxed Jinja)."""

from collections.abc import Sequence

from jinja2 import TemplateError
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from harness.core.errors import UserError
from runners.runtimes.llama_cpp.tokens import Tokens


class ChatTemplate:
    """A template's source with the token names it may use; `source` is "" where the model has none."""

    def __init__(self, source: str, tokens: Tokens) -> None:
        self.source = source
        self._eos, self._bos = tokens.name(tokens.eos), tokens.name(tokens.bos)

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """The text to tokenize; raises UserError where there is no template or it refuses the messages."""
        if not self.source:
            raise UserError("this model's GGUF has no chat template", "use a suite with apply_chat_template: false")
        formatter = Jinja2ChatFormatter(self.source, self._eos, self._bos, add_generation_prompt)
        said = [{"role": role, "content": content} for role, content in messages]
        try:
            return str(formatter(messages=said).prompt)
        except (TemplateError, ValueError) as error:
            raise UserError(f"the model's chat template refuses these messages: {error}") from error
