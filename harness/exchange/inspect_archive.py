"""Inspect's .eval file: a zip of JSON files, compressed with zstandard, which zipfile of Python 3.11 does not know.

The bytes of such a member are found by its local header (APPNOTE.TXT of PKWARE, 4.3.7) and unpacked with pyarrow.
"""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from harness.exchange import lines
from harness.exchange.source import malformed

_ZSTANDARD = 93
_HEADER = struct.Struct("<4s5H3I2H")  # signature, versions and times, sizes, lengths of name and extra field
_MEMBER_BYTES = 1 << 30  # of one sample; a damaged header may claim anything


def read(path: Path) -> dict[str, Any]:
    """The log as the JSON form of it holds it; raises UserError for an archive that is damaged or not finished."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {one.filename: one for one in archive.infolist()}
            if "header.json" not in members:
                raise malformed(path, "no header.json in it: the evaluation did not finish", "inspect eval-retry it")
            inside = [name for name in members if name.startswith("samples/") and name.endswith(".json")]
            log = lines.parsed(_bytes(archive, members["header.json"], path), path)
            samples = [lines.parsed(_bytes(archive, members[name], path), path) for name in inside]
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise malformed(path, f"the archive is damaged: {error}", "copy the file again") from error
    return {**log, "samples": samples}


def _bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> bytes:
    if member.compress_type != _ZSTANDARD:
        return archive.read(member)
    import pyarrow

    if member.file_size > _MEMBER_BYTES:
        raise zipfile.BadZipFile(f"{member.filename} would have {member.file_size} bytes")
    with path.open("rb") as stream:
        stream.seek(member.header_offset)
        fields = _HEADER.unpack(stream.read(_HEADER.size))
        stream.seek(fields[-2] + fields[-1], 1)
        packed = stream.read(member.compress_size)
    data = bytes(pyarrow.decompress(packed, decompressed_size=member.file_size, codec="zstd", asbytes=True))
    if zlib.crc32(data) != member.CRC:
        raise zipfile.BadZipFile(f"{member.filename} has another checksum")
    return data
