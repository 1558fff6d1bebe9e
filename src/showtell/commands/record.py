"""Records episodes of a trained policy again: the world, the camera and the seeds of its run."""

import difflib
import sys
import tempfile
import webbrowser
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json, replacing, write_text
from showtell.study.layout import Layout

DATA = ("play.html.j2",)
_ENDINGS = (".webm", ".mp4", ".gif")
_MOST = 64  # episodes
_RUNS = "*/*/*/*/seed*/*/policy.safetensors"  # below results/<replicate>


@dataclass(frozen=True)
class Choice:
    """What is recorded of a run."""

    episodes: Sequence[int]
    actions: str  # deterministic or stochastic
    checkpoint: str


@dataclass(frozen=True)
class Recording:
    """One episode: its pictures, and what it was worth."""

    episode: int
    frames: Any
    fps: float
    total: float  # its true return
    success: bool


def record(root: Path, run: str, out: Path, choice: Choice) -> int:
    """Write one video; of several episodes, one after another."""
    if out.suffix.lower() not in _ENDINGS:
        raise UserError(f"--out {out}: the name of a video ends in {', '.join(_ENDINGS)}.")
    import numpy as np

    found = recordings(root, run, choice)
    frames = np.concatenate([one.frames for one in found])
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        _write(temporary, out.suffix.lower(), frames, found[0].fps)
    for one in found:
        _say(f"episode {one.episode}: {_worth(one)}, {len(one.frames)} frames")
    _say(f"{out} ({out.stat().st_size / 1e6:.2f} MB)")
    return 0


def play(root: Path, run: str, choice: Choice, out: Path | None, *, browse: bool) -> int:
    """Write one page with the videos, and open it."""
    import jinja2

    found = recordings(root, run, choice)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "video.mp4"
        videos = []
        for one in found:
            _write(file, ".mp4", one.frames, one.fps)
            content = b64encode(file.read_bytes()).decode()
            videos.append({"name": f"episode {one.episode}", "worth": _worth(one), "mp4": content})
    template = jinja2.Template(
        Path(__file__).with_name("play.html.j2").read_text(), autoescape=True
    )
    facts = {"run": run, "actions": choice.actions, "checkpoint": choice.checkpoint}
    if out is None:
        out = Path(tempfile.mkdtemp(prefix="showtell-")) / "play.html"
    write_text(out, template.render(videos=videos, **facts))
    for one in found:
        _say(f"episode {one.episode}: {_worth(one)}")
    _say(str(out))
    if browse:
        webbrowser.open(out.resolve().as_uri())
    return 0


def recordings(root: Path, run: str, choice: Choice) -> list[Recording]:
    """The episodes, with the numbers that their evaluation has."""
    from showtell.jobs.parts import Context, view, world_of
    from showtell.learners import policies
    from showtell.rendering.pool import RenderPool
    from showtell.studies.rollouts import film_view, play, scores

    if min(choice.episodes) < 0 or max(choice.episodes) >= _MOST:
        raise UserError(f"episodes are numbered from 0 to {_MOST - 1}.")
    folder = found_run(root, run)
    job = _job(folder)
    policy = policies.load(
        folder / "policy.safetensors", folder / "policy.json", _checkpoint(choice.checkpoint)
    )
    world = world_of(job["task"])
    policies.check_fits(policy.network, world.observation_space, world.action_space)
    reward = None
    if "reward" in job and policy.network.stages > 1:
        reward = Context.read(job, _inputs(folder, job)).reward_of_training()
    camera = film_view(view(job, job["task"]["camera"]["native"]))
    how: Any = choice.actions
    with RenderPool(world.scene, world.scene_settings()) as pool:
        played = play(
            *(lambda: world_of(job["task"]), policy, how, max(choice.episodes) + 1),
            *(job["root"], job["address"], pool.draw, reward),
        )
        return [
            Recording(
                number,
                pool.draw(played[number].snapshots, camera),
                world.metadata.get("render_fps", 30),
                float(played[number].true_rewards.sum()),
                bool(scores(played[number], world)["success"]),
            )
            for number in choice.episodes
        ]


def found_run(root: Path, run: str) -> Path:
    """The folder of the policy that a path names; of a seed with one phase, that one."""
    path = (root / run).resolve()
    for folder in (path, *path.parents[:2]):
        if (folder / "policy.safetensors").is_file() and (folder / "policy.json").is_file():
            return folder
    below = sorted(path.glob("*/policy.safetensors")) if path.is_dir() else []
    if len(below) == 1:
        return below[0].parent
    raise UserError(f"{run} holds no trained policy; {_nearest(root, path)}")


def _nearest(root: Path, path: Path) -> str:
    """Runs that a path may mean: those below it, or those that are written alike."""
    at = [n for n, part in enumerate(path.parts) if part == "results"]
    results = Path(*path.parts[: at[-1] + 1]) if at else root / "results"
    runs = [file.parent for file in sorted(results.glob(f"*/{_RUNS}"))]
    if not runs:
        return f"there is none in {results} either: `make reproduce` trains some."
    inside = [run for run in runs if run.is_relative_to(path)]
    names = {_name(root, run): run for run in inside or runs}
    begun = [name for name in names if name.startswith(_name(root, path))]
    close = begun or difflib.get_close_matches(_name(root, path), names, n=1, cutoff=0.0)
    if inside:
        return f"it has {len(inside)}, for example {next(iter(names))}"
    return f"did you mean {close[0]}?"


def _name(root: Path, path: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _checkpoint(name: str) -> Any:
    from showtell.learners.checkpoints import CHECKPOINTS

    if name not in CHECKPOINTS:
        raise UserError(f"--checkpoint {name}: {nearest(name, CHECKPOINTS)}")
    return name


def _job(folder: Path) -> dict[str, Any]:
    """What the evaluation of a run, or else its training, was asked: world, camera and seeds."""
    for file in (folder / "evaluation/provenance.json", folder / "provenance.json"):
        if file.is_file():
            try:
                job: dict[str, Any] = read_json(file)["job"]
                return {key: job[key] for key in ("task", "root", "address")} | job
            except (ValueError, KeyError, TypeError):
                raise UserError(
                    f"{file} is no provenance of a training or an evaluation; `make reproduce` "
                    "writes it again."
                ) from None
    raise UserError(
        f"{folder} has no provenance.json, so its world and its seeds are not known; policies of "
        "`make reproduce` and `make pull` have one."
    )


def _inputs(folder: Path, job: dict[str, Any]) -> dict[str, list[Path]]:
    """The files of the reward that says which goal is active."""
    results = folder.parents[5]
    layout, task = Layout(results), job["address"][2]
    encoders = [layout.encoder(name) for name in sorted(job["encoders"])]
    return {
        "encoders": [path / "model.safetensors" for path in encoders],
        "networks": [path / "model.json" for path in encoders],
        "targets": [layout.goal(entry["goal"], entry["task"]) for entry in job["targets"]],
        "demos": [layout.demo(demo, task) for demo in job["demos"]],
    }


def _write(path: Path, ending: str, frames: Any, fps: float) -> None:
    if ending == ".webm":
        from showtell.media.webm import write_webm

        write_webm(path, frames, fps)
    elif ending == ".mp4":
        from showtell.media.video import write_video

        write_video(path, frames, fps)
    else:
        from PIL import Image

        pictures = [Image.fromarray(frame) for frame in frames]
        each = max(20, round(1000 / fps))  # ms; players slow down what is shorter
        pictures[0].save(
            *(path, "GIF"), save_all=True, append_images=pictures[1:], duration=each, loop=0
        )


def _worth(one: Recording) -> str:
    return f"{'success' if one.success else 'no success'}, true return {one.total:.2f}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
