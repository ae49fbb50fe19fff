"""Where weights come from: find or fetch an artifact, and know it by its content."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from harness.core.cell import Job, Prepared
from harness.core.config import Artifact
from harness.core.digest import file_digest, short_id, text_digest
from harness.core.errors import NotFound, UserError
from runners.atomic import sweep, write_whole

# What runtimes read of a model folder; ".py" is code that some checkpoints bring along.
_READ = (".safetensors", ".json", ".jinja", ".model", ".tiktoken", ".txt", ".py")
# fnmatch's "*" also matches "/": folders within a repository hold other formats of the same weights.
_FOLDER, _NOT_IN = [f"*{suffix}" for suffix in _READ], ["*/*"]
_SHARD = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")


@dataclass(frozen=True)
class Located:
    """Weights on this disk: a file (the first of its shards) or a folder; `revision` is the hub's commit, if any.

    Of a folder only what runtimes read counts, so that a changed model card makes no other weights of it.
    """

    path: Path
    revision: str = ""

    @property
    def files(self) -> list[Path]:
        """Every file that belongs to the weights, sorted; a sharded GGUF's shards all stand beside the first."""
        if self.path.is_dir():
            return sorted(path for path in self.path.iterdir() if path.suffix in _READ and path.is_file())
        shard = _SHARD.search(self.path.name)
        if not shard:
            return [self.path]
        return sorted(self.path.parent.glob(_SHARD.sub(f"-*-of-{shard[1]}.gguf", self.path.name)))

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(path.stat().st_size for path in self.files)


def fetch(job: Job) -> Prepared:
    """The artifact of the job's cell as it is: what a runtime without a `prepare` of its own gets.

    Raises NotFound for what is not there, UserError for what cannot be fetched.
    """
    artifact, cache = job.cell.artifact, Path(job.cache)
    sweep(cache / "digests")
    source = locate(artifact, Path(job.assets))
    digest = content_digest(source, cache)
    if artifact.sha256 not in ("", digest):
        raise UserError(f"{source.path} has changed since the plan was made", "plan and run again")
    return Prepared(str(source.path), source.bytes, digest, digest, "as is", source.revision)


def locate(artifact: Artifact, assets: Path) -> Located:
    """The artifact's place on this disk; hub artifacts are fetched into the hub's own cache first."""
    if artifact.source == "hub":
        return _fetch(artifact)
    root = assets if artifact.source == "builtin" else Path()
    path = (root / Path(artifact.location).expanduser() / artifact.file).absolute()
    if not path.exists():
        where = "built-in asset" if artifact.source == "builtin" else "file"
        hint = "reinstall the package" if artifact.source == "builtin" else "check the path in the model's artifacts"
        raise NotFound(f"no {where} at {path}", hint)
    return Located(path)


def content_digest(weights: Located, cache: Path) -> str:
    """sha256 of a file, or of the names and digests of several; remembered by path, size and time of change."""
    digests = [(path.name, _remembered(path, cache)) for path in weights.files]
    if not digests:
        raise NotFound(f"{weights.path} holds no files", "check the model's artifacts")
    if len(digests) == 1 and not weights.path.is_dir():
        return digests[0][1]
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in digests).encode()).hexdigest()


def _remembered(path: Path, cache: Path) -> str:
    """A file's sha256, from the note in cache/digests where the file has not changed since."""
    stat = path.stat()
    note = cache / "digests" / short_id((text_digest(str(path.absolute())), stat.st_size, stat.st_mtime_ns))
    if note.is_file():
        return note.read_text()
    digest = file_digest(path)
    write_whole(note, digest.encode())
    return digest


def _fetch(artifact: Artifact) -> Located:
    """Download a file, its sibling shards, or a whole repository at the pinned revision (or the newest)."""
    # Only here: its HTTP client takes longer to import than all else a child of a local model needs.
    import huggingface_hub
    from huggingface_hub import errors

    name, repo, revision = artifact.file, artifact.location, artifact.revision or None
    shards = _SHARD.sub(r"-*-of-\1.gguf", name)
    try:
        if name and shards == name:
            path = Path(huggingface_hub.hf_hub_download(repo, name, revision=revision))
            return Located(path, _commit(path))
        folder = Path(huggingface_hub.snapshot_download(repo, revision=revision,
                                                        allow_patterns=shards if name else _FOLDER,
                                                        ignore_patterns=None if name else _NOT_IN))
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise NotFound(f"the hub has no {repo} at {revision or 'its newest revision'}",
                       "check the name and revision, or set HF_TOKEN for a gated repository") from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise UserError(f"{repo}/{name} is not in the hub's cache and the hub cannot be reached",
                        "connect and unset HF_HUB_OFFLINE, or name local weights") from error
    except errors.EntryNotFoundError as error:
        raise NotFound(f"{repo} has no file {name}", "check model artifacts") from error
    except (errors.HfHubHTTPError, errors.HFValidationError, OSError) as error:
        raise UserError(f"cannot fetch {repo}/{name}: {str(error).splitlines()[0]}", "try again") from error
    if name and not (folder / name).is_file():
        raise NotFound(f"{repo} has no file {name}", "check model artifacts")
    return Located(folder / name, _commit(folder / name))


def _commit(path: Path) -> str:
    """The commit in a path of the hub's cache (.../snapshots/<commit>/...), "" where it has another shape."""
    parts = path.parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts else ""


def checkpoint_bytes(folder: Path) -> int | None:
    """Size of the weights of a checkpoint; None where the folder holds none."""
    return sum(path.stat().st_size for kind in ("*.safetensors", "*.bin") for path in folder.glob(kind)) or None
