"""Trains a stand-in network on pictures, clips or videos, or goes on training it."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from showtell.data.samples import Request
from showtell.jobs.parts import Inputs, settings_of
from showtell.project import seeds
from showtell.project.checkpoints import Resume, identity
from showtell.project.files import write_json, write_text
from showtell.project.tracking import Sink
from showtell.project.tracking.live import live_run
from showtell.study.registry import build, part
from showtell.training.devices import joined


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> dict[str, Any]:
    """Outputs: weights, network, training, metrics; the first of several processes writes them."""
    folder, resume = outputs["weights"].parent, None
    sink: Sink = _nowhere
    with joined(os.environ) as place, ExitStack() as held, ExitStack() as shown:
        settings: Any = settings_of("nets", job["encoder"])
        recipe: Any = settings_of("training", job["training"])
        if place.first:
            resume = held.enter_context(Resume(folder / ".resume", identity(job, inputs)))
        elif recipe.samples != "videos":  # only batches of videos are divided
            return {"follows": True}
        root, address = job["root"], tuple(job["address"])
        dataset = build("data", recipe.dataset)
        picture, shards = settings.picture, inputs.get("videos", [])
        if shards:
            request = Request(videos=shards[0].parent)
        else:
            request = Request(picture.width, picture.height, settings.clip_frames, job["tasks"])
        # Not kept in a checkpoint: it is as large as all results together, and made again alike.
        data, held_out = dataset.make(seeds.generator(root, *address, "data"), request)
        if place.first:
            live = live_run(job, folder, steps=recipe.steps, job_name="train_encoder")
            sink = shown.enter_context(live)
        train = part("training", recipe.kind).load()
        trained = train(settings, recipe, data, held_out, root, address, sink, resume)
        shown.close()
        if resume is None:
            return {"follows": True}
        trained.encoder.save(outputs["weights"], outputs["network"], note=dataset.note)
        lines = ["step,loss", *(f"{step},{loss!r}" for step, loss in enumerate(trained.losses, 1))]
        write_text(outputs["training"], "\n".join(lines) + "\n")
        write_json(outputs["metrics"], {**trained.metrics, "note": dataset.note})
        resume.finish()
        return {
            "resumed": resume.resumed,
            "device": place.device.type,
            "processes": place.processes,
        }


def _nowhere(step: int, values: Mapping[str, float]) -> None:
    """What the other processes report."""
