"""Pictures for docs/: small ones that look the same."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tools.screenshots import small

RNG = np.random.default_rng(1)


def png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_a_picture_of_few_colours_keeps_every_one_of_them() -> None:
    pixels = RNG.choice(np.array([[255, 255, 255], [31, 36, 41], [0, 114, 178]], np.uint8), size=(60, 90))
    kept = Image.open(io.BytesIO(small(png(pixels)))).convert("RGB")
    assert (np.asarray(kept) == pixels).all()


def test_a_picture_too_large_gets_fewer_colours() -> None:
    pixels = RNG.integers(0, 256, (80, 80, 3), np.uint8)
    whole = small(png(pixels))
    assert len(small(png(pixels), len(whole) - 1)) < len(whole)


def test_one_that_cannot_be_made_small_enough_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        small(png(RNG.integers(0, 256, (80, 80, 3), np.uint8)), 1_000)
