"""The formats of DVC that this project relies upon, as the real DVC writes them."""

import hashlib
import subprocess
import sys
from importlib.metadata import version

import pytest

from showtell.project.foreign import dvc

STAGES = """
vars: [scales.yaml]
stages:
  papers:
    matrix: {paper: [one, two], scale: "${scales}"}
    cmd: echo
    outs:
      - results/${item.scale}/${item.paper}: {persist: true}
    metrics:
      - results/${item.scale}/tables/${item.paper}.json: {cache: false}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("site")))
        call(root, "init", "--quiet", "--no-scm")
        (root / "dvc.yaml").write_text(STAGES)
        (root / "scales.yaml").write_text("scales: [mini]\n")
        for paper in ("one", "two"):
            for name in (f"results/mini/{paper}/a/b.bin", f"results/mini/tables/{paper}.json"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(f'"{name}"')
        call(root, "commit", "--force", "--quiet")
        yield root


def call(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_release_is_the_one_that_these_tests_have_met():
    assert version("dvc").startswith(f"{dvc.VERSION}.")


def test_stages_are_resolved_as_dvc_names_them(repository):
    assert dvc.stages(repository) == {
        f"papers@{paper}-mini": (f"results/mini/{paper}", f"results/mini/tables/{paper}.json")
        for paper in ("one", "two")
    }


def test_the_lock_and_the_cache_name_every_file_by_its_content(repository):
    found = dvc.outs(repository, "mini")
    assert [out.path for out in found] == ["results/mini/one", "results/mini/two"]
    assert all(out.is_folder and out.size > 0 for out in found)
    assert dvc.outs(repository, "desk") == []
    files = dvc.known_md5(repository)
    assert files.keys() == {f"results/mini/{paper}/a/b.bin" for paper in ("one", "two")}
    for path, digest in files.items():
        assert dvc.md5(repository / path) == digest
        content = dvc.cached(repository, digest).read_bytes()
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == digest


def test_a_remembered_remote_is_the_default_and_is_verified(repository):
    assert dvc.remotes(repository) == ({}, None)
    dvc.remember_remote(repository, "shared", "/a/place")
    assert dvc.remotes(repository) == ({"shared": "/a/place"}, "shared")
    assert "/a/place" in call(repository, "remote", "list")
    assert call(repository, "config", "core.remote").strip() == "shared"
    assert call(repository, "config", "remote.shared.verify").strip() == "true"
