"""How near decoding comes to what the memory can deliver, and prefill to what the arithmetic can.

Decoding one token at batch 1 reads every active weight and the keys and values so far once: tokens/s x those bytes is
the bandwidth it reached (Williams et al., "Roofline", 2009).
"""

from runners.meters.roofline.shares import Box, Shape, flags, readings
from runners.meters.roofline.weights import Weights, weights_of

__all__ = ["Box", "Shape", "Weights", "flags", "readings", "weights_of"]
