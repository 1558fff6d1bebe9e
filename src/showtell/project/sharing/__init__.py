"""Results shared through DVC: recorded, pushed, pulled and proved, so that nothing runs again."""

import sys
from pathlib import Path

from showtell.project.addresses import masked
from showtell.project.errors import UserError, nearest
from showtell.project.foreign.dvc import (
    Out,
    cache_folder,
    cached,
    files,
    object_path,
    outs,
    remotes,
)
from showtell.project.sharing.dvc import Remote, dvc, must, prepare, remote
from showtell.project.sharing.integrity import (
    Damage,
    check_out,
    damages,
    drop_bad_objects,
    mend,
    objects,
    refuse_changed,
)
from showtell.project.sharing.origins import elsewhere, mixture
from showtell.project.sharing.permissions import as_their_folder
from showtell.project.sharing.records import keeping_times, record, refuse_unfinished, restore
from showtell.project.sharing.stages import (
    Stage,
    add_shared,
    refuse_unowned,
    shared_replicates,
    stages,
)


def share(root: Path, replicate: str, remote_url: str | None) -> int:
    """Record what exists of a replicate with DVC and push it; say what was shared."""
    if not (root / "results" / replicate).is_dir():
        raise UserError(
            f"results/{replicate} does not exist: nothing to share yet. "
            f"`make reproduce SCALE={replicate}` makes it."
        )
    prepare(root)
    to = remote(root, remote_url, replicate)
    refuse_unfinished(root, replicate)
    refuse_changed(root, replicate)
    add_shared(root, replicate)  # dvc.yaml has its stages from here on
    refuse_unowned(root, replicate)
    # DVC takes a stage as incomplete without each of its outputs, and not every study has videos.
    (root / "results" / replicate / "videos").mkdir(exist_ok=True)
    record(root, replicate)
    complete = [stage for stage in stages(root, replicate) if not stage.missing]
    if not complete:
        raise UserError(_incomplete(stages(root, replicate)))
    with keeping_times(root, replicate):
        must(dvc(root, "commit", "--force", *(stage.target for stage in complete)))
    shared = [
        out for out in outs(root, replicate) if out.stage in {stage.target for stage in complete}
    ]
    _say(_pushed(root, to, shared))
    if to.objects is not None:
        as_their_folder(Path(to.url), objects(root, shared))
    if (mixed := mixture(root, replicate)) is not None:
        _say(mixed)
    for stage in stages(root, replicate):
        if stage.missing:
            _say(f"not shared: {stage.name} ({', '.join(stage.missing)} does not exist yet)")
    _say(
        "to let others pull it: "
        f"git add dvc.lock workflow/shared.yaml results/{replicate}/tables "
        "&& git commit && git push"
    )
    return 0


def pull(root: Path, replicate: str, remote_url: str | None) -> int:
    """Fetch a replicate's shared results, check every byte, and tell Snakemake what they are."""
    wanted = outs(root, replicate)
    if not wanted:
        others = [name for name in shared_replicates(root) if outs(root, name)]
        raise UserError(
            f"no results of {replicate!r} are recorded in dvc.lock"
            f" (recorded: {', '.join(others) or 'none'}); "
            f"`make reproduce SCALE={replicate}` makes them, `make share` records them."
        )
    prepare(root)
    _refuse_absent(root, remote_url)
    source = remote(root, remote_url, replicate)
    good: set[str] = set()
    for path in drop_bad_objects(root, wanted, good):
        _say(f"{path}: its copy in the cache was damaged and has been removed.")
    before = _absent(root, wanted)
    targets = sorted({out.stage for out in wanted})
    done = dvc(root, "pull", "--remote", source.name, *targets)
    # A remote that was configured by hand may not verify what it hands out.
    drop_bad_objects(root, wanted, good)
    damaged = damages(root, wanted)
    if damaged and not any(damage.made_here for damage in damaged):
        check_out(root, damaged)
        damaged = damages(root, wanted)
    restored = restore(root, replicate)
    if damaged:
        raise UserError(_refusal(damaged, source, replicate, done.stderr))
    count = sum(len(files(root, out)) for out in wanted)
    size = sum(out.size for out in wanted)
    came = f"pulled {replicate} from {source.url}" if before else _was_here(source, replicate)
    _say(
        f"{came}: {count} files, {_bytes(size)}, every one checked; "
        f"{restored} of them are new to Snakemake."
    )
    if (other := elsewhere(root, replicate)) is not None:
        _say(other)
    return 0


def _refuse_absent(root: Path, remote_url: str | None) -> None:
    """A folder that does not exist is refused before it is remembered; `share` makes one."""
    if remote_url is None or "://" in remote_url or remote_url in remotes(root)[0]:
        return
    folder = Path(remote_url).expanduser().resolve()
    if not folder.is_dir():
        beside = [path.as_posix() for path in folder.parent.glob("*/")]
        cure = nearest(folder.as_posix(), beside) if beside else "is its drive mounted?"
        raise UserError(f"there is no folder {folder} to pull from; {cure}")


def _absent(root: Path, wanted: list[Out]) -> bool:
    """Whether an object of these outputs is not in the cache here, and so has to be fetched."""
    lists = [cached(root, out.md5) for out in wanted if out.is_folder]
    if not all(path.exists() for path in lists):
        return True
    return not all(cached(root, digest).exists() for digest in objects(root, wanted))


def _was_here(source: Remote, replicate: str) -> str:
    gone = source.objects is not None and not Path(source.url).is_dir()
    why = ", which does not exist" if gone else ""
    return f"{replicate} was here already, nothing was fetched from {source.url}{why}"


def _pushed(root: Path, to: Remote, shared: list[Out]) -> str:
    """Push, and where the remote is a folder make sure that it has every byte."""
    wanted = objects(root, shared)
    here = {digest: root / path for out in shared for path, digest in files(root, out).items()}
    mend(cache_folder(root), wanted, lambda digest: here.get(digest, cached(root, digest)))
    before = _present(to, wanted)
    targets = sorted({out.stage for out in shared})
    must(dvc(root, "push", "--remote", to.name, *targets))
    mended = (
        [] if to.objects is None else mend(to.objects, wanted, lambda digest: cached(root, digest))
    )
    new = f"{len(wanted) - before} objects new there" if to.objects is not None else "pushed"
    again = f"; replaced damaged copies of {', '.join(mended)}" if mended else ""
    size = sum(out.size for out in shared)
    return (
        f"shared {shared[0].replicate} with {to.url}: {len(here)} files, {_bytes(size)}, "
        f"{new}{again}."
    )


def _present(to: Remote, wanted: dict[str, str]) -> int:
    if to.objects is None:
        return 0
    return sum(object_path(to.objects, digest).exists() for digest in wanted)


def _refusal(damaged: list[Damage], source: Remote, replicate: str, complaint: str) -> str:
    """What cannot be used, and what to do about it."""
    said = f" DVC says: {' '.join(complaint.split())[-500:]}" if complaint.strip() else ""
    changed = [damage for damage in damaged if damage.made_here]
    if changed:
        return (
            f"refused: {_names(changed)} was made or changed here and is not what was shared; "
            f"`make share` it, or delete it and run `make pull` again.{said}"
        )
    first = damaged[0]
    make = (
        "make reproduce"
        if first.is_list
        else f"snakemake --config scale={replicate} -- {first.path}"
    )
    delete = " and ".join(str(object_path(Path("files/md5"), md5)) for md5 in first.objects)
    elsewhere = "" if source.objects else f" (delete {delete} there first: DVC replaces nothing)"
    return (
        f"refused: {_names(damaged)}: missing, damaged or out of reach in {source.url} "
        f"(object {object_path(Path('files/md5'), first.objects[0])}). Nothing of it is used here. "
        f"Cure: `make share` on a machine that has it puts it right{elsewhere}; "
        f"or `{make}` makes it here.{said}"
    )


def _names(damaged: list[Damage]) -> str:
    more = f" and {len(damaged) - 5} more" if len(damaged) > 5 else ""
    return ", ".join(damage.path for damage in damaged[:5]) + more


def _incomplete(all_stages: list[Stage]) -> str:
    missing = ", ".join(sorted({path for stage in all_stages for path in stage.missing}))
    return f"nothing is complete enough to share: {missing} does not exist yet; `make reproduce`."


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def _say(line: str) -> None:
    sys.stdout.write(masked(line) + "\n")
