import os
import sys
from pathlib import Path

import pytest

from showtell.project.fingerprint import _read, closure, contents, fingerprint, undeclared


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "jobs/__init__.py": "",
        "jobs/train.py": "def run():\n    from showtell.learners import loop\n    return loop\n",
        "learners/__init__.py": "",
        "learners/loop.py": '"""A loop."""\nfrom showtell.worlds import cart\nSTEPS = 1\n',
        "worlds/__init__.py": "",
        "worlds/cart.py": 'class Cart:\n    scene: str = "showtell.rendering.cart:Cart"\n',
        "rendering/__init__.py": "",
        "rendering/pool.py": "SIZE = 1\n",
        "rendering/cart.py": "WIDTH = 3\n",
        "rewards/__init__.py": "",
        "rewards/clip.py": "def score(x):\n    # why\n    return x + 1\n",
        "rewards/table.json": "[0]",
        "rewards/zero.py": "def score(x):\n    return 0\n",
        "project/__init__.py": "",
        "project/tracking.py": "RETRIES = 3\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def prints(source: Path, **settings: object) -> dict[str, str]:
    return {
        reward: fingerprint(("showtell.jobs.train", f"showtell.rewards.{reward}"), settings, source)
        for reward in ("clip", "zero")
    }


def declare(source: Path, *patterns: str) -> None:
    """The module of the reward `clip` names its data files."""
    path = source / "rewards/clip.py"
    path.write_text(f"DATA = {patterns!r}\n" + path.read_text())


def test_closure_follows_lazy_imports_and_named_scenes(source):
    found = closure(("showtell.jobs.train",), source)
    assert {"showtell.learners.loop", "showtell.rendering.cart", "showtell.learners"} <= found
    assert "showtell.rewards.clip" not in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# why", "# a better why"),
        ("    return x + 1", "    return (x + 1)"),
        ("def score(x):", 'def score(x):\n    """Doc."""'),
    ],
)
def test_comments_docstrings_and_layout_change_nothing(source, old, new):
    before = prints(source)
    path = source / "rewards/clip.py"
    path.write_text(path.read_text().replace(old, new))
    assert prints(source) == before


def test_a_changed_line_changes_exactly_the_jobs_that_reach_it(source):
    before = prints(source)
    path = source / "rewards/clip.py"
    path.write_text(path.read_text().replace("x + 1", "x + 2"))
    after = prints(source)
    assert after["clip"] != before["clip"]
    assert after["zero"] == before["zero"]


def test_a_changed_shared_module_changes_all(source):
    before = prints(source)
    (source / "rendering/cart.py").write_text("WIDTH = 4\n")
    after = prints(source)
    assert all(after[name] != before[name] for name in before)


def test_tracking_does_not_count(source):
    before = prints(source)
    (source / "project/tracking.py").write_text("RETRIES = 5\n")
    assert prints(source) == before


def test_a_text_with_a_colon_is_no_import(source):
    path = source / "rewards/zero.py"
    path.write_text(path.read_text() + 'ERROR = "showtell.rendering.pool: no picture"\n')
    assert "showtell.rendering.pool" not in closure(("showtell.rewards.zero",), source)


def test_a_data_file_counts_for_the_module_that_names_it(source):
    undeclared_before = prints(source)
    (source / "rewards/table.json").write_text("[1]")
    assert prints(source) == undeclared_before
    declare(source, "table.json")
    before = prints(source)
    (source / "rewards/table.json").write_text("[2]")
    after = prints(source)
    assert {name for name in after if after[name] != before[name]} == {"clip"}


def test_a_data_file_named_by_a_value_counts_for_the_jobs_with_that_value(source):
    declare(source, "nets/{net}.json")
    (source / "rewards/nets").mkdir()
    small, large = (source / f"rewards/nets/{name}.json" for name in ("small", "large"))
    small.write_text("{}")
    job = {"encoders": [{"net": "small"}]}
    before = prints(source, **job)
    large.write_text("{}")
    assert prints(source, **job) == before
    small.write_text("[]")
    assert prints(source, **job) != before


def test_a_reverted_edit_changes_nothing(source):
    declare(source, "table.json")
    before = prints(source)
    for file in ("rewards/clip.py", "rewards/table.json"):
        text = (source / file).read_text()
        (source / file).write_text(text + "\n# edited" if file.endswith(".py") else "[9]")
        (source / file).write_text(text)
    assert prints(source) == before


def test_what_changed_is_known_by_name(source):
    declare(source, "table.json")
    job = ("showtell.jobs.train", "showtell.rewards.clip")
    before = contents(job, {}, source)
    (source / "rewards/table.json").write_text("[1]")
    (source / "rendering/cart.py").write_text("WIDTH = 4\n")
    after = contents(job, {}, source)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"rewards/table.json", "showtell.rendering.cart"}


def test_every_data_file_of_the_package_is_declared_by_the_module_that_opens_it():
    assert undeclared() == set()


def test_an_undeclared_data_file_is_found(source):
    assert undeclared(source) == {source / "rewards/table.json"}
    declare(source, "*.json")
    assert undeclared(source) == set()


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process, which may keep what it has read of a module beside its bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    _read.cache_clear()


def again(source: Path) -> dict[str, str]:
    _read.cache_clear()
    return prints(source)


def test_the_next_process_parses_nothing_that_is_unchanged(source, keeping, monkeypatch):
    before = prints(source)
    monkeypatch.setattr("showtell.project.fingerprint._parsed", None)
    assert again(source) == before


@pytest.mark.parametrize("damage", ["", "[]", "null", '{"of": 1}', "\xff"])
def test_a_damaged_record_is_read_anew(source, keeping, damage):
    before = prints(source)
    records = list(source.rglob("*.module"))
    assert records
    for path in records:
        path.write_text(damage, "latin-1")
    assert again(source) == before


def test_an_edit_of_equal_length_and_time_is_seen(source, keeping):
    before = prints(source)
    path = source / "rewards/clip.py"
    status = path.stat()
    path.write_text(path.read_text().replace("x + 1", "x + 2"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert again(source)["clip"] != before["clip"]


def test_without_bytecode_nothing_is_kept(source, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    again(source)
    assert not list(source.rglob("*.module"))


def test_what_is_kept_is_no_data_file(source, keeping):
    prints(source)
    assert not {path for path in undeclared(source) if path.suffix == ".module"}
