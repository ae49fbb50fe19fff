"""Our load generator as a program of its own, as the others are: requests in, what it read of each out.

    python -m benchmarks.load_generator_ours URL STREAMS REQUESTS TOKENS OUT.json
"""

import sys
from pathlib import Path

import msgspec

from runners.calibration.measure import closed_loop, opened


def main(words: list[str]) -> int:
    """Drive the server at URL (ends in /v1) and write the readings."""
    url, streams, requests, tokens = words[0], *map(int, words[1:4])
    with opened(url, streams) as client:
        seen = list(closed_loop(client, streams, requests, tokens))
    Path(words[4]).write_bytes(msgspec.json.encode(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
