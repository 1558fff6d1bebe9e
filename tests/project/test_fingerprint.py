from pathlib import Path

import pytest

from showtell.project.fingerprint import closure, fingerprint


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "jobs/__init__.py": "",
        "jobs/train.py": "def run():\n    from showtell.learners import loop\n    return loop\n",
        "learners/__init__.py": "",
        "learners/loop.py": '"""A loop."""\nSTEPS = 1\nSCENE = "showtell.rendering.cart:Cart"\n',
        "rendering/__init__.py": "",
        "rendering/cart.py": "WIDTH = 3\n",
        "rewards/__init__.py": "",
        "rewards/clip.py": "def score(x):\n    # why\n    return x + 1\n",
        "rewards/zero.py": "def score(x):\n    return 0\n",
        "project/__init__.py": "",
        "project/tracking.py": "RETRIES = 3\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def prints(source: Path) -> dict[str, str]:
    return {
        reward: fingerprint(("showtell.jobs.train", f"showtell.rewards.{reward}"), source)
        for reward in ("clip", "zero")
    }


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


def test_a_package_data_file_counts_but_tracking_does_not(source):
    before = prints(source)
    (source / "project/tracking.py").write_text("RETRIES = 5\n")
    assert prints(source) == before
    (source / "rewards/table.json").write_text("[1]")
    assert prints(source) != before
