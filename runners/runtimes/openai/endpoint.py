"""A server seen from outside: what it serves, how it tokenizes, and the requests it understands."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec import Struct

from harness.core.errors import HarnessError, UserError
from runners.runtimes.openai.client import Call, Client, Refused, Unanswered
from runners.runtimes.openai.dialect import Dialect, dialect_of
from runners.runtimes.openai.settings import OpenAISettings
from runners.runtimes.openai.wire import Reply, Usage


class Meta(Struct):
    """llama-server's facts about a model."""

    n_vocab: int | None = None
    n_ctx: int | None = None
    n_ctx_train: int | None = None
    size: int | None = None


class Listed(Struct):
    """One model of the server's list."""

    id: str = ""
    owned_by: str = ""
    max_model_len: int | None = None
    meta: Meta | None = None


class Listing(Struct):
    """GET /models."""

    data: list[Listed] = []


class Props(Struct):
    """What vLLM says at /version and llama-server at /props."""

    version: str = ""
    build_info: str = ""
    chat_template: str = ""
    default_generation_settings: Meta | None = None


class TokenIds(Struct):
    """The reply of a tokenizing path."""

    tokens: list[int]


class Templated(Struct):
    """A text: the reply of llama-server's /apply-template and of vLLM's /detokenize."""

    prompt: str


@dataclass(frozen=True)
class Endpoint:
    """What was found out at the start; `known` and `props` are empty where the server does not say."""

    client: Client
    base_url: str
    model: str
    dialect: Dialect
    known: Listed
    props: Props
    extra: dict[str, object]

    @property
    def root(self) -> str:
        """The address without /v1, where servers keep what is not OpenAI's."""
        return self.base_url.removesuffix("/v1")

    @property
    def owner(self) -> str:
        """The server's name for itself."""
        return self.known.owned_by or "unknown"

    @property
    def context(self) -> int | None:
        """Tokens one sequence may have, None where the server does not say."""
        slot = self.props.default_generation_settings
        meta = self.known.meta
        return (slot and slot.n_ctx) or self.known.max_model_len or (meta and (meta.n_ctx or meta.n_ctx_train)) or None

    @property
    def vocabulary(self) -> int | None:
        """Token ids there are, None where the server does not say."""
        return self.known.meta.n_vocab if self.known.meta else None

    def call(self, path: str, body: dict[str, object]) -> Call:
        """A request under base_url with the model's name and the user's extra fields."""
        return Call(self.base_url + path, {"model": self.model, **body, **self.extra})

    async def complete(self, body: dict[str, object], retry: bool = True) -> Reply:
        """A completion with at least one choice; raises HarnessError for an error inside a good status."""
        reply = await self.client.ask(self.call("/completions", body), Reply, retry)
        return checked(reply)

    async def tokenize(self, text: str) -> list[int]:
        """Ids of a text as the server would feed it, BOS included where it adds one."""
        path, name = self.dialect.tokenize
        body = {"model": self.model, name: text, **self.dialect.tokenize_fields}
        return (await self.client.ask(Call(self.root + path, body), TokenIds)).tokens

    async def apply_template(self, messages: Sequence[tuple[str, str]], answer: bool) -> str:
        """Messages through the server's template as text, without a BOS that would be added again when it is read."""
        said = [{"role": role, "content": content} for role, content in messages]
        body = {"model": self.model, "messages": said, "add_generation_prompt": answer}
        if self.dialect.template == "/apply-template":
            return (await self.client.ask(Call(self.root + self.dialect.template, body), Templated)).prompt
        ids = (await self.client.ask(Call(self.root + self.dialect.template, body), TokenIds)).tokens
        bos = await self.tokenize("")
        ids = ids[1:] if bos and ids[:1] == bos else ids
        call = Call(self.root + "/detokenize", {"model": self.model, "tokens": ids})
        return (await self.client.ask(call, Templated)).prompt

    @cached_property
    def takes_ids(self) -> bool:
        """Whether prompts may be token ids: asked once, and believed where the server counts them rightly."""
        try:
            reply = self.client.run(self.complete({"prompt": [5, 6, 7, 8], "max_tokens": 1, "temperature": 0}, False))
        except HarnessError:
            return False
        return usage_of(reply).prompt_tokens in (4, 5)


def checked(reply: Reply) -> Reply:
    """The reply; raises HarnessError for one that holds an error or nothing."""
    if bytes(reply.error) != b"null":
        raise HarnessError(f"the server answered with an error: {bytes(reply.error).decode(errors='replace')[:300]}")
    if not reply.choices:
        raise HarnessError("the server's reply has no choices")
    return reply


def usage_of(reply: Reply) -> Usage:
    """The reply's usage, empty where it has none."""
    return reply.usage or Usage()


def find(client: Client, base_url: str, settings: OpenAISettings, location: str) -> Endpoint:
    """Ask a server what it is and which of its models is meant: the one named, else `location`, else its only one.

    Raises UserError where nothing answers at `base_url` or the model is not clear.
    """
    base = base_url.rstrip("/")
    try:
        listing = client.run(client.ask(Call(f"{base}/models"), Listing))
    except Unanswered as error:
        raise UserError(f"no OpenAI-compatible server answers at {base}: {error}",
                        "start it, or change runtime.options.base_url") from None
    except HarnessError as error:
        # Some servers have no list, or a broken one: then the model must have been named.
        if not settings.model or (isinstance(error, Refused) and error.status in (401, 403)):
            raise
        listing = Listing()
    named = {one.id: one for one in listing.data}
    name = settings.model or (location if location in named else next(iter(named)) if len(named) == 1 else "")
    if not name:
        listed = ", ".join(list(named)[:5]) or "nothing"
        raise UserError(f"{base} does not serve {location!r}; it lists {listed}", "give runtime.options.model=NAME")
    owner = next((one.owned_by for one in listing.data), "")
    dialect = dialect_of(settings.dialect, owner)
    known = named.get(name) or Listed(id=name, owned_by=owner)
    return Endpoint(client, base, name, dialect, known, _props(client, base, dialect), settings.extra_fields)


def _props(client: Client, base: str, dialect: Dialect) -> Props:
    path = {"vllm": "/version", "llama_server": "/props"}.get(dialect.name)
    if path is None:
        return Props()
    try:
        return client.run(client.ask(Call(base.removesuffix("/v1") + path), Props))
    except HarnessError:  # what a server does not tell stays unknown
        return Props()

