"""Make tests/contract/reference.json: what transformers computes in float32 on the pocket model, one item at a time.

    python -m tools.contract_reference

No batch, no padding, plain attention: nothing of the runtime under test but the splitting of texts.
"""

import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import torch
import transformers
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from runners.pairs import encode_pair, rolling_windows
from tests.contract.reference import FILE, Reference, Rolled, Scored, Text, Written

ROOT = Path(__file__).parents[1]
MAX_TOKENS, WINDOW, PREFIX = 32, 2048, 0
ENDS = (0, 2)  # <|endoftext|>, <|im_end|>
MESSAGES = (("user", "Add 7 and 5."), ("assistant", "7+5=12: 12"), ("user", "Again, naïve café 12 €."))
LABELS = ("billing", "delivery", "account", "returns", "repair", "privacy", "sales", "training")
# Each of at most 7 tokens; a bar ends it, because spaces at the end of a context belong to what follows.
TEXTS = ("Zufa", " Zufa", "two  spaces", "line\nline", "\n\n", "tab\tend", "café", "12 €", "don't", "\u00e9", "e\u0301",
         "\U0001f600", "7", "42", "123", "a b c", "{\"x\": 1}", "<|im_end|>", "<|im_start|>user\n", "x<|endoftext|>y",
         "ﬁ", "\u4f60\u597d", "-1.5e3", "max([1])", " ", "A", "the", "The", "THE", "...")
# Contexts and continuations that splitting, BOS and bytes go wrong on.
ODD = (("", "hello"), ("", " the"), ("", "<|endoftext|>the"), ("a", "b"), ("a", " b"), ("7", "+5=12"), (" ", "the"),
       ("\n", "\n"), ("caf", "é"), ("12 ", "€"), ("\u4f60", "\u597d"), ("the table ", "costs"), ("the table", " costs"),
       ("the table\n", " costs 84"), ("<|im_start|>", "user"), ("<|im_end|>", "\n"), ("the", ""), ("", ""),
       ("x" * 40, "y" * 40), ("don'", "t"), ("a", "a" * 64))


class Plain:
    """The pocket model, one row at a time."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")

    def encode(self, text: str) -> list[int]:
        """Token ids."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids

    def chat(self, text: str) -> str:
        """A user's message through the chat template, the reply begun."""
        said = [{"role": "user", "content": text}]
        return str(self.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True))

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def logprobs(self, tokens: list[int]) -> Tensor:
        """Log-probabilities [tokens, vocabulary] after each token."""
        return self.model(torch.tensor([tokens])).logits[0].double().log_softmax(-1)

    def judge(self, head: list[int], tail: list[int]) -> tuple[float, bool, float]:
        """Log-probability of `tail`, whether greedy decoding gives it, and the slack of that."""
        if not tail:
            return 0.0, True, 99.0
        table = self.logprobs((head + tail)[:-1])[len(head) - 1:]
        chosen = table[torch.arange(len(tail)), torch.tensor(tail)]
        behind = table.max(-1).values - chosen
        second = table.topk(2).values[:, 1]
        greedy = bool((behind == 0).all())
        return float(chosen.sum()), greedy, float((chosen - second).min() if greedy else behind.max())

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def write(self, prompt: str) -> Written:
        """The greedy reply, with the cache transformers makes itself."""
        fed, cache, written = torch.tensor([self.encode(prompt)]), None, list[int]()
        lengths, leads, reason = list[int](), list[float](), "length"
        while len(written) < MAX_TOKENS:
            found = self.model(fed, past_key_values=cache, use_cache=True)
            best = found.logits[0, -1].double().log_softmax(-1).topk(2)
            leads.append(round(float(best.values[0] - best.values[1]), 5))
            token, cache = int(best.indices[0]), found.past_key_values
            if token in ENDS:
                reason = "stop"
                break
            written.append(token)
            lengths.append(len(self.tokenizer.decode(written, clean_up_tokenization_spaces=False)))
            fed = torch.tensor([[token]])
        text = self.tokenizer.decode(written, clean_up_tokenization_spaces=False)
        return Written(prompt, text, tuple(lengths), tuple(leads), reason)


def rows(task: str, count: int) -> list[dict[str, Any]]:
    """The first items of a task of the pocket suite."""
    lines = (ROOT / "suites" / "data" / "pocket" / f"{task}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines[:count]]


def asked(plain: Plain) -> Iterator[tuple[str, str]]:
    """200 contexts and continuations: choices of one context, shared beginnings, long answers, oddities."""
    yield from ODD
    yield from ((plain.chat(row["prompt"]), label) for row in rows("triage", 6) for label in LABELS)
    for task in ("arithmetic", "completion", "extract", "passage"):
        some = rows(task, 12)
        for row, other in zip(some, [*some[1:], some[0]], strict=True):
            yield plain.chat(row["prompt"]), row["answer"]
            yield plain.chat(row["prompt"]), other["answer"]
    shots = "".join(plain.chat(row["prompt"]) + row["answer"] + "<|im_end|>\n" for row in rows("arithmetic", 4))
    for row in rows("arithmetic", 12)[4:]:
        yield from ((shots + plain.chat(row["prompt"]), answer) for answer in (row["answer"], row["answer"][:3]))
    for row in rows("prose", 40):
        half = row["text"].index(" ", len(row["text"]) // 2)
        yield row["text"][:half], row["text"][half:]


def scored(plain: Plain, context: str, continuation: str) -> Scored:
    """One item's figures."""
    head, tail = encode_pair(plain.encode, context, continuation) if context else ([], plain.encode(continuation))
    if not head:
        head, tail = [PREFIX], tail[1:] if tail[:1] == [PREFIX] else tail
    logprob, greedy, slack = plain.judge(head, tail)
    return Scored(context, continuation, round(logprob, 7), greedy, round(slack, 5), len(tail), len(head))


def rolled(plain: Plain, text: str) -> Rolled:
    """One text's figures."""
    windows = rolling_windows(plain.encode(text), PREFIX, WINDOW)
    total = sum(plain.judge(head, tail)[0] for head, tail in windows)
    return Rolled(text, round(total, 7), sum(len(tail) for _, tail in windows))


def main() -> int:
    """Write the file."""
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    plain = Plain(ROOT / "assets" / "pocket")
    prose = [row["text"] for row in rows("prose", 60)]
    prompts = chain.from_iterable(rows(task, 15) for task in ("arithmetic", "completion", "extract", "passage"))
    said = [{"role": role, "content": content} for role, content in MESSAGES]
    found = Reference(
        f"transformers {transformers.__version__}, torch {torch.__version__}, float32, eager attention, CPU",
        MAX_TOKENS, MESSAGES, plain.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True),
        tuple(Text(f"{text}|", tuple(plain.encode(f"{text}|"))) for text in TEXTS),
        tuple(scored(plain, *pair) for pair in list(asked(plain))[:200]),
        tuple(rolled(plain, text) for text in ("", "the", prose[0], " ".join(prose))),
        tuple(plain.write(plain.chat(row["prompt"])) for row in prompts))
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
