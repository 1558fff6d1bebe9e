"""Two folders, experiments, methods or commits side by side, by their small tables."""

import csv
import subprocess

import pytest

from showtell.commands.compare import compare
from showtell.project.errors import UserError
from showtell.project.files import write_json, write_text

HEAD = "task,method,seed,phase,policy,success,success_any,success_final,success_always,return"


def results(root, replicate, good=0.9, *, tables=False, claim="reproduced"):
    """Four seeds of two methods, in a folder of results or in its tables alone."""
    base = root / "results" / replicate
    folder = base / ("tables/paper/one" if tables else "paper/one/compare")
    rows = [
        f"lift,{method},{seed},train,deterministic,{value + 0.01 * seed},0,0,0,{100 * value}"
        for method, value in (("good", good), ("zero", 0.1))
        for seed in range(4)
    ]
    write_text(folder / "scores.csv", "\n".join([HEAD, *rows]) + "\n")
    write_json(folder / "claims.json", {"claims": [{"id": "learns", "outcome": claim}]})
    study = ["method,text,noise,success,true_return,score,similarity,known_words"]
    for text, sign in (("lift", 1), ("wrong", -1)):
        study += [f"good,{text},{1 - n / 9},{int(n > 4)},{n},{sign * n},0.5,1.0" for n in range(10)]
    at = base / ("tables/paper/one/studies/lift" if tables else "paper/one/lift/studies")
    write_text(at / "alignment.csv", "\n".join(study) + "\n")


@pytest.mark.parametrize("tables", [False, True])
def test_scales_are_compared_method_by_method_with_the_difference(tmp_path, capsys, tables):
    results(tmp_path, "mini", 0.5, tables=tables)
    results(tmp_path, "desk", 0.8, claim="inconclusive")
    assert compare(tmp_path, ["results/mini", "results/desk"], "success", tmp_path / "out.csv") == 0
    said = capsys.readouterr().out
    assert "-0.3 [" in said
    assert "+0 [" in said
    assert "reproduced" in said and "inconclusive" in said
    assert "AUC" in said
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    (row,) = [r for r in rows if r["method"] == "good" and r["number"] == "success"]
    assert float(row["difference"]) == pytest.approx(-0.3)
    assert float(row["low"]) < -0.3 < float(row["high"])
    assert row["n_a"] == "4"


def test_methods_are_compared_whatever_they_are_called(tmp_path, capsys):
    results(tmp_path, "mini", 0.9)
    at = "results/mini/paper/one/lift"
    compare(tmp_path, [f"{at}/good", f"{at}/zero"], "return", None)
    assert "+80 [" in capsys.readouterr().out
    compare(tmp_path, [f"{at}/good/seed0/train", f"{at}/good/seed3/train"], "success", None)
    assert "-0.03" in capsys.readouterr().out


def test_a_sentence_alone_stands_beside_the_wrong_one(tmp_path, capsys):
    results(tmp_path, "mini")
    compare(tmp_path, ["results/mini/paper"], "success", None)
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "AUC" in line]
    assert [row[-1] for row in rows if "own" in row] == ["1"]
    assert [row[-1] for row in rows if "wrong" in row] == ["0"]


def test_a_commit_is_compared_with_what_is_here(tmp_path, capsys):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    results(tmp_path, "mini", 0.2, tables=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "Tables"], check=True)
    results(tmp_path, "mini", 0.6, tables=True)
    compare(tmp_path, ["HEAD:results/mini", "results/mini/tables"], "success", None)
    assert "-0.4 [" in capsys.readouterr().out
    with pytest.raises(UserError, match="git log"):
        compare(tmp_path, ["HEAD:results/desk", "results/mini"], "success", None)


@pytest.mark.parametrize(
    ("names", "word"),
    [
        (["results/mini", "results/mni"], "did you mean 'results/mini'"),
        (["results/mini/paper/one/lift/god", "results/mini/paper/one/lift/zero"], "'good'"),
        (["results/mini/papr", "results/mini/paper"], "no paper 'papr'.*'paper'"),
        (["results/mini", "results/mini/paper"], "one kind"),
        (["results/empty", "results/mini"], "no finished experiment"),
        (["results/mini/paper/one/lift/good/seed9", "results/mini/paper/one/lift/good/seed1"], "9"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence_with_the_nearest_name(tmp_path, names, word):
    results(tmp_path, "mini")
    (tmp_path / "results/empty").mkdir()
    with pytest.raises(UserError, match=word):
        compare(tmp_path, names, "success", None)


def test_another_number_is_named(tmp_path):
    with pytest.raises(UserError, match="did you mean 'success'"):
        compare(tmp_path, ["results/mini"], "sucess", None)
