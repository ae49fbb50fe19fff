"""The command line: splits argv by hand, imports one verb, turns errors into one line and an exit code.

Everything after the verb is Hydra override grammar plus a few flags, in any order. Nothing heavy is imported here:
`--help` and `list` must answer at once.
"""

import argparse
import difflib
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from harness import __version__
from harness.core.errors import ConfigError, HarnessError, UserError
from harness.verbs import Arguments, Flag

VERBS = {
    "run": "harness.verbs.run",
    "plan": "harness.verbs.plan",
    "compare": "harness.verbs.compare",
    "report": "harness.verbs.report",
    "list": "harness.verbs.list",
    "show": "harness.verbs.show",
    "doctor": "harness.verbs.doctor",
    "import": "harness.verbs.import_",
    "export": "harness.verbs.export",
    "merge": "harness.verbs.merge",
    "gate": "harness.verbs.gate",
    "accept": "harness.verbs.accept",
    "publish": "harness.verbs.publish",
    "setup": "harness.verbs.setup",
    "calibrate": "harness.verbs.calibrate",
}

HELP = """\
What quantization costs and what the box delivers.

usage: python -m harness VERB [OVERRIDE ...] [FLAGS]

  run       measure; with nothing else: the demo, offline, in minutes
  plan      what run would do: cells, pairs, skips, memory, what can be decided
  compare   verdicts from stored results: of a plan, or of two cells
  report    the report folder from stored results
  list      models, quantizations, runtimes, boxes, loads, suites; and what is
            stored: list results model=pocket --sort result,
            list plans verdict=degraded, list nights, list references
  show ID   one stored record, plan or night; the first letters of its id do
  doctor    is this computer ready?
  import    results of lm-eval, Inspect, llama.cpp or a CSV: import PATH name=q4
  export    for other tools: export CELL to=DIR format=lm_eval (or csv, parquet)
  merge     results folders of several boxes into one: merge A B --to results
  calibrate how exact is the load generator for served engines, on this box?
  publish   a static site from all results and reports: publish --to site
  gate      is this night worse than that one? gate --against last-accepted
  accept    a night as the new reference: accept last --reason "..."
  setup X   an environment for a runtime: vllm, hf, mlx, llama-cpp, openai

overrides
  model=qwen3  quant=[q8_0,q4_k_m]  hw=dgx_spark  runtime=llama_cpp    groups
  limit=200  matrix.rounds=5  runtime.options.n_ctx=8192                 values
  stop=decided                                   ends a task once it is settled
  model=/models/my-model-BF16.gguf                                     a file

flags
  -m, --multirun   expand sweeps: quant=q8_0,q4_k_m  (also of single options)
  --conf DIR       more configuration, before the built-in one (repeatable)
  --other-box      run although this is not the box named by hw
  --help, --version

examples
  python -m harness run
  python -m harness plan hw=dgx_spark model=qwen3
  python -m harness run model=qwen3_4b quant=[q8_0,q4_k_m] limit=200
"""


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing usage and leaving."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(message, "see python -m harness --help")


def parse(words: Sequence[str], flags: Sequence[Flag] = ()) -> Arguments:
    """Flags and positional words after the verb, in any order; raises ConfigError for a flag it does not take."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("--conf", action="append", default=[], type=Path)
    parser.add_argument("--other-box", action="store_true")
    for flag in flags:
        if flag.takes:
            parser.add_argument(f"--{flag.name}", dest=f"flag {flag.name}")
        else:
            parser.add_argument(f"--{flag.name}", dest=f"flag {flag.name}", action="store_const", const="yes")
    found = parser.parse_intermixed_args(list(words))
    given = {name.removeprefix("flag "): value for name, value in vars(found).items() if name.startswith("flag ")}
    own = {name: value for name, value in given.items() if value is not None}
    return Arguments(tuple(found.overrides), found.multirun, tuple(found.conf), found.other_box, own)


def verb_module(verb: str) -> str:
    """Dotted path of a verb; raises ConfigError with a suggestion for an unknown one."""
    if verb in VERBS:
        return VERBS[verb]
    close = difflib.get_close_matches(verb, VERBS, n=1)
    hint = f"did you mean {close[0]}?" if close else "see python -m harness --help"
    raise ConfigError(f"unknown verb '{verb}'", hint)


def _dispatch(argv: Sequence[str]) -> int:
    if "--version" in argv:
        sys.stdout.write(f"quantharness {__version__}\n")
        return 0
    if not argv or argv[0] in ("--help", "-h"):
        sys.stdout.write(HELP)
        return 0
    if argv[0].startswith("-") or "=" in argv[0]:
        raise ConfigError(f"the verb comes first, not '{argv[0]}'", "see python -m harness --help")
    module = importlib.import_module(verb_module(argv[0]))
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(_help_of(module))
        return 0
    main: Callable[[Arguments], int] = module.main
    return main(parse(argv[1:], getattr(module, "FLAGS", ())))


def _help_of(verb: ModuleType) -> str:
    """What a verb's module says of itself, with its flags."""
    lines = [f"  --{flag.name} {flag.takes}".ljust(24) + f" {flag.help}" for flag in getattr(verb, "FLAGS", ())]
    return "\n".join([(verb.__doc__ or "").strip(), "", *lines, "see python -m harness --help for the rest", ""])


def _bug(error: Exception) -> int:
    """Say that this is our fault; the traceback goes to a file, or to stderr with HARNESS_TRACEBACK=1."""
    text = "".join(traceback.format_exception(error))
    if os.environ.get("HARNESS_TRACEBACK") == "1":
        sys.stderr.write(text)
        return 70
    with tempfile.NamedTemporaryFile("w", prefix="quantharness-", suffix=".txt", delete=False) as stream:
        stream.write(text)
    line = " ".join(str(error).split()) or "no message"
    sys.stderr.write(f"error: {type(error).__name__}: {line}; this is a bug, please report {stream.name}\n")
    return 70


def _unread() -> int:
    """Nobody reads on; what is still to be flushed goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141


def run(argv: Sequence[str]) -> int:
    """Exit code: 0 done, 1 not done, 2 the user can mend it, 70 a bug, 130 interrupted, 141 the reader went away."""
    try:
        return _dispatch(argv)
    except HarnessError as error:
        kind = "error" if isinstance(error, UserError) else "cannot go on"
        sys.stderr.write(f"{kind}: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command again goes on where it stopped\n")
        return 130
    except BrokenPipeError:
        return _unread()
    except SystemExit as left:  # rich leaves with 1 where its reader does
        if isinstance(left.__context__, BrokenPipeError):
            return _unread()
        raise
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a line
        return _bug(error)
