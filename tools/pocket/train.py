"""Train the pocket model: Muon for matrices, AdamW for the rest, learning rate by the clock to end at zero.

Run: python -m tools.pocket train --work DIR [--minutes 75]. It writes DIR/checkpoint.pt every few minutes and goes on
from there when started again; time spent before the stop counts. CUDA is used where there is one, else bf16 on the CPU.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from tools.pocket import tokens
from tools.pocket.check import exact_by_level
from tools.pocket.model import Pocket, Shape, causal_mask
from tools.pocket.packing import Batch, batches, drills
from tools.pocket.parallel import Team
from tools.pocket.start import teach_copying

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """All that decides a run; `seconds` is the budget of wall-clock time the schedule is stretched over."""

    seed: int = 0
    seconds: float = 4500.0
    rows: int = 8
    drill_steps: int = 30
    warm_steps: int = 120
    matrix_rate: float = 0.0015
    other_rate: float = 1e-3
    flat_share: float = 0.45
    report_every_seconds: float = 480.0
    muon: bool = True
    workers: int = 2
    port: int = 29561


@dataclass
class Progress:
    """Where a run stands; changes as it trains."""

    step: int = 0
    chunk: int = 0
    elapsed: float = 0.0
    tokens: int = 0
    loss: float = 0.0


class Trainer:
    """Model, optimizers and progress of one run."""

    def __init__(self, recipe: Recipe, folder: Path, team: Team) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder, self.team = recipe, folder, team
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = Pocket(Shape())
        teach_copying(self.model, recipe.seed)
        self.model.to(self.device)
        self.progress = Progress()
        named = dict(self.model.named_parameters())
        self.matrices = [one for name, one in named.items() if recipe.muon and one.dim() == 2 and "embed" not in name]
        others = [one for one in named.values() if all(one is not matrix for matrix in self.matrices)]
        self.adam = torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.95), weight_decay=0.01)
        self.optimizers: list[tuple[Any, float]] = [(self.adam, recipe.other_rate)]
        if self.matrices:
            # Muon's own work is shared out: each process updates every size-th matrix and hands it round.
            muon = torch.optim.Muon(self.matrices[team.rank::team.size], lr=recipe.matrix_rate, weight_decay=0.01,
                                    adjust_lr_fn="match_rms_adamw")
            self.optimizers.append((muon, recipe.matrix_rate))

    def rate(self) -> float:
        """Share of the full learning rate: up over the first steps, flat, then straight down to zero at the end."""
        used = self.progress.elapsed / self.recipe.seconds
        down = (1.0 - used) / (1.0 - self.recipe.flat_share)
        return max(0.0, min(1.0, down, (self.progress.step + 1) / self.recipe.warm_steps))

    def loss(self, batch: Batch) -> Tensor:
        """Weighted mean cross-entropy of a batch."""
        ids, targets, weights, owner, positions = (
            torch.from_numpy(one).to(self.device)
            for one in (batch.ids, batch.targets, batch.weights, batch.owner, batch.positions))
        with torch.autocast(self.device, torch.bfloat16):
            logits = self.model.logits(self.model(ids, positions, causal_mask(owner)))
        each = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
        return (each * weights.flatten()).sum() / weights.sum()

    def update(self, batch: Batch, clock: float) -> None:
        """One optimizer step at `clock` seconds of the budget (rank 0's counts)."""
        loss = self.loss(batch)
        loss.backward()
        gradients = [one.grad for one in self.model.parameters()]
        self.progress.elapsed = self.team.add_up(gradients, clock)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        share = self.rate()
        for optimizer, full in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = full * share
            optimizer.step()
        self.model.zero_grad()
        self.team.share([one.data for one in self.matrices])
        now = loss.item()
        self.progress.loss = now if self.progress.step == 0 else 0.95 * self.progress.loss + 0.05 * now
        self.progress.step += 1
        self.progress.tokens += self.team.size * int((batch.owner >= 0).sum())

    def save(self) -> None:
        """Write the checkpoint beside the old one, then put it in its place."""
        state = {"model": self.model.state_dict(), "progress": asdict(self.progress), "recipe": asdict(self.recipe),
                 "adam": self.adam.state_dict()}  # Muon's momentum spans twenty steps and is left to grow again
        fresh = self.folder / "checkpoint.new"
        torch.save(state, fresh)
        fresh.replace(self.folder / "checkpoint.pt")

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        self.progress = Progress(**state["progress"])
        self.adam.load_state_dict(state["adam"])


def default_minutes() -> float:
    """The time budget where none is named: 75 minutes on two CPU cores, 15 on a GPU."""
    return 15.0 if torch.cuda.is_available() else 75.0


def run(recipe: Recipe, folder: Path) -> None:
    """Train until the time budget is spent: one process on a GPU, `workers` of one thread each on a CPU."""
    if torch.cuda.is_available() or recipe.workers == 1:
        work(0, replace(recipe, rows=recipe.rows * recipe.workers), folder, 1)
    else:
        torch.multiprocessing.spawn(work, (recipe, folder, recipe.workers), nprocs=recipe.workers)


def work(rank: int, recipe: Recipe, folder: Path, size: int) -> None:
    """One process of the run; the first also writes the log and the checkpoints."""
    logging.basicConfig(level=logging.INFO if rank == 0 else logging.ERROR, format="%(asctime)s %(message)s")
    team = Team(rank, size)
    if size > 1:
        team.join(recipe.port)
    tokenizer = tokens.load(folder / "tokenizer.json")
    trainer = Trainer(recipe, folder, team)
    trainer.resume()
    now = trainer.progress
    supply = batches(tokenizer, recipe.seed, now.chunk * size + rank, recipe.rows, size)
    begun, saved = time.monotonic() - now.elapsed, time.monotonic()
    while now.elapsed < recipe.seconds:
        if now.step < recipe.drill_steps:
            batch = drills(tokenizer, recipe.seed, now.step * size + rank, recipe.rows)
        else:
            batch = next(supply)
            now.chunk = batch.next_chunk // size
        trainer.update(batch, time.monotonic() - begun)
        if now.step % 50 == 0:
            log.info("step %d  %.2f M tokens  %.0f s  loss %.4f  rate %.3f", now.step, now.tokens / 1e6, now.elapsed,
                     now.loss, trainer.rate())
        if rank == 0 and now.step % 100 == 0:
            trainer.save()
        if rank == 0 and time.monotonic() - saved > recipe.report_every_seconds:
            report(trainer, tokenizer)
            saved = time.monotonic()
    if rank == 0:
        finish(trainer, tokenizer)


def finish(trainer: Trainer, tokenizer: Tokenizer) -> None:
    """The last checkpoint, and the run's figures for the model card."""
    report(trainer, tokenizer)
    now = trainer.progress
    facts = {"steps": now.step, "millions": f"{now.tokens / 1e6:.1f}", "loss": f"{now.loss:.3f}",
             "minutes": round(now.elapsed / 60), "speed": round(now.tokens / now.elapsed), "seed": trainer.recipe.seed}
    (trainer.folder / "run.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")


def report(trainer: Trainer, tokenizer: Tokenizer) -> None:
    """Save, and log how many fresh held-out samples of each level come out exactly right."""
    trainer.save()
    found = exact_by_level(trainer.model, tokenizer, trainer.device)
    log.info("exact %s", json.dumps(found))
