"""The render pool: order, isolation from torch, crashes, the parent's death, and no leak."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from showtell.project.errors import UserError
from showtell.rendering.pool import RenderError, RenderPool, use_processes
from showtell.rendering.scene import View
from showtell.worlds.classic_control.scene import CartPoleScene

CARTPOLE = "showtell.worlds.classic_control.scene:CartPoleScene"
TINY = View(8, 4)


@pytest.fixture(autouse=True)
def odd_scenes_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def numbers(count: int, first: int = 0) -> np.ndarray:
    return np.arange(first, first + count, dtype=float)[:, None]


def moments(count: int) -> np.ndarray:
    rng = np.random.default_rng(count)
    return rng.uniform([-2, 0, -3, 0], [2, 1, 3, 1], size=(count, 4))


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_frames_come_back_in_order_at_every_size_and_number(workers):
    scene = CartPoleScene()
    with RenderPool(CARTPOLE, {}, workers) as pool:
        # Growing and shrinking views reuse the same memory.
        for count, view in [(37, View(60, 40)), (5, View(600, 400)), (0, TINY), (1, View(48, 32))]:
            snapshots = moments(count)
            expected = [scene.draw(snapshot, view) for snapshot in snapshots]
            drawn = pool.draw(snapshots, view)
            assert drawn.shape == (count, view.height, view.width, 3)
            np.testing.assert_array_equal(drawn, np.array(expected).reshape(drawn.shape))


def test_a_pool_that_asks_for_no_number_has_as_many_processes_as_the_rule_has_threads(monkeypatch):
    monkeypatch.setattr("showtell.rendering.pool._processes", 1)
    for count in (1, 2):
        use_processes(count)
        with RenderPool(CARTPOLE, {}) as pool:
            assert len(pool._workers) == count


def test_workers_know_no_torch_and_nothing_of_the_parent():
    with RenderPool("odd_scenes:Witness", {}, workers=2) as pool:
        drawn = pool.draw(numbers(8), TINY)
    assert not drawn[:, 0, 0, 0].any()
    assert not drawn[:, 0, 0, 2].any()  # the parent's __main__ is not imported again


def test_the_environment_is_set_before_a_scene_is_imported():
    environment = {"SHOWTELL_TEST_SEAM": "seen"}
    with RenderPool("odd_scenes:Witness", {}, 1, environment) as pool:
        assert pool.draw(numbers(1), TINY)[0, 0, 0, 1] == 1


def test_two_workers_share_a_small_batch():
    with RenderPool("odd_scenes:Witness", {"slow_s": 0.01}, workers=2) as pool:
        pool.draw(numbers(4), TINY)  # both have started
        drawn = pool.draw(numbers(24), TINY)
    _, counts = np.unique(drawn[:, 0, 1], axis=0, return_counts=True)
    assert len(counts) == 2
    assert counts.min() >= 6


def test_a_crashed_worker_is_replaced_and_its_work_done_again(tmp_path):
    settings = {"mark": str(tmp_path / "died")}
    with RenderPool("odd_scenes:Mortal", settings, workers=2) as pool:
        drawn = pool.draw(numbers(50), TINY)
    assert (tmp_path / "died").exists()
    np.testing.assert_array_equal(drawn[:, 0, 0, 0], np.arange(50))


def test_dying_twice_over_the_same_snapshots_names_scene_and_signal():
    with RenderPool("odd_scenes:Mortal", {}, workers=2) as pool:
        with pytest.raises(RenderError, match=r"odd_scenes:Mortal died twice \(signal SIGSEGV\)"):
            pool.draw(numbers(50), TINY)
        np.testing.assert_array_equal(
            pool.draw(numbers(50, first=8), TINY)[:, 0, 0, 0], np.arange(8, 58)
        )


def test_workers_killed_from_outside_are_replaced():
    with RenderPool(CARTPOLE, {}, workers=2) as pool:
        before = pool.draw(moments(20), View(60, 40))
        for child in psutil.Process().children():
            child.kill()
        np.testing.assert_array_equal(pool.draw(moments(20), View(60, 40)), before)


def test_a_scene_that_raises_is_named_and_the_pool_goes_on():
    with RenderPool("odd_scenes:Clumsy", {}, workers=2) as pool:
        with pytest.raises(RenderError, match=r"odd_scenes:Clumsy(.|\n)*negative number"):
            pool.draw(numbers(50, first=-1), TINY)
        np.testing.assert_array_equal(pool.draw(numbers(50), TINY)[:, 0, 0, 0], np.arange(50))


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ("odd_scenes:Stillborn", "no such mesh"),
        ("odd_scenes:Witnes", "did you mean 'Witness'"),
        ("no_such_module:Scene", "No module named"),
        ("odd_scenes", "package.module:Class"),
    ],
)
def test_a_scene_that_cannot_be_built_says_why(scene, reason):
    with RenderPool(scene, {}, workers=1) as pool, pytest.raises(RenderError, match=reason):
        pool.draw(numbers(1), TINY)


def test_only_a_scene_without_opengl_is_drawn_in_this_process():
    with pytest.raises(UserError, match="workers=0"):
        RenderPool("odd_scenes:Witness", {}, workers=0)


def test_closing_ends_every_process_and_may_be_done_twice():
    before = set(psutil.Process().children())  # of other tests
    pool = RenderPool(CARTPOLE, {}, workers=2)
    children = set(psutil.Process().children()) - before
    assert len(children) == 2
    pool.draw(moments(3), TINY)
    pool.close()
    pool.close()
    assert not [child for child in children if child.is_running()]
    with pytest.raises(RuntimeError, match="closed"):
        pool.draw(moments(3), TINY)


def test_pools_leave_no_open_file_behind():
    process = psutil.Process()
    with RenderPool("odd_scenes:Mortal", {}, workers=1) as pool:
        pool.draw(numbers(3), TINY)
    before = process.num_fds()
    for _ in range(2):
        with RenderPool("odd_scenes:Mortal", {}, workers=2) as pool:
            pool.draw(numbers(5), TINY)
            with pytest.raises(RenderError):
                pool.draw(numbers(1, first=7), TINY)
    assert process.num_fds() == before


@pytest.mark.parametrize("heir", ["", "if os.fork() == 0: time.sleep(30); os._exit(0)"])
def test_workers_end_when_the_parent_is_killed(heir, tmp_path):
    # A forked child of the parent keeps the sockets open: the second case.
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, time, psutil, numpy as np
        from showtell.rendering.pool import RenderPool
        from showtell.rendering.scene import View
        pool = RenderPool({CARTPOLE!r}, {{}}, workers=2)
        pool.draw(np.zeros((4, 4)), View(60, 40))
        workers = [child.pid for child in psutil.Process().children()]
        {heir}
        print(*workers, *[c.pid for c in psutil.Process().children() if c.pid not in workers])
        os.close(1)
        time.sleep(60)
        """)
    )
    # No `if __name__ == "__main__"` in that script: the pool never imports it again.
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    parent.stdout.close()
    workers, heirs = children[:2], children[2:]
    assert len(heirs) == bool(heir)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    try:
        _, alive = psutil.wait_procs(workers, timeout=8)
        assert not alive
    finally:
        for process in heirs:
            process.kill()


def test_memory_stays_flat_over_many_draws():
    grown = _growth_mb(draws=150, warm_up=30)
    assert grown < 6


@pytest.mark.slow
def test_memory_stays_flat_over_ten_thousand_episodes():
    grown = _growth_mb(draws=10_000, warm_up=200)
    assert grown < 12


def _growth_mb(draws: int, warm_up: int) -> float:
    """How much this process and its workers grow over episodes of 25 frames, after a warm-up."""
    snapshots, view = moments(25), View(120, 80)
    with RenderPool(CARTPOLE, {}, workers=2) as pool:
        start = 0
        for number in range(draws + warm_up):
            pool.draw(snapshots, view)
            if number == warm_up:
                start = _rss()
        return (_rss() - start) / 2**20


def _rss() -> int:
    me = psutil.Process()
    return sum(process.memory_info().rss for process in [me, *me.children()])


def test_a_pool_starts_fast():
    start = time.perf_counter()
    with RenderPool(CARTPOLE, {}, workers=1) as pool:
        pool.draw(moments(1), TINY)
    assert time.perf_counter() - start < 3  # 0.3 s on an idle core
