"""Trains a stand-in network on rendered pictures and captions: weights, description, scores."""

from pathlib import Path
from typing import Any

from showtell.project import seeds
from showtell.project.files import write_json, write_text
from showtell.project.registry import build, part
from showtell.project.tracking import live_run


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Outputs: weights, network, training, metrics."""
    kind = part("nets", job["encoder"]["name"])
    settings: Any = kind.settings.model_validate(job["encoder"])
    root, address = job["root"], tuple(job["address"])
    dataset = build("data", settings.train.dataset)
    # Only datasets that film worlds know any: the worlds and views of the tasks they name.
    filmed = {"tasks": job["tasks"]} if job.get("tasks") else {}
    data, held_out = dataset.make(seeds.generator(root, *address, "data"), **filmed)
    with live_run(job, outputs["weights"].parent, job_name="train_encoder") as sink:
        trained = kind.load().train(settings, data, held_out, root, address, sink)
    trained.encoder.save(outputs["weights"], outputs["network"], note=dataset.note)
    lines = ["step,loss", *(f"{step},{loss!r}" for step, loss in enumerate(trained.losses, 1))]
    write_text(outputs["training"], "\n".join(lines) + "\n")
    write_json(outputs["metrics"], {**trained.metrics, "note": dataset.note})
