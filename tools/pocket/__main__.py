"""The command line of the pocket tools.

Run: python -m tools.pocket all --work DIR makes everything; each step also runs alone and goes on where it stopped.
Steps: tokenizer, train, export, gguf, items, score, card.
"""

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("tokenizer", "train", "export", "gguf", "items", "score", "card")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.pocket", description="Make the pocket model and suite.")
    parser.add_argument("step", nargs="?", default="all", choices=("all", *STEPS))
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "pocket", help="checkpoints and scores")
    parser.add_argument("--assets", type=Path, default=ROOT / "assets" / "pocket")
    parser.add_argument("--data", type=Path, default=ROOT / "suites" / "data" / "pocket")
    parser.add_argument("--minutes", type=float, default=0.0, help="of training; 75 on a CPU, 15 on a GPU")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quants", default="", help="comma-separated; all of the card's by default")
    return parser.parse_args(arguments)


def run_step(step: str, args: argparse.Namespace) -> None:
    """One step; imports stay inside so that `items` needs neither torch nor llama.cpp."""
    if step == "tokenizer":
        from tools.pocket import tokens

        tokens.train(args.seed).save(str(args.work / "tokenizer.json"))
    elif step == "train":
        from tools.pocket import train

        seconds = 60 * (args.minutes or train.default_minutes())
        train.run(replace(train.Recipe(), seed=args.seed, seconds=seconds), args.work)
    elif step == "export":
        from tools.pocket import export

        export.run(args.work, args.assets)
    elif step == "gguf":
        from tools.pocket import gguf_file

        gguf_file.run(args.assets)
    else:
        run_suite_step(step, args)


def run_suite_step(step: str, args: argparse.Namespace) -> None:
    """The steps after the model."""
    if step == "items":
        from tools.pocket import items

        items.write(args.data)
    elif step == "score":
        from tools.pocket import score

        score.run(args.work, tuple(args.quants.split(",")) if args.quants else score.QUANTS)
    else:
        from tools.pocket import card

        card.run(args.work, args.assets)


def main() -> int:
    """Run the asked step, or all of them in order."""
    args = parse(sys.argv[1:])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.work.mkdir(parents=True, exist_ok=True)
    for step in STEPS if args.step == "all" else (args.step,):
        logging.getLogger("tools.pocket").info("step %s", step)
        run_step(step, args)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
