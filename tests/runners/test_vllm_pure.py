"""Of the vLLM runtime what needs no engine: its options, and the names of kernels."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from harness.core.errors import ConfigError
from runners.runtimes.vllm.inspection import Inside, kernel_name, look_inside, told
from runners.runtimes.vllm.settings import parse_settings


class MarlinLinearKernel:
    """What a scheme chose."""


class MPLinearLayerConfig:
    """No kernel."""


class CompressedTensorsWNA16:
    """A scheme with its kernel."""

    def __init__(self) -> None:
        self.kernel, self.config = MarlinLinearKernel(), MPLinearLayerConfig()


class CompressedTensorsLinearMethod:
    """A method that leaves all to the layer's scheme."""


def test_a_layers_kernel_is_named_with_its_method_and_scheme() -> None:
    layer = SimpleNamespace(scheme=CompressedTensorsWNA16())
    found = kernel_name(layer, CompressedTensorsLinearMethod())
    assert found == "CompressedTensorsLinearMethod, CompressedTensorsWNA16, MarlinLinearKernel"
    assert kernel_name(SimpleNamespace(), CompressedTensorsLinearMethod()) == "CompressedTensorsLinearMethod"


@dataclass
class Tensor:
    """Memory at a place."""

    place: int
    nbytes: int

    def data_ptr(self) -> int:
        return self.place


class Worker:
    """What a worker shows of itself: two linear layers, one attention layer, and a cache of 16 tokens a page.

    Of its cache one tensor is shared by two layers, and a layer with a state has two.
    """

    def __init__(self, **runner: object) -> None:
        self.model_runner = SimpleNamespace(**runner)

    def get_model(self) -> SimpleNamespace:
        linear = SimpleNamespace(quant_method=CompressedTensorsLinearMethod())
        attention = SimpleNamespace(attn_backend=SimpleNamespace(get_name=lambda: "FLASH_ATTN"))
        return SimpleNamespace(modules=lambda: [SimpleNamespace(), linear, linear, attention])

    def get_kv_cache_spec(self) -> dict[str, SimpleNamespace]:
        return {name: SimpleNamespace(page_size_bytes=4096, block_size=16) for name in ("a", "b")}


def test_a_worker_tells_its_kernels_and_what_a_token_takes_in_its_cache() -> None:
    caches = [Tensor(1, 100), Tensor(1, 100), [Tensor(2, 30), Tensor(3, 4)]]
    found = look_inside(Worker(model_memory_usage=5000, kv_caches=caches))
    assert found == Inside({"CompressedTensorsLinearMethod": 2}, {"FLASH_ATTN": 1}, 512.0, 5000, 134)


def test_what_a_worker_keeps_under_another_name_is_not_known() -> None:
    found = look_inside(Worker())
    assert (found.weights_bytes, found.cache_bytes) == (None, None)


def test_layers_are_counted_by_kernel() -> None:
    assert told({"B": 2, "A": 1}) == "1 x A; 2 x B"
    assert told({}) == "none"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_model_length": 4}, "the options are dtype"),
        ({"dtype": "int4"}, "dtype"),
        ({"gpu_memory_utilization": 1.5}, "gpu_memory_utilization"),
        ({"max_num_seqs": 64, "max_num_batched_tokens": 32}, "give it at least 64"),
    ],
)
def test_options_that_cannot_be_are_told(options: dict[str, int | float | str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_settings(options)


def test_the_options_of_the_configuration_are_those_of_the_runtime() -> None:
    from harness import bundle
    from harness.core.config import Runtime

    configured = bundle.catalogue("runtime", Runtime)["vllm"].options
    assert parse_settings(configured) == parse_settings({})
    assert set(configured) == set(type(parse_settings({})).__struct_fields__)
