"""The pocket tokenizer: byte-level BPE of 2,048 tokens with the Qwen2 split and NFC, and the ChatML frame.

GGUF runtimes know this split under the name `qwen2`, so both files give the same tokens. Syllables are taught first and
never joined to each other: an invented word is always the same few tokens wherever it stands, so that it can be copied.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tools.pocket.sample import Sample
from tools.pocket.split import CODAS, ONSETS, VOWELS
from tools.pocket.stream import samples

VOCAB = 2048
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def ask(prompt: str) -> str:
    """The ChatML text up to where the answer begins."""
    return f"{START}user\n{prompt}{END}\n{START}assistant\n"


def corpus(seed: int) -> Iterator[str]:
    """Text for the merges: syllables often and on their own, then samples with their invented words cut out."""
    starts = [onset + vowel for onset in ONSETS for vowel in VOWELS]
    for form in ("{0}7", "{1}7", " {1}7", " {0}7"):
        line = "".join(form.format(part, part.capitalize()) for part in starts)
        yield from itertools.repeat(line, 30_000)
    ends = "".join(f"{start}{coda}7" for start in starts for coda in CODAS)
    yield from itertools.repeat(ends, 600)
    for sample in itertools.islice(samples(seed), 8_000):
        text = f"user\n{sample.prompt}\nassistant\n{sample.answer}"
        for word in sorted(sample.held, key=len, reverse=True):
            text = text.replace(word, "7")
        yield text


def train(seed: int) -> Tokenizer:
    """A fresh tokenizer; the same for the same seed."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2_SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in (PAD, START, END)])
    tokenizer.train_from_iterator(corpus(seed), trainer)
    return tokenizer


def load(path: Path) -> Tokenizer:
    """The tokenizer of a stored file."""
    return Tokenizer.from_file(str(path))


def encode(tokenizer: Tokenizer, batch: list[Sample]) -> list[tuple[list[int], int]]:
    """For each sample its token ids and how many of them are prompt; prose starts after a single end mark."""
    pad, end = tokenizer.token_to_id(PAD), tokenizer.token_to_id(END)
    prompts = tokenizer.encode_batch([ask(one.prompt) if one.prompt else PAD for one in batch])
    answers = tokenizer.encode_batch([one.answer for one in batch])
    found = []
    for number, (sample, prompt, answer) in enumerate(zip(batch, prompts, answers, strict=True)):
        head = list(prompt.ids)
        if not sample.prompt:
            # Harnesses differ in the token they put before running text: be used to both.
            head = [pad if number % 2 else end]
        found.append((head + answer.ids + [end if sample.prompt else pad], len(head)))
    return found
