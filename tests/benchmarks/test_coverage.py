"""The simulation behind docs/statistics.md: its method is the product's, its truths are as stated, its pages fit."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import coverage, coverage_plots
from benchmarks.coverage_methods import bootstrap, ours, rates, wald
from benchmarks.coverage_pages import between, errors
from benchmarks.coverage_truth import Data, Truth, cluster_sizes, data, items
from harness.compare.evidence import gather
from harness.compare.match import Paired
from harness.compare.verdict import judge
from harness.core.config import Protocol
from harness.core.verdict import Verdict

RUNS = 40


def _paired(eighths: NDArray[np.int8], clusters: NDArray[np.int64] | None) -> Paired:
    """Arms with these differences: the baseline right where an item is lost, else wrong, or in between."""
    d = eighths / 8
    before = np.where(d < 0, -d, 0.0)
    arms = before[:, None], (before + d)[:, None]
    cut = np.zeros(d.size, dtype=np.bool_)
    return Paired(*arms, clusters=clusters, cut=cut, cap_hits=(0.0, 0.0), rescued=arms[1])


def _drawn(truth: Truth) -> tuple[Data, list[Paired]]:
    """Data sets as the simulation has them and as the product takes them."""
    found = data(truth, RUNS)
    if truth.icc is None:
        rows = range(min(RUNS, found.total.size))
        assert found.histogram is not None
        values = np.arange(-8, 9, dtype=np.int8)
        return found, [_paired(np.repeat(values, found.histogram[row].astype(int)), None) for row in rows]
    sizes = cluster_sizes(truth.n)
    seed = [truth.n, round(1e4 * truth.flips), round(-1e4 * truth.delta), truth.samples]
    answers = items(truth, sizes, RUNS, np.random.default_rng(seed))
    clusters = np.repeat(np.arange(sizes.size), sizes)
    return found, [_paired(row, clusters) for row in answers]


@pytest.mark.parametrize(
    "truth",
    [
        Truth(30, 0.05, 0.0),
        Truth(198, 0.10, -0.02),
        Truth(100, 0.20, -0.04, 0.0),
        Truth(500, 0.05, -0.02, 0.2),
        Truth(1_319, 0.02, 0.0, 0.1),
        Truth(30, 0.05, 0.0, None, 8),
        Truth(500, 0.05, -0.02, 0.1, 8),
    ],
    ids=str,
)
def test_the_simulated_method_is_the_one_that_the_product_applies(truth: Truth) -> None:
    found, arms = _drawn(truth)
    limits = ours(truth, found)
    rng, protocol = np.random.default_rng(1), Protocol(margin=truth.margin)
    for row, paired in enumerate(arms):
        evidence = gather(paired, rng)
        assert (evidence.wide.low, evidence.wide.high) == pytest.approx([side[row] for side in limits.wide], abs=1e-9)
        assert evidence.narrow.low == pytest.approx(limits.narrow[0][row], abs=1e-9)
        verdict = judge(evidence, evidence.pvalue, "", protocol).verdict
        low, high = limits.narrow[0][row], limits.narrow[1][row]
        assert (verdict is Verdict.EQUIVALENT) == (-truth.margin < low and high < truth.margin)
        if verdict is not Verdict.EQUIVALENT:
            assert (verdict is Verdict.DEGRADED) == (limits.shown[row] and limits.wide[1][row] < 0)


@pytest.mark.parametrize("truth", [Truth(500, 0.1, -0.02), Truth(500, 0.1, -0.02, 0.2), Truth(500, 0.1, -0.02, 0.1, 8)])
def test_the_simulated_truth_is_what_it_says(truth: Truth) -> None:
    found = data(truth, 3_000)
    mean = float(found.weight @ found.total) / truth.n
    assert mean == pytest.approx(truth.delta, abs=0.003)
    if truth.samples == 1:
        assert float(found.weight @ found.changed) / truth.n == pytest.approx(truth.flips, abs=0.003)


def test_the_correlation_in_clusters_is_what_it_says() -> None:
    """Half the squared sums of clusters beyond independent ones, against the design effect that 0.2 implies."""
    truth = Truth(1_319, 0.2, 0.0, 0.2)
    sizes, found = cluster_sizes(truth.n), data(truth, 3_000)
    assert found.nets is not None
    effect = float((found.nets**2).sum(axis=1).mean() / found.squares.mean())
    assert effect == pytest.approx(1 + 0.2 * float((sizes**2).sum() / sizes.sum() - 1), rel=0.05)
    assert sizes.sum() == truth.n


def test_the_exact_bootstrap_is_what_resampling_nears() -> None:
    truth = Truth(198, 0.1, -0.02)
    found = data(truth, 1)
    row = int(np.argmax(found.weight))
    assert found.histogram is not None
    rng = np.random.default_rng(2)
    means = rng.multinomial(truth.n, found.histogram[row] / truth.n, 200_000) @ (np.arange(-8, 9) / 8) / truth.n
    low, high = (side[row] for side in bootstrap(truth, found).wide)
    assert (low, high) == pytest.approx(np.quantile(means, [0.025, 0.975], method="inverted_cdf"), abs=1e-9)


def test_known_results_come_out_wald_too_bold_and_ours_within_its_promise() -> None:
    truth = Truth(500, 0.025, -0.02)
    found = data(truth, 1)
    assert rates(truth, found, wald(truth, found)).equivalent > 0.075
    assert rates(truth, found, ours(truth, found)).equivalent < 0.05


def test_the_quick_grid_keeps_the_promise_and_can_be_drawn_and_stored(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert coverage.main(["--quick"]) == 0
    assert "0 errors above 6 %" in capsys.readouterr().out
    rows = list(coverage.simulate((100,), (0.05,), 50))
    coverage.store(rows, tmp_path / "coverage.csv")
    assert (tmp_path / "coverage.csv").read_text().count("\n") == len(rows) + 1
    coverage_plots.draw(rows, tmp_path)
    assert [path.stat().st_size < 60_000 for path in sorted(tmp_path.glob("*.svg"))] == [True] * 4


def test_pages_have_a_place_for_each_table() -> None:
    page = (Path(coverage.DOCS) / "statistics.md").read_text(encoding="utf-8")
    for name in ("errors", "above", "power", "harmless"):
        assert "NEW" in between(page, name, "NEW")
    with pytest.raises(ValueError, match="0 places"):
        between("no markers", "errors", "")
    rows = list(coverage.simulate((100,), (0.1,), 50))
    assert any(line.startswith("| **ours** | clusters |") for line in errors(rows))
