"""data.csv and data.parquet as bytes: the same from the same frame, and no cell that a spreadsheet would compute."""

import io

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula: owasp.org/www-community/attacks/CSV_Injection."""


def csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a header; texts that would be formulas get an apostrophe in front, numbers stay as they are."""
    safe = frame.copy()
    for name in frame.columns:
        if frame[name].dtype == "string":
            safe[name] = frame[name].map(lambda text: f"'{text}" if text.startswith(_FORMULA) else text)
    return str(safe.to_csv(index=False, lineterminator="\n")).encode()


def parquet(frame: pd.DataFrame) -> bytes:
    """One row group, compressed by zstd; without pandas' own notes, which name its version."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()
