"""Rollouts that a study has frames and distances of: both under one slider."""

import json
import re

import numpy as np

from showtell.studies.study import write_strips
from tests.report.conftest import TASK, Tree, pages, report_job

STUDY = {"kind": "distances"}


def tree_with_distances(root, kinds=("script", "miss")):
    job = report_job(alphas=(0.0,), seeds=1)
    plan = job["papers"]["vlm_rm"]["experiments"]["cartpole"]
    plan["studies"]["distances"] = {"of": ["text"], "study": STUDY}
    tree = Tree(root / "results/mini", json.loads(json.dumps(job))).write_all(films=False)
    rows = ["method,scene,kind,rollout,success,distances"]
    for method, end in (("text-alpha0", 0.5), ("untrained", 3.0)):
        rows += [f"{method},same,{kind},0,1,2.0 1.0 {2 * end}" for kind in kinds]
        rows += [f"{method},other,script,0,1,1.0 9.0 9.0"]
    folder = tree.folder / TASK / "studies"
    (folder / "distances.csv").write_text("\n".join(rows) + "\n")
    frames = np.arange(4 * 6 * 8 * 3, dtype=np.uint8).reshape(4, 6, 8, 3)
    write_strips(folder / "distances.npz", dict.fromkeys(kinds, frames))
    return tree


def test_a_rollout_has_its_frames_and_each_distance_along_it(tmp_path):
    _, page = pages(tree_with_distances(tmp_path))
    scrubs = re.findall(r'<figure class="scrub".*?</figure>', page, flags=re.DOTALL)
    assert len(scrubs) == 2
    assert 'max="3"' in scrubs[0] and "aspect-ratio:8 / 6" in scrubs[0]
    assert "data:image/jpeg;base64," in scrubs[0]
    lines = re.findall(r'points="([^"]+)"', scrubs[0])
    ends = {line.split()[-1] for line in lines}  # half of the start; three times is cut
    assert ends == {"314.0,75.0", "314.0,0.0"}
    assert "in grey: untrained" in scrubs[0]


def test_a_study_without_frames_has_no_slider(tmp_path):
    _, page = pages(tree_with_distances(tmp_path, kinds=()))
    assert 'class="scrub"' not in page
