"""One writer at a time: held while a box is measuring into a results folder, or while results are merged into it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from harness.core.errors import HarnessError, UserError
from harness.store.layout import Layout


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Two runs at once would measure each other. What a killed writer left in the scratch folder is swept.

    Raises UserError where another process holds the folder, HarnessError where it cannot be made.
    """
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        held = layout.lock.open("w")
    except OSError as error:
        raise HarnessError(f"cannot write {layout.root}: {error.strerror}", "choose another folder") from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"another run is measuring into {layout.root}", "wait for it or stop it") from error
        shutil.rmtree(layout.scratch, ignore_errors=True)
        yield
