"""Results shared and pulled with the real DVC and Snakemake, in a repository of four rules."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from showtell.project.errors import UserError
from showtell.project.files import read_json, write_json
from showtell.project.foreign.dvc import cached, files, known_md5, md5, object_path, outs, remotes
from showtell.project.sharing import pull, share
from showtell.project.sharing.records import record, restore
from showtell.project.sharing.stages import add_shared, stages
from showtell.study.loading import SECTIONS
from showtell.study.yaml_files import read_yaml

REPOSITORY = Path(__file__).resolve().parents[2]
POLICY = "results/mini/vlm_rm/cartpole/cartpole/text/seed0/train/policy.bin"
MODEL = "results/mini/models/clip/model.bin"
SNAKEFILE = """
import yaml
P = yaml.safe_load(open("params.yaml"))
S = config.get("scale", "mini")
R = f"results/{S}"
X = R + "/vlm_rm/cartpole"
C = "/cartpole/text/seed{k}/train"
rule all:
    default_target: True
    input: R + "/report.html"
rule vlm_rm:
    localrule: True
    input: X + "/compare/claims.json"
rule train_encoder:
    output: R + "/models/clip/model.bin"
    params: job=str(P["encoders"])
    shell: "python make.py {output} -- '{params.job}' 60000"
rule demonstrate:
    output: R + "/demos/scripted/cartpole/demo.bin"
    params: job=str(P["demos"])
    shell: "python make.py {output} -- '{params.job}' 10"
rule embed_goal:
    input: R + "/models/clip/model.bin", R + "/demos/scripted/cartpole/demo.bin"
    output: R + "/goals/text-clip/cartpole.bin"
    params: job=str(P["goals"])
    shell: "python make.py {output} -- '{params.job}' 100"
rule train:
    input: R + "/goals/text-clip/cartpole.bin"
    output: X + C + "/policy.bin", X + C + "/progress.csv"
    log: X + C + "/train.log"
    params: job=lambda w: str([w.k, P["papers"]["vlm_rm"]["steps"]])
    shell: "python make.py {output} -- '{params.job}' 500 > {log}"
rule compare:
    input: expand(X + C + "/policy.bin", k=range(P["papers"]["vlm_rm"]["seeds"]))
    output: X + "/compare/summary.csv", X + "/compare/claims.json"
    params: job=str(P["papers"]["vlm_rm"]["steps"])
    shell: "python make.py {output} -- {params.job} 1"
rule report:
    input: X + "/compare/claims.json"
    output: R + "/report.html", R + "/report/vlm_rm.html", R + "/report.provenance.json"
    params: job="x"
    shell: "python make.py {output} -- {params.job} 10"
"""
# Writes each output by its name; also a sidecar and a log, which are not results.
MAKE = """
import json, pathlib, sys
at = sys.argv.index("--")
job, size = sys.argv[at + 1], int(sys.argv[at + 2])
for name in sys.argv[1:at]:
    path = pathlib.Path(name)
    if path.name == "summary.csv":
        row = f"cartpole,text,train,deterministic,return,2,2,{job},1.0,2.0"
        head = "task,method,phase,policy,metric,n_seeds,expected_seeds,iqm,low,high"
        path.write_text(head + "\\n" + row + "\\n")
    elif path.name == "claims.json":
        claim = {"id": "beats-zero", "outcome": "reproduced", "value": job}
        path.write_text(json.dumps({"claims": [claim]}))
    elif path.name == "progress.csv":
        path.write_text("step,true_return\\n0,1.5\\n100,2.5\\n")
    elif path.name.endswith("provenance.json"):
        path.write_text(json.dumps({"job_name": "report", "outputs": {}}))
    else:
        path.write_bytes((job + name).encode() * size)
print("a log")
"""


class Clone:
    """A repository with this project's own DVC files, profile and ignore rules."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def new(cls, root: Path) -> "Clone":
        for name in (".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore", "dvc.yaml"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, root / name)
        stages = yaml.safe_load((root / "dvc.yaml").read_text())
        stages["stages"]["papers"]["matrix"]["paper"] = ["vlm_rm"]  # this study has one paper
        (root / "dvc.yaml").write_text(yaml.safe_dump(stages))
        shutil.copytree(REPOSITORY / "workflow/profiles", root / "workflow/profiles")
        (root / "profiles").symlink_to("workflow/profiles")
        texts = {
            "Snakefile": SNAKEFILE,
            "make.py": MAKE,
            "src/showtell/code.py": "",
            "workflow/rules/none.smk": "",
            "workflow/shared.yaml": "replicates: []\n",
            "workflow/scales/mini.yaml": "{}\n",
            "params.yaml": "".join(f"{section}: 1\n" for section in ("seed", *SECTIONS))
            + "papers:\n  vlm_rm:\n    steps: 5  # a comment\n    seeds: 2\n",
        }
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        clone = cls(root)
        clone.git("init", "-q", "-b", "main")
        clone.commit("Begin")
        return clone

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=self.root, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def would_run(self) -> set[str]:
        """The rules of a dry run."""
        said = self.run("snakemake", "--dry-run", "--nocolor", "--cores", "1")
        lines = said.partition("Job stats:\n")[2].partition("\n\n")[0].splitlines()[2:]
        return {line.split()[0] for line in lines} - {"all", "total"}


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory):
    """DVC's notes stay in the test; stages find this Python; git has an author."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("dvc")))
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("PYTHONPATH", str(REPOSITORY / "src"))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@localhost")
        yield


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> tuple[Clone, Path]:
    """A finished run, shared with a folder and committed. Do not change it."""
    folder = tmp_path_factory.mktemp("published")
    author = Clone.new(folder / "author")
    author.run("snakemake", "--cores", "2", "--quiet", "all")
    (author.root / POLICY).parent.joinpath(".resume").mkdir()
    (author.root / POLICY).parent.joinpath(".resume/state.json").write_text("{}")
    assert share(author.root, "mini", str(folder / "remote")) == 0
    author.commit("Share")
    return author, folder / "remote"


@pytest.fixture
def reader(published, tmp_path) -> Clone:
    """A fresh clone, with a private copy of the remote beside it."""
    author, remote = published
    subprocess.run(["git", "clone", "-q", author.root, tmp_path / "reader"], check=True)
    shutil.copytree(remote, tmp_path / "remote")
    return Clone(tmp_path / "reader")


def remote_of(clone: Clone) -> Path:
    return clone.root.parent / "remote"


def damage(path: Path, how: str) -> None:
    """Spoil a file without leaving a trace in its times."""
    status, content = path.stat(), bytearray(path.read_bytes())
    path.chmod(0o644)
    if how == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes(content if how == "flip" else content[: len(content) // 2])
    path.chmod(status.st_mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_sharing_versions_the_results_and_nothing_else(published):
    author, remote = published
    shared = {path for out in outs(author.root, "mini") for path in files(author.root, out)}
    assert {POLICY, MODEL, "results/mini/records/vlm_rm.json"} <= shared
    assert not [path for path in shared if ".resume" in path or path.endswith(".log")]
    assert all(object_path(remote / "files/md5", md5_).exists() for md5_ in _hashes(author))
    # Sharing is no reason to run anything again, at the place where it was made.
    assert author.would_run() == set()


def test_a_clone_that_pulls_has_nothing_to_do_and_reruns_only_dependents(reader):
    pull(reader.root, "mini", str(remote_of(reader)))
    assert reader.would_run() == set()
    assert not (reader.root / POLICY).parent.joinpath(".resume").exists()
    params = reader.root / "params.yaml"
    params.write_text(params.read_text().replace("steps: 5", "steps: 6"))
    assert reader.would_run() == {"train", "compare", "report"}


def test_a_folder_that_is_not_there_is_neither_pulled_from_nor_remembered(reader):
    with pytest.raises(UserError, match=r"there is no folder .*did you mean .*remote"):
        pull(reader.root, "mini", f"{remote_of(reader)}s")
    pull(reader.root, "mini", str(remote_of(reader)))
    with pytest.raises(UserError, match="there is no folder /nowhere"):
        pull(reader.root, "mini", "/nowhere")
    assert dict(remotes(reader.root)[0])["shared"] == str(remote_of(reader))


def test_what_was_here_already_is_not_said_to_be_pulled(reader, capsys):
    pull(reader.root, "mini", str(remote_of(reader)))
    assert capsys.readouterr().out.startswith("pulled mini from")
    remote_of(reader).rename(remote_of(reader).with_name("elsewhere"))
    pull(reader.root, "mini", None)
    assert "nothing was fetched" in (said := capsys.readouterr().out)
    assert "does not exist" in said
    assert "pulled" not in said


def test_the_small_tables_belong_to_git(published, reader):
    author, _ = published
    tables = reader.root / "results/mini/tables"
    assert read_json(tables / "vlm_rm.json")["cartpole"]["claims"] == {"beats-zero": "reproduced"}
    text = read_json(tables / "vlm_rm.json")["cartpole"]["cartpole"]["text"]
    assert text["train"]["deterministic"]["return"] == {
        "iqm": 5.0, "low": 1.0, "high": 2.0, "n_seeds": 2,
    }  # fmt: skip
    curve = (tables / "curves/vlm_rm/cartpole-cartpole-text-train.csv").read_text()
    assert curve == "step,true_return,seeds\n0,1.5,2\n100,2.5,2\n"
    assert known_md5(author.root)[POLICY] == md5(author.root / POLICY)


@pytest.mark.parametrize("how", ["flip", "cut"])
def test_an_artifact_damaged_in_the_remote_is_refused_by_name(reader, how):
    hashes = known_md5_of(reader)
    damage(object_path(remote_of(reader) / "files/md5", hashes[POLICY]), how)
    with pytest.raises(UserError) as refusal:
        pull(reader.root, "mini", str(remote_of(reader)))
    assert POLICY in str(refusal.value)
    assert hashes[POLICY][2:] in str(refusal.value), "the object to delete is named"
    others = set(hashes) - {POLICY}
    assert not [path for path in others if f"{path}," in str(refusal.value)]
    assert all(md5(reader.root / path) == hashes[path] for path in others), "the rest is there"
    assert not (reader.root / POLICY).exists()
    assert not cached(reader.root, hashes[POLICY]).exists()


def test_a_damaged_list_of_files_is_refused_by_its_folder(reader):
    listing = next(out for out in outs(reader.root) if out.path == "results/mini/vlm_rm")
    damage(object_path(remote_of(reader) / "files/md5", listing.md5), "flip")
    with pytest.raises(UserError, match="results/mini/vlm_rm/"):
        pull(reader.root, "mini", str(remote_of(reader)))


@pytest.mark.parametrize("how", ["flip", "cut"])
def test_an_artifact_damaged_in_the_cache_is_named_dropped_and_fetched_anew(reader, how, capsys):
    pull(reader.root, "mini", str(remote_of(reader)))
    shutil.rmtree(reader.root / "results/mini/vlm_rm")
    digest = known_md5_of(reader)[POLICY]
    damage(cached(reader.root, digest), how)
    pull(reader.root, "mini", None)
    assert f"{POLICY}: its copy in the cache was damaged" in capsys.readouterr().out
    assert md5(reader.root / POLICY) == digest
    # With no good copy anywhere it is refused.
    (reader.root / POLICY).unlink()
    damage(cached(reader.root, digest), how)
    object_path(remote_of(reader) / "files/md5", digest).unlink()
    with pytest.raises(UserError, match=POLICY):
        pull(reader.root, "mini", None)


def test_what_plain_dvc_took_for_good_is_found_out(reader):
    digest = known_md5_of(reader)[POLICY]
    damage(object_path(remote_of(reader) / "files/md5", digest), "flip")
    reader.run("dvc", "remote", "add", "--local", "plain", str(remote_of(reader)))
    reader.run("dvc", "pull", "--remote", "plain")
    assert (reader.root / POLICY).exists(), "if DVC refuses this by itself, so much the better"
    assert "up to date" in reader.run("dvc", "status")
    with pytest.raises(UserError, match=POLICY):
        pull(reader.root, "mini", "plain")
    assert not (reader.root / POLICY).exists()


def test_results_made_here_are_not_overwritten(reader):
    pull(reader.root, "mini", str(remote_of(reader)))
    (reader.root / POLICY).write_text("mine")
    with pytest.raises(UserError, match=f"{POLICY} was made or changed here"):
        pull(reader.root, "mini", None)
    assert (reader.root / POLICY).read_text() == "mine"


def test_sharing_again_mends_what_a_remote_has_lost(published, tmp_path, capsys):
    author, remote = published
    private = Clone(tmp_path / "author")
    shutil.copytree(author.root, private.root, symlinks=True)
    shutil.copytree(remote, tmp_path / "remote")
    objects, hashes = tmp_path / "remote/files/md5", known_md5(private.root)
    damage(object_path(objects, hashes[MODEL]), "cut")
    object_path(objects, hashes[POLICY]).unlink()
    damage(cached(private.root, hashes[MODEL]), "flip")
    share(private.root, "mini", str(tmp_path / "remote"))
    assert f"replaced damaged copies of {MODEL}" in capsys.readouterr().out
    for name in (MODEL, POLICY):
        assert md5(object_path(objects, hashes[name])) == hashes[name]


def test_a_result_that_its_job_did_not_write_is_not_shared(published, tmp_path):
    author, remote = published
    private = Clone(tmp_path / "author")
    shutil.copytree(author.root, private.root, symlinks=True)
    provenance = {"job_name": "train", "outputs": {POLICY: "0" * 64}}
    write_json((private.root / POLICY).with_name("provenance.json"), provenance)
    with pytest.raises(UserError, match=f"{POLICY} is not what its job wrote"):
        share(private.root, "mini", str(remote))


def test_a_paper_that_dvc_does_not_know_is_not_forgotten_in_silence(published, tmp_path):
    author, remote = published
    private = Clone(tmp_path / "author")
    shutil.copytree(author.root, private.root, symlinks=True)
    provenance = {"job_name": "train", "outputs": {}}
    write_json(private.root / "results/mini/mine/cartpole/provenance.json", provenance)
    with pytest.raises(UserError, match=r"results/mini/mine .*add mine to stages\.papers\.matrix"):
        share(private.root, "mini", str(remote))


def test_a_replicate_of_another_root_seed_has_stages_of_its_own(tmp_path):
    root = Clone.new(tmp_path / "clone").root
    for replicate in ("mini", "mini-seed1"):
        add_shared(root, replicate)
    assert {stage.target for stage in stages(root, "mini-seed1")} == {
        *("models@mini-seed1", "papers@vlm_rm-mini-seed1", "report@mini-seed1")
    }
    assert not any("seed1" in out for stage in stages(root, "mini") for out in stage.outs)


def test_the_papers_of_dvc_yaml_are_those_of_params_and_each_has_a_ledger():
    listed = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]["papers"]["matrix"]
    assert listed["paper"] == list(read_yaml(REPOSITORY / "params.yaml")["papers"])
    ledgers = {path.parent.name for path in REPOSITORY.glob("src/showtell/papers/*/ledger.yaml")}
    assert set(listed["paper"]) <= ledgers


def test_a_paper_of_dvc_yaml_depends_on_every_section_of_params():
    stage = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]["papers"]
    assert {"seed", *SECTIONS} <= {name for name in stage["params"] if isinstance(name, str)}


def test_half_done_results_are_not_shared(published, tmp_path):
    author, remote = published
    private = Clone(tmp_path / "author")
    shutil.copytree(author.root, private.root, symlinks=True)
    records = private.root / ".snakemake/metadata"
    marker = next(path for path in records.iterdir() if path.name.startswith("cmVzdWx0cy9taW5p"))
    shutil.copy(marker, private.root / ".snakemake/incomplete" / marker.name)
    with pytest.raises(UserError, match="half-done"):
        share(private.root, "mini", str(remote))


def test_a_place_to_share_is_asked_for_and_then_remembered(reader):
    with pytest.raises(UserError, match="REMOTE="):
        pull(reader.root, "mini", None)
    pull(reader.root, "mini", str(remote_of(reader)))
    pull(reader.root, "mini", None)
    with pytest.raises(UserError, match=r"no results of 'desk'.*recorded: mini"):
        pull(reader.root, "desk", None)


def test_records_of_a_local_rerun_survive_a_restore(reader):
    pull(reader.root, "mini", str(remote_of(reader)))
    params = reader.root / "params.yaml"
    params.write_text(params.read_text().replace("steps: 5", "steps: 7"))
    reader.run("snakemake", "--cores", "2", "--quiet", "all", "--", "vlm_rm")
    assert restore(reader.root, "mini") == 0
    assert reader.would_run() == {"report"}
    before = (reader.root / "results/mini/records/vlm_rm.json").read_bytes()
    record(reader.root, "mini")
    assert (reader.root / "results/mini/records/vlm_rm.json").read_bytes() != before


def test_an_experiment_reruns_only_what_changed_and_can_be_compared(reader):
    pull(reader.root, "mini", str(remote_of(reader)))
    said = reader.run(
        *("dvc", "exp", "run", "--temp", "--name", "longer"),
        *("-S", "papers.vlm_rm.steps=8", "papers@vlm_rm-mini"),
    )
    assert "Stage 'models@mini' didn't change, skipping" in said
    ran = {line.split("Rule: ")[1].rstrip(")") for line in said.splitlines() if "(Rule:" in line}
    assert ran == {"train", "compare", "vlm_rm"}
    metrics = json.loads(reader.run("dvc", "metrics", "diff", "HEAD", "longer", "--json"))
    change = metrics["results/mini/tables/vlm_rm.json"]
    number = change["cartpole.cartpole.text.train.deterministic.return.iqm"]
    assert (number["old"], number["new"]) == (5.0, 8.0)
    params = json.loads(reader.run("dvc", "params", "diff", "HEAD", "longer", "--json"))
    step = params["params.yaml"]["papers.vlm_rm.steps"]
    assert (step["old"], step["new"]) == (5, 8)
    plots = json.loads(reader.run("dvc", "plots", "diff", "HEAD", "longer", "--json"))
    assert {"results/mini/tables/vlm_rm.csv"} < set(plots["data"])
    reader.run("dvc", "exp", "apply", "longer")
    restore(reader.root, "mini")
    assert reader.would_run() == {"report"}


def _hashes(clone: Clone) -> list[str]:
    return [md5_ for out in outs(clone.root) for md5_ in files(clone.root, out).values()]


def known_md5_of(clone: Clone) -> dict[str, str]:
    """The hashes of everything shared, from the remote's lists: nothing is pulled yet."""
    found = {}
    for out in outs(clone.root):
        if out.is_folder:
            listing = object_path(remote_of(clone) / "files/md5", out.md5)
            found |= {f"{out.path}/{e['relpath']}": e["md5"] for e in read_json(listing)}
    return found
