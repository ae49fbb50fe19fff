"""A runtime without an engine: a real provider to everything around it (same seam, same process, same records).

For tests and for trying a plan: `session` answers and fails as told, `engine` takes the time it is told to take.
"""

from runners.runtimes.fake.session import FakeSession, open_session, prepare
from runners.runtimes.fake.settings import FakeSettings
from runners.runtimes.fake.stream import FakeStream

__all__ = ["FakeSession", "FakeSettings", "FakeStream", "open_session", "prepare"]
