"""Any OpenAI-compatible endpoint as a runtime, and servers that the harness starts itself (served mode).

`settings` what may be said; `client` HTTP with retries and no secrets; `dialect` what sets servers apart; `score` and
`probe` log-likelihoods, only where a server shows that its own are right; `stream` the load; `server` served mode.
"""

from runners.runtimes.openai.opening import open_session, prepare

__all__ = ["open_session", "prepare"]
