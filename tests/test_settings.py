"""Overrides to Settings: expansion, suggestions, and the files of conf/ themselves."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from harness import bundle
from harness.core.config import Fact, Hardware, Limits, Load, Matrix, Model, Quantization, Runtime
from harness.core.errors import ConfigError, NotFound
from harness.settings import Place, expand, load, parse
from tests.tiny_gguf import write_tiny

PLACE = Place((), Path.cwd())
QUANTS = sorted(bundle.entries("quant"))
KINDS: dict[str, type[Struct]] = {
    "hw": Hardware, "model": Model, "quant": Quantization, "runtime": Runtime, "load": Load, "matrix": Matrix,
}  # fmt: skip
ENTRIES = [(group, key) for group in KINDS for key in bundle.entries(group)]


def facts_of(value: object) -> list[Fact]:
    if isinstance(value, Fact):
        return [value]
    return [fact for part in structs.astuple(value) for fact in facts_of(part)] if isinstance(value, Struct) else []


@pytest.mark.parametrize(("group", "key"), ENTRIES)
def test_every_entry_of_conf_decodes_into_its_type(group: str, key: str) -> None:
    entry = bundle.catalogue(group, KINDS[group])[key]
    for fact in facts_of(entry):
        assert fact.value is None or fact.value > 0
        assert fact.value is not None or fact.tag == "measured"


@pytest.mark.parametrize("model", bundle.catalogue("model", Model).values(), ids=lambda model: model.key)
def test_a_model_names_known_quantizations_and_invents_no_revision(model: Model) -> None:
    assert model.native in QUANTS
    assert set(model.artifacts) <= {"gguf", *QUANTS}
    assert all(artifact.revision == "" for artifact in model.artifacts.values())


def test_the_default_is_the_demo() -> None:
    settings = load([])
    assert [(point.model.key, point.quant.key) for point in settings.points] == [
        ("pocket", "q8_0"), ("pocket", "q4_k_m"), ("pocket", "q2_k"),
    ]  # fmt: skip
    assert settings.baseline == "auto"
    assert settings.tasks == ()
    assert settings.results == str(Path.cwd() / "results")


def test_a_users_prices_and_how_the_box_is_watched_are_taken_over() -> None:
    settings = load(["hw=dgx_spark", "hw.cost.electricity_per_kwh.value=0.30", "metering.idle_seconds=5"])
    assert settings.hw.cost.electricity_per_kwh.value == 0.30
    assert settings.hw.cost.years.value is None
    assert settings.hw.price_usd is not None
    assert (settings.metering.idle_seconds, settings.metering.period_seconds) == (5, 0.5)


def test_values_tasks_and_folders_are_taken_over(tmp_path: Path) -> None:
    overrides = ["quant=q8_0", "limit=20", "tasks=[a,b]", "results=out", "protocol.margin=0.01", "load.requests=3"]
    settings = load(overrides, cwd=tmp_path)
    assert (settings.limit, settings.tasks, settings.protocol.margin) == (20, ("a", "b"), 0.01)
    assert settings.results == str(tmp_path / "out")
    assert settings.points[0].load.requests == 3
    assert settings.overrides == tuple(overrides)


@given(st.lists(st.sampled_from(QUANTS), min_size=1, max_size=4, unique=True))
def test_a_list_and_a_sweep_expand_to_the_same_points(quants: list[str]) -> None:
    runtime = "runtime=[fake,llama_cpp]"
    listed = expand([parse(runtime, False, PLACE), parse(f"quant=[{','.join(quants)}]", False, PLACE)])
    swept = expand([parse(runtime, True, PLACE), parse(f"quant={','.join(quants)}", True, PLACE)])
    points = [(pick["runtime"], pick["quant"]) for pick in listed]
    assert points == [(runtime, quant) for runtime in ("fake", "llama_cpp") for quant in quants]
    assert points == [(pick["runtime"], pick["quant"]) for pick in swept]


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_range_is_swept_in_order(first: int, count: int) -> None:
    request = parse(f"load.requests=range({first},{first + count})", True, PLACE)
    assert request.choices == tuple(str(number) for number in range(first, first + count))


@given(st.sampled_from(QUANTS), st.data())
def test_a_name_with_one_letter_missing_gets_a_suggestion(quant: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(quant) - 1))
    wrong = quant[:place] + quant[place + 1 :]
    if wrong in QUANTS or len(wrong) < 3 or wrong.isdigit():
        return
    with pytest.raises(ConfigError) as caught:
        parse(f"quant={wrong}", False, PLACE)
    suggested = caught.value.hint.removeprefix("did you mean ").rstrip("?")
    assert suggested in QUANTS or caught.value.hint == f"choose from {', '.join(QUANTS)}"


def test_the_last_of_two_overrides_counts() -> None:
    assert [point.quant.key for point in load(["quant=q8_0", "quant=q4_0"]).points] == ["q4_0"]


def test_a_glob_chooses_entries() -> None:
    assert parse("quant=glob(q4*)", True, PLACE).choices == ("q4_0", "q4_k_m")


def test_a_swept_option_becomes_part_of_the_arms_name() -> None:
    settings = load(["quant=q8_0", "runtime.options.n_ctx=512,1024"], multirun=True)
    assert [p.runtime.key for p in settings.points] == ["llama_cpp(n_ctx=512)", "llama_cpp(n_ctx=1024)"]
    assert [p.runtime.options["n_ctx"] for p in settings.points] == [512, 1024]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("quant=q4km", "unknown quantization 'q4km' in quant=q4km; did you mean q4_k_m?"),
        ("model=qwen", "unknown model 'qwen' in model=qwen; did you mean qwen3?"),
        ("hw=spark", "unknown box 'spark' in hw=spark; did you mean dgx_spark?"),
        ("modl=qwen3", "unknown option 'modl' in modl=qwen3; did you mean model?"),
        ("load.request=5", "unknown option 'load.request'; did you mean requests?"),
        ("protocol.alfa=0.1", "unknown option 'protocol.alfa'; did you mean alpha?"),
        ("+load.requets=5", "load=small: Object contains unknown field `requets`; did you mean requests?"),
        ("load.requests=many", "load=small: Expected `int`, got `str` - at `requests`"),
        ("stop=soon", "config.yaml: Invalid enum value 'soon' - at `stop`"),
        ("limit=few", "config.yaml: Expected `int | null`, got `str` - at `limit`"),
        ("quant=q8_0,q4_0", "'quant=q8_0,q4_0' is a sweep; add -m, or write quant=[q8_0,q4_0]"),
        ("quant=[]", "'quant=[]' names nothing"),
        ("hw=[cpu,h200]", "'hw=[cpu,h200]': hw takes one value"),
        ("baseline=q4", "unknown baseline 'q4'; did you mean q4_0?"),
        ("model=local", "model=local names no file; write model=/path/to/weights.gguf"),
        ("a b=[", "cannot read override 'a b=['"),
    ],
)
def test_a_wrong_override_gets_one_line_with_what_to_do(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load([override])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_sweep_over_what_there_is_one_of_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed takes one value"):
        load(["seed=1,2"], multirun=True)


def test_tasks_of_lm_eval_are_one_suite_and_no_sweep() -> None:
    assert load(["suite=lm_eval:gsm8k,hellaswag", "quant=q8_0"]).suite == "lm_eval:gsm8k,hellaswag"


def test_a_users_folder_adds_entries_and_wins(tmp_path: Path) -> None:
    folder = tmp_path / "my conf"
    (folder / "load").mkdir(parents=True)
    (folder / "quant").mkdir()
    (folder / "load" / "small.yaml").write_text(
        "concurrency: [2]\nprompt_tokens: 1\noutput_tokens: 1\nrequests: 1\nwarmup_requests: 0\n"
    )
    (folder / "quant" / "q7.yaml").write_text(
        "name: Q7\nformat: gguf\nscheme: Q7\nbits_per_weight: {value: 7, tag: measured}\n"
    )
    settings = load(["quant=q7"], conf_dirs=[folder])
    assert settings.points[0].load.concurrency == (2,)
    assert settings.quants["q7"].scheme == "Q7"


def test_a_users_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        load([], conf_dirs=[tmp_path / "nowhere"])


def test_a_users_entry_with_a_wrong_key_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "quant").mkdir()
    (tmp_path / "quant" / "mine.yaml").write_text("name: Mine\nbits: 4\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml: .*`bits`"):
        load([], conf_dirs=[tmp_path])


def test_a_gguf_file_is_a_model_described_by_its_own_header(tmp_path: Path) -> None:
    file = write_tiny(tmp_path / "my tiny (1).gguf")
    settings = load([f"model='{file.name}'", "quant=[q8_0,q4_0]"], cwd=tmp_path)
    model = settings.points[0].model
    assert (model.key, model.name, model.native, model.layers) == ("my tiny (1)", "tiny random", "f16", 2)
    assert model.artifacts["gguf"].location == str(file)
    assert model.kv_bytes_per_token.value == 2 * 2 * 2 * 64 * 2
    assert len(settings.points) == 2


def test_a_gguf_file_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="no file"):
        load(["model=/nowhere/x.gguf"])


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"text")
    with pytest.raises(ConfigError, match="is not a GGUF file"):
        load(["model=x.gguf"], cwd=tmp_path)


@pytest.mark.parametrize(
    ("overrides", "field", "value"),
    [
        (["load=poisson", "load.rates=[2,4]"], "rates", (2.0, 4.0)),
        (["load=poisson", "load.rates=3"], "rates", (3.0,)),
        (["load=sweep", "load.concurrency=[1,16]"], "concurrency", (1, 16)),
        (["load.concurrency=4"], "concurrency", (4,)),
        (["load.prompts=corpus"], "prompts", "corpus"),
        (["load.depth=[0,1024]"], "depth", (0, 1024)),
        (["load.cache=true"], "cache", True),
        (["load=slo", "load.limits.ttft_seconds=0.5"], "limits", Limits(0.5, 0.1)),
    ],
)
def test_any_field_of_a_load_can_be_set(overrides: list[str], field: str, value: object) -> None:
    assert getattr(load(overrides).points[0].load, field) == value
