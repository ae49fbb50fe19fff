"""Opening a session: the key from the environment, the server where the harness starts one, then the endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from harness.core.cell import Job, Prepared
from harness.core.digest import text_digest
from harness.core.errors import ConfigError, HarnessError, UserError
from runners import artifacts
from runners.runtimes.openai.client import connected
from runners.runtimes.openai.endpoint import find
from runners.runtimes.openai.secret import read_secret
from runners.runtimes.openai.server import served
from runners.runtimes.openai.session import OpenAISession
from runners.runtimes.openai.settings import parse_settings


def prepare(job: Job) -> Prepared:
    """Weights for a server that the harness starts; for one that runs, only the name of what it serves.

    `maker` names the runtime module whose `prepare` makes quantizations on the box. Raises UserError where none can.
    """
    settings = parse_settings(job.cell.options, job.cell.runtime)
    if settings.command and settings.maker:
        prepared = import_module(settings.maker).prepare(job)
        if not isinstance(prepared, Prepared):
            raise ConfigError(f"runtime.options.maker={settings.maker} prepares no weights")
        return prepared
    if job.cell.scheme:
        raise UserError(f"runtime {job.cell.runtime} cannot make {job.cell.scheme} weights",
                        "name ready-made ones in the model's artifacts, or choose quant=as_served")
    if settings.command:
        return artifacts.fetch(job)
    named = f"{settings.base_url} {settings.model or job.cell.artifact.location}"
    return Prepared(settings.model or job.cell.artifact.location, 0, text_digest(named), text_digest(named), "as is")


@contextmanager
def open_session(job: Job) -> Iterator[OpenAISession]:
    """A session; raises ConfigError for options, UserError for a key or server that is not there."""
    settings = parse_settings(job.cell.options, job.cell.runtime)
    secret = read_secret(settings.api_key_env)
    if job.prepared is None:
        raise HarnessError("the openai runtime was given nothing prepared")
    if not settings.command:
        with connected(settings, secret) as client:
            yield OpenAISession(find(client, settings.base_url, settings, job.cell.artifact.location), settings, None)
        return
    with served(settings, job, secret) as server, connected(settings, secret) as client:
        yield OpenAISession(find(client, server.base_url, settings, job.prepared.path), settings, server.local)
