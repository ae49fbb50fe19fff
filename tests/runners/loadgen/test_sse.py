"""Events out of a body, whatever its lines end in."""

import pytest

from runners.loadgen.sse import data_of


@pytest.mark.parametrize(("body", "events"), [
    (b"data: a\n\ndata:b\n\n", [(b"a", 9), (b"b", 17)]),
    (b"data: a\r\n\r\ndata: b\r\n\r\n", [(b"a", 11), (b"b", 22)]),
    (b": still here\n\ndata: a\n\n", [(b"a", 23)]),
    (b"event: x\ndata: a\nid: 3\n\n", [(b"a", 24)]),
    (b"data: a\ndata: b\n\n", [(b"a\nb", 17)]),
    (b"\n\n\ndata: a\n\n\n\n", [(b"a", 12)]),
    (b"data: a", [(b"a", 7)]),
    (b"data: a\n", [(b"a", 8)]),
    (b"data: a\r\n", [(b"a", 9)]),
    (b"data:  a\n\n", [(b" a", 10)]),
    (b"event: x\n\n", []),
    (b"", []),
    ("data: é漢\n\n".encode(), [("é漢".encode(), 13)]),
])
def test_events_have_their_data_and_where_they_were_complete(body: bytes, events: list[tuple[bytes, int]]) -> None:
    assert list(data_of(body)) == events
