"""MLX in process, through mlx-lm: Metal on Apple hardware, a slow but exact CPU backend elsewhere.

MLX's default streams belong to the thread that made them: open, use and close a session on one thread.
"""

from runners.runtimes.mlx.quantize import prepare
from runners.runtimes.mlx.session import open_session

__all__ = ["open_session", "prepare"]
