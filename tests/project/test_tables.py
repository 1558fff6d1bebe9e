"""Small tables: what is not on disk keeps the numbers that it has."""

from pathlib import Path

import showtell.__main__ as command_line
from showtell.project.files import read_json, write_json, write_text
from showtell.project.sharing.tables import write_tables

ROOT = Path(__file__).resolve().parents[2]
HEADER = "task,method,phase,policy,metric,iqm,low,high,n_seeds"


def compared(root, paper, experiment, iqm):
    folder = root / "results/mini" / paper / experiment / "compare"
    row = f"cartpole,text,train,deterministic,success,{iqm},0,1,5"
    write_text(folder / "summary.csv", f"{HEADER}\n{row}\n")
    return folder


def networks(root, **scores):
    for name, score in scores.items():
        write_json(root / f"results/mini/models/{name}/metrics.json", {"auc": score})


def test_results_that_are_not_on_disk_keep_their_tables(tmp_path):
    first = compared(tmp_path, "vlm_rm", "cartpole", 0.5)
    compared(tmp_path, "vlm_rm", "mountain-car", 0.25)
    networks(tmp_path, clip=0.9, s3d=0.8)
    assert write_tables(tmp_path, "mini", ["vlm_rm"]) == 2
    tables = tmp_path / "results/mini/tables"
    for gone in (first, tmp_path / "results/mini/models/s3d"):
        for file in gone.iterdir():
            file.unlink()
        gone.rmdir()
    first.parent.rmdir()
    compared(tmp_path, "vlm_rm", "mountain-car", 0.75)
    networks(tmp_path, clip=0.95)
    assert write_tables(tmp_path, "mini", ["vlm_rm", "roboclip"]) == 1
    assert (tables / "vlm_rm.csv").read_text().splitlines() == [
        "experiment,series,iqm",
        "cartpole,cartpole text train deterministic success,0.5",
        "mountain-car,cartpole text train deterministic success,0.75",
    ]
    assert read_json(tables / "vlm_rm.json").keys() == {"cartpole", "mountain-car"}
    assert read_json(tables / "models.json") == {"clip": {"auc": 0.95}, "s3d": {"auc": 0.8}}
    assert read_json(tables / "roboclip.json") == {}


def test_a_study_is_kept_without_the_values_along_each_rollout(tmp_path):
    compared(tmp_path, "hold", "drawer", 0.5)
    study = tmp_path / "results/mini/hold/drawer/rlv-drawer/studies/distances.csv"
    write_text(study, 'method,end,distances,staged\n"a, b",0.5,1 0.5,1 0.5\n')
    write_tables(tmp_path, "mini", ["hold"])
    kept = tmp_path / "results/mini/tables/hold/drawer/studies/rlv-drawer/distances.csv"
    assert kept.read_text() == 'method,end\n"a, b",0.5\n'


def videos(root, name, refused, action):
    folder = root / "results/mini/videos" / name
    shards = {"shard-00000.tar": "d26137"}
    manifest = {"videos": 9, "frames": 90, "refused": refused, "note": "Drawn.", "shards": shards}
    write_json(folder / "shards.json", manifest)
    header = "task,template,object,action,object_named,both"
    row = f"Pushing,Moving something towards the camera,cap,{action},2,1"
    write_text(folder / "counts.csv", f"{header}\n{row}\n")
    return folder


def test_videos_keep_their_counts_and_what_is_refused_but_no_checksum(tmp_path):
    gone = videos(tmp_path, "others", {}, action=4)
    videos(tmp_path, "people", {"a frame cannot be decoded": 3}, action=5)
    (tmp_path / "results/mini/videos/half").mkdir()  # not packed yet
    write_tables(tmp_path, "mini", [])
    (gone / "shards.json").unlink()
    write_tables(tmp_path, "mini", [])
    found = read_json(tmp_path / "results/mini/tables/videos.json")
    assert found.keys() == {"others", "people"}
    assert found["people"] == {
        **{"videos": 9, "frames": 90, "note": "Drawn."},
        "refused": {"a frame cannot be decoded": 3},
        "counts": {"Pushing": {"action": 5, "object_named": 2, "both": 1}},
    }


def test_a_replicate_without_videos_has_no_table_of_them(tmp_path):
    networks(tmp_path, clip=0.9)
    write_tables(tmp_path, "mini", [])
    assert not (tmp_path / "results/mini/tables/videos.json").exists()


def test_a_study_of_ones_own_gets_tables_beside_the_papers(tmp_path, monkeypatch, capsys):
    for name in ("params.yaml", "workflow", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr(command_line, "ROOT", tmp_path)
    compared(tmp_path, "published-learner", "million-steps", 0.5)
    study = "workflow/studies/published-learner.yaml"
    assert not command_line.main(["tables", "--study", study])
    assert "1 experiments" in capsys.readouterr().out
    kept = read_json(tmp_path / "results/mini/tables/published-learner.json")
    assert kept["million-steps"]["cartpole"]["text"]["train"]["deterministic"]["success"]["iqm"]
