"""When a request reached this machine's end of a connection, as the kernel tells it where it does (Linux).

Source: socket(7), SO_TIMESTAMPNS. So a server that is busy sending does not seem to have been asked later. The client
has code of its own for the same: a mistake in one of them shows as an error.
"""

import socket
import struct
import sys
from time import perf_counter_ns, time_ns

_OPTION = 35  # asm-generic/socket.h; Python has no name for it
_STAMP = struct.Struct("@qq")
_KNOWN = sys.platform == "linux" and sys.maxsize > 1 << 32


def ask(listener: socket.socket) -> None:
    """Have the connections of this listener stamped from their first byte on."""
    if _KNOWN:
        listener.setsockopt(socket.SOL_SOCKET, _OPTION, 1)


def receive(connection: socket.socket, most_bytes: int, ready_ns: int) -> tuple[bytes, int]:
    """What can be read, and when the last of it arrived (perf_counter_ns); `ready_ns` where the kernel tells nothing.

    Raises what recv raises.
    """
    if not _KNOWN:
        return connection.recv(most_bytes), ready_ns
    data, told, _, _ = connection.recvmsg(most_bytes, socket.CMSG_SPACE(_STAMP.size))
    if not told:
        return data, ready_ns
    seconds, nanoseconds = _STAMP.unpack(told[0][2])
    return data, seconds * 1_000_000_000 + nanoseconds - (time_ns() - perf_counter_ns())
