"""Another root seed: the same jobs, in a folder of its own, with other numbers."""

import json
import shlex

import pytest

from showtell.project.files import sha256
from showtell.project.foreign.snakemake import planned
from tests.workflow.workspace import Workspace

pytestmark = pytest.mark.workflow
POLICY = "vlm_rm/cartpole/cartpole/zero/seed0/train/policy.safetensors"


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Workspace:
    """A clone without results."""
    return Workspace.clone(tmp_path_factory.mktemp("replicates") / "showtell")


def jobs(workspace, *options):
    """The jobs of a dry run: rule, outputs, and the specification without its root seed."""
    done = workspace.snakemake(*options, "--dry-run", "--printshellcmds")
    assert done.returncode == 0, done.stderr
    return sorted(_job(job) for job in planned(done.stdout + done.stderr))


def _job(job):
    words = shlex.split(job.command)
    settings = json.loads(words[words.index("--job") + 1])
    root = settings.pop("root")
    return job.rule, job.outputs, root, json.dumps(settings, sort_keys=True)


def test_another_root_seed_has_the_same_jobs_in_its_own_folder(clone):
    usual = jobs(clone)
    assert usual
    assert jobs(clone, "--config", "seed=0", "scale=smoke") == usual
    other = jobs(clone, "--config", "seed=1", "scale=smoke")
    assert {root for _, _, root, _ in usual} == {0}
    assert {root for _, _, root, _ in other} == {1}
    moved = [
        (rule, tuple(path.replace("results/smoke-seed1/", "results/smoke/") for path in outputs))
        for rule, outputs, _, _ in other
    ]
    assert moved == [(rule, outputs) for rule, outputs, _, _ in usual]
    assert [settings for *_, settings in other] == [settings for *_, settings in usual]


@pytest.mark.slow  # two trainings, 45 seconds; other seeds, other jobs: tested above
def test_another_root_seed_trains_another_policy_and_has_its_own_page(clone):
    for folder in ("smoke", "smoke-seed1"):
        done = clone.snakemake(f"results/{folder}/{POLICY}", scale=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    first, second = (clone.root / "results" / f / POLICY for f in ("smoke", "smoke-seed1"))
    assert sha256(first) != sha256(second)
    page = clone.root / "results/smoke/report.html"
    before = sha256(page)
    done = clone.showtell("refresh", "--scale", "smoke", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert sha256(page) == before
    text = (clone.root / "results/smoke-seed1/report.html").read_text()
    assert "<title>showtell · smoke · root seed 1</title>" in text
    done = clone.showtell("page", "--scale", "smoke", "--seed", "1")
    assert done.stdout.strip().endswith("results/smoke-seed1/report.html")
