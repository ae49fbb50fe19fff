"""Scores a reply that should be a JSON object: exact match of the whole, and F1 over its fields. Standard library only.

lm-eval loads this file for pocket_extract.yaml (`process_results: !function json_fields.process_results`).
"""

import json


def read_object(text: str) -> dict[str, object] | None:
    """The JSON object in `text`, or None where there is none; nothing is repaired."""
    try:
        found = json.loads(text.strip())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def pairs(found: dict[str, object]) -> set[str]:
    """Each field with its value as canonical JSON: 14 and "14" differ, the order of the fields does not count."""
    return {json.dumps([key, value], sort_keys=True) for key, value in found.items()}


def process_results(doc: dict[str, str], results: list[str]) -> dict[str, float]:
    """exact_match and field_f1 of one reply, both in [0, 1]; a reply that is no JSON object scores 0 on both."""
    wanted = pairs(json.loads(doc["answer"]))
    reply = read_object(results[0])
    if reply is None:
        return {"exact_match": 0.0, "field_f1": 0.0}
    got = pairs(reply)
    return {"exact_match": float(got == wanted), "field_f1": 2 * len(got & wanted) / (len(got) + len(wanted))}
