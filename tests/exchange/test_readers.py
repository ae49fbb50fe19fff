"""Inspect logs, llama-perplexity output and plain tables."""

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from harness.core.errors import UserError
from harness.exchange import inspect_log, kl_divergence, plain
from harness.exchange.detect import reader_of
from harness.exchange.source import Source, Wanted
from tests.exchange.made import KL
from tests.exchange.made import inspect_log as log_of


def _file(folder: Path, name: str, content: str | bytes | dict[str, Any]) -> Path:
    path = folder / name
    text = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_letter_grades_are_the_numbers_that_inspect_takes_them_for(tmp_path: Path) -> None:
    found = inspect_log.read(_file(tmp_path, "a.json", log_of(["C", "P", "I", "N", True, "yes", 0.25])), Wanted())
    assert [item.scores["match"] for item in found.items] == [1.0, 0.5, 0.0, 0.0, 1.0, 1.0, 0.25]
    assert (found.tasks[0].task, found.model, found.backend) == ("sums", "org/model", "vllm")
    assert (found.measured, found.items[0].finish_reason) == ("2025-01-01T00:00:00Z", "stop")


def test_equal_questions_have_equal_hashes_whatever_ids_and_replies_they_carry(tmp_path: Path) -> None:
    first, second, third = (log_of(["C"]) for _ in range(3))
    second["samples"][0]["messages"][0]["id"] = "another"
    second["samples"][0]["messages"][1]["content"] = "another reply"
    third["samples"][0]["messages"][0]["content"] = "another question"
    logs = [_file(tmp_path, f"{number}.json", log) for number, log in enumerate((first, second, third))]
    hashes = [inspect_log.read(path, Wanted()).items[0].prompt_hash for path in logs]
    assert hashes[0] == hashes[1] != hashes[2]


def test_epochs_are_samples_and_a_cut_off_is_seen(tmp_path: Path) -> None:
    log = log_of(["C", "I"])
    log["samples"][1] |= {"id": 1, "epoch": 2}
    log["samples"][1]["output"]["choices"][0]["stop_reason"] = "max_tokens"
    found = inspect_log.read(_file(tmp_path, "a.json", log), Wanted())
    assert [(item.item_id, item.sample, item.finish_reason) for item in found.items] == [
        ("1", 0, "stop"),
        ("1", 1, "length"),
    ]
    assert found.tasks[0].items == 1


def test_an_eval_archive_is_read_like_its_json(tmp_path: Path) -> None:
    log = log_of(["C", "I"])
    samples = log.pop("samples")
    with zipfile.ZipFile(tmp_path / "a.eval", "w") as archive:
        archive.writestr("header.json", json.dumps(log))
        for sample in samples:
            archive.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
    found = reader_of(tmp_path / "a.eval")(tmp_path / "a.eval", Wanted())
    assert found.items == inspect_log.read(_file(tmp_path, "a.json", log_of(["C", "I"])), Wanted()).items


def _packed(path: Path, members: dict[str, bytes]) -> Path:
    """A zip of zstandard members, as Inspect writes it: stored ones whose headers are then said to be method 93."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, pyarrow.compress(data, codec="zstd", asbytes=True))
        placed = [(info.header_offset, members[info.filename]) for info in archive.infolist()]
    raw = bytearray(path.read_bytes())
    central = raw.index(b"PK\x01\x02")
    for offset, data in placed:
        for start, at in ((offset, 8), (central, 10)):  # method, then 4 bytes on the checksum, 8 further the true size
            struct.pack_into("<H", raw, start + at, 93)
            struct.pack_into("<I", raw, start + at + 6, zlib.crc32(data))
            struct.pack_into("<I", raw, start + at + 14, len(data))
        central = raw.index(b"PK", central + 4)
    path.write_bytes(raw)
    return path


def test_an_archive_packed_with_zstandard_is_read_too_and_damage_is_seen(tmp_path: Path) -> None:
    log = log_of(["C", "I"])
    samples = {f"samples/{one['id']}_epoch_1.json": json.dumps(one).encode() for one in log.pop("samples")}
    path = _packed(tmp_path / "a.eval", {**samples, "header.json": json.dumps(log).encode()})
    assert [item.scores["match"] for item in inspect_log.read(path, Wanted()).items] == [1.0, 0.0]
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(UserError, match="the archive is damaged"):
        inspect_log.read(path, Wanted())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "error"}, "status is error; complete it with inspect eval-retry"),
        ({"version": 1}, "log format 1, this reads 2"),
        ({"samples": []}, "no samples in the log"),
        ({"results": {"total_samples": 9}}, "2 samples of 9: the log is not complete"),
        ({"invalidated": True}, "status is invalidated"),
    ],
)
def test_a_log_that_is_not_whole_is_refused(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason):
        inspect_log.read(_file(tmp_path, "a.json", log_of(["C", "I"], **changes)), Wanted())


@pytest.mark.parametrize(
    ("grade", "reason"),
    [
        (float("nan"), "item 2 of sums: match is NaN; score the item"),
        (5, "item 2 of sums: match is 5, not from 0 to 1"),
        ([1, 2], "item 2 of sums: no match"),
    ],
)
def test_a_sample_without_a_usable_grade_is_refused(grade: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason):
        inspect_log.read(_file(tmp_path, "a.json", log_of(["C", grade])), Wanted())


def test_every_figure_of_the_divergence_output_is_read(tmp_path: Path) -> None:
    found = kl_divergence.read(_file(tmp_path, "q4.txt", KL), Wanted())
    values = {one.name: (one.samples[0], one.unit) for one in found.figures}
    assert values["KLD mean"] == (0.171127, "nats")
    assert values["KLD mean, stderr"] == (0.000512, "nats")
    assert values["KLD 99 %"] == (0.881522, "nats")
    assert values["PPL(Q)/PPL(base)"] == (0.957419, "")
    assert values["RMS Δp, stderr"] == (0.043, "%")
    assert values["same top token"] == (78.637, "%")
    assert values["Δp 0.1 %"] == (-55.209, "%")
    assert len(values) == 27


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (KL.split("====== Token")[0], "no same top token: the run did not finish"),
        (KL + KL.replace("0.171127", "0.2"), "line 38: KLD mean is 0.2 here and 0.171127 before: two runs"),
        (KL.replace("0.171127", "nan"), "line 12: KLD mean is nan; the run is broken"),
        ("kl_divergence: failed reading log-probs for chunk 109\n", "the run did not finish"),
        (KL.encode("cp1252", "replace").decode("latin-1").encode("latin-1"), r"line 1: not UTF-8 \(byte 0xb1\)"),
        (KL.encode("utf-16"), "the text is UTF-16"),
        ("hello\n", "not a known kind of results; lm-eval folders"),
    ],
)
def test_a_divergence_output_that_is_not_whole_is_refused(text: str | bytes, reason: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "q4.txt", text)
    with pytest.raises(UserError, match=reason):
        reader_of(path)(path, Wanted())


def _table(folder: Path, text: str) -> Source:
    return plain.read(_file(folder, "items.csv", text), Wanted())


def test_a_plain_table_needs_three_columns_and_takes_five_more(tmp_path: Path) -> None:
    found = _table(tmp_path, "\ufefftask,item_id,score,sample,cluster,prompt_sha,note\nsums,a,0.5,1,c1,abc,x\n")
    item = found.items[0]
    assert (item.task, item.item_id, item.scores, item.sample) == ("sums", "a", {"score": 0.5}, 1)
    assert (item.cluster, item.prompt_hash) == ("c1", "given:abc")
    assert found.remarks == ("columns not used: note",)
    lines = _file(tmp_path, "items.jsonl", '{"task": "sums", "item_id": 7, "score": true, "metric": "acc"}\n')
    again = plain.read(lines, Wanted())
    assert (again.items[0].item_id, again.tasks[0].metric) == ("7", "acc")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("task,item_id\nsums,a\n", "line 1: no column score; columns are task, item_id, score"),
        ("task,item_id,score\nsums,a,1\nsums,a,0\n", r"line 3: item a of sums stands there twice \(first on line 2\)"),
        ("task,item_id,score\nsums,a,1\nsums,b,half\n", "line 3: score 'half' is no number"),
        ("task,item_id,score\nsums,a,nan\n", "line 2: item a of sums: score is NaN"),
        ("task,item_id,score\nsums,a,-1\n", "line 2: item a of sums: score is -1, not from 0 to 1"),
        ("task,item_id,score\nsums,a\n", "line 2: 2 fields under 3 columns; quote fields that hold commas"),
        ("task,item_id,score\nsums,,1\n", "line 2: no item_id"),
        ('task,item_id,score\nsums,"a,1\n', "line 2: not CSV"),
        ("task,item_id,score,sample\nsums,a,1,-1\n", "line 2: sample '-1' is no whole number"),
        ("task,item_id,score,metric\nsums,a,1,x\nsums,b,1,y\n", "line 3: sums has a second metric"),
        ("task,item_id,score\n", "a heading and no items"),
        (" \n", "the file is empty"),
    ],
)
def test_a_plain_table_that_cannot_be_used_is_refused_with_the_line(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason):
        _table(tmp_path, text)
