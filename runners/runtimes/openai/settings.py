"""Options of the openai runtime as a frozen record, checked before anything is sent.

A secret has no place in an option: `api_key_env` is the name of an environment variable, and an address with a user,
a password or a query is refused.
"""

import re
import shlex
from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from harness.core.config import Scalar
from harness.core.errors import ConfigError

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
Dollars = Annotated[float, Meta(ge=0)]
Endpoint = Literal["completions", "chat"]
Scoring = Literal["auto", "echo", "prompt_logprobs", "off"]
DialectName = Literal["auto", "vllm", "llama_server", "llama_cpp_python", "plain"]
PLACES = ("model", "host", "port", "python", "program", "context", "cells", "concurrency")
_OURS = {"model", "prompt", "messages", "stream", "echo", "logprobs"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class OpenAISettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Either `base_url` (".../v1") names a server that runs, or `command` starts one (see `server`).

    `model` is the name that goes into every request (None: the first the server lists). `context` and `vocabulary` are
    asked of the server where None. `concurrency` bounds requests in flight. A request may take `timeout_seconds`, a
    silence in its reply `stall_seconds`; repeating failed ones ends `retry_seconds` after the first failure. `extra`
    is a JSON object merged into every request. `force_length` names fields ("ignore_eos min_tokens") that keep a
    server from ending early, beyond those its dialect is known to have. `prefix` is the text of the one token that
    stands before a text without context, where the server adds none. Prices are per million tokens. `arguments` stand
    behind `command`, for what one box or model needs beyond it.
    """

    base_url: str = ""
    model: str | None = None
    endpoint: Endpoint = "completions"
    dialect: DialectName = "auto"
    api_key_env: str = ""
    concurrency: Count = 8
    timeout_seconds: Seconds = 600.0
    stall_seconds: Seconds = 120.0
    retry_seconds: Annotated[float, Meta(ge=0)] = 120.0
    context: Count | None = None
    vocabulary: Count | None = None
    scoring: Scoring = "auto"
    prefix: str = ""
    max_tokens_field: str = "max_tokens"
    force_length: str = ""
    extra: str = "{}"
    usd_per_million_prompt: Dollars | None = None
    usd_per_million_output: Dollars | None = None
    command: str = ""
    arguments: str = ""
    program: str = ""
    health: str = "/health"
    ready_seconds: Seconds = 600.0
    stop_seconds: Seconds = 20.0
    maker: str = ""

    @property
    def extra_fields(self) -> dict[str, object]:
        """`extra` as a dictionary."""
        return msgspec.json.decode(self.extra, type=dict[str, object])

    @property
    def words(self) -> list[str]:
        """The words of `command` and its `arguments`, their places still open."""
        return shlex.split(f"{self.command} {self.arguments}")


def parse_settings(options: Mapping[str, Scalar], runtime: str = "openai") -> OpenAISettings:
    """Options of a cell, checked; raises ConfigError in one line that names what to change."""
    try:
        settings = msgspec.convert(dict(options), OpenAISettings)
    except msgspec.ValidationError as error:
        names = ", ".join(OpenAISettings.__struct_fields__)
        raise ConfigError(f"runtime.options of {runtime}: {error}", f"the options are {names}") from None
    for found in (_address(settings), _names(settings), _command(settings)):
        if found:
            raise ConfigError(f"runtime.options of {runtime}: {found[0]}", found[1])
    return settings


def _address(settings: OpenAISettings) -> tuple[str, str] | None:
    if bool(settings.base_url) == bool(settings.command):
        said = "both base_url and command are given" if settings.base_url else "no endpoint is named"
        return said, "give runtime.options.base_url=http://HOST:PORT/v1, or a command that starts a server"
    url = urlsplit(settings.base_url)
    if settings.base_url and (url.scheme not in ("http", "https") or not url.hostname):
        return "base_url is not an http(s) address", "write runtime.options.base_url=http://HOST:PORT/v1"
    if url.username is not None or url.query or url.fragment:
        return ("base_url holds a user, a query or a fragment, which could be a secret",
                "put the key into an environment variable and its name into runtime.options.api_key_env")
    return None


def _names(settings: OpenAISettings) -> tuple[str, str] | None:
    if settings.api_key_env and not _VARIABLE.fullmatch(settings.api_key_env):
        return "api_key_env is not the name of an environment variable", "give the variable's name, never the key"
    try:
        taken = _OURS & settings.extra_fields.keys()
    except msgspec.MsgspecError:
        return "extra is not a JSON object", """write runtime.options.extra='{"top_k": 1}'"""
    if taken:
        return f"extra may not set {', '.join(sorted(taken))}", "the runtime sets these itself"
    return None


def _command(settings: OpenAISettings) -> tuple[str, str] | None:
    try:
        parsed = [part for word in settings.words for part in Formatter().parse(word)]
    except ValueError as error:
        return f"command cannot be read: {error}", "double the braces that are not places"
    unknown = [name for _, name, _, _ in parsed if name is not None and name not in PLACES]
    if unknown:
        return f"command has an unknown place {{{unknown[0]}}}", f"places are {', '.join(PLACES)}"
    if settings.command and not any(name == "port" for _, name, _, _ in parsed):
        return "command has no {port}", "the harness chooses the port: pass it on"
    return None
