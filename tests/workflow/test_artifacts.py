"""Nothing pickled crosses a file; nothing in a result names this machine."""

import os
import socket
import zipfile

import numpy as np
import pytest

pytestmark = pytest.mark.workflow
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def results(workspace):
    return [path for path in (workspace.root / "results").rglob("*") if path.is_file()]


def test_no_artifact_is_or_holds_a_pickle(finished):
    seen = set()
    for path in results(finished):
        head = path.read_bytes()[:2]
        assert head not in PICKLES, path
        assert path.suffix not in {".pkl", ".pt", ".pth", ".bin"}, path
        assert path.suffix != ".zip" or "videos" in path.parts, path
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)
        if zipfile.is_zipfile(path):
            names = zipfile.ZipFile(path).namelist()
            assert not [name for name in names if name.endswith((".pkl", ".pickle"))], path
        seen.add(path.suffix)
    assert {".safetensors", ".json", ".csv", ".mp4", ".svg", ".pdf", ".html"} <= seen


def test_no_shared_artifact_names_this_machine(finished):
    words = [os.fsencode(finished.root), socket.gethostname().encode()]
    for path in results(finished):
        if path.suffix in {".log", ".jsonl"}:  # these stay here
            continue
        content = path.read_bytes()
        for word in words:
            if len(word) > 4:
                assert word not in content, f"{path} holds {word!r}"


def test_every_result_has_its_provenance(finished):
    for path in results(finished):
        if "tables" in path.parts:  # copies for git
            continue
        if path.name in {"policy.safetensors", "episodes.csv", "model.safetensors", "claims.json"}:
            assert (path.parent / "provenance.json").exists(), path
