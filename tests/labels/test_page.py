"""The page in a real browser, by its keys: the server's, and the one that is a file."""

import json
import time

import pytest

from showtell.labels.journal import read_clicks
from showtell.labels.offline import merge, read_sent, write_offline
from tests.labels.browser import CHROMIUM, browser
from tests.labels.conftest import study
from tests.labels.test_server import served

pytest.importorskip("websocket", reason="the lock has it; `make test` installs it")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="install chromium to test the page in a browser"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def labelled(tab, count, of, skipped=0):
    more = f", {skipped} skipped" if skipped else ""
    text = f"{count} of {of} labelled{more}"
    tab.until(f"document.getElementById('count').textContent === '{text}' && !busy")


def test_keys_label_undo_and_skip_and_a_reload_resumes(layout, tab):
    with served(layout) as (server, items, path):
        tab.open(server.address)
        labelled(tab, 0, 4)
        tab.press("3")
        labelled(tab, 1, 4)
        tab.press("s")
        labelled(tab, 1, 4, 1)
        tab.press("5")
        labelled(tab, 2, 4, 1)
        tab.press("u")
        labelled(tab, 1, 4, 1)
        clicks = read_clicks(path)
        assert {i: c.label for i, c in clicks.labels.items()} == {items[0].id: "50"}
        assert clicks.skipped == {items[1].id}
        tab.open(server.address)  # as after a crash of the browser
        labelled(tab, 1, 4, 1)
        assert tab.value("current.id") == items[2].id
        tab.press("u")  # the skip
        labelled(tab, 1, 4)
        assert tab.value("current.id") == items[1].id
        for key in ("1", "2", "4"):
            count = tab.value("Object.keys(state.labels).length")
            tab.press(key)
            labelled(tab, count + 1, 4)
        assert tab.value("!document.getElementById('done').hidden")
        labels = [read_clicks(path).labels[item.id].label for item in items]
        assert labels == ["50", "0", "25", "75"]


def test_a_click_that_is_not_saved_is_said_and_not_counted(layout, tab):
    with served(layout) as (server, *_):
        tab.open(server.address)
        labelled(tab, 0, 4)
    tab.press("1")
    tab.until("document.getElementById('said').className === 'bad'")
    assert "Not saved" in tab.text()
    labelled(tab, 0, 4)


def test_the_videos_play(layout, tab):
    with served(layout, "pairs") as (server, items, path):
        tab.open(server.address)
        tab.until(
            "[...document.querySelectorAll('video')].filter((v) => v.currentTime > 0).length === 2"
        )
        tab.press(" ")
        tab.until("[...document.querySelectorAll('video')].every((v) => v.paused)")
        tab.press("ArrowLeft")
        labelled(tab, 1, 4)
        assert read_clicks(path).labels[items[0].id].label == "left"


@pytest.mark.parametrize("kind", ["buckets", "frames", "pairs"])
def test_nothing_is_wider_than_a_phone(layout, tab, kind):
    with served(layout, kind) as (server, *_):
        tab.screen(390, 844)
        tab.open(server.address)
        assert tab.value("document.documentElement.scrollWidth") == 390
        heights = "[...document.querySelectorAll('#choices button')].map((b) => b.offsetHeight)"
        assert min(tab.value(heights)) >= 44
        tab.screen(1100, 800)


def test_the_page_as_a_file_keeps_labels_in_the_browser_and_hands_them_out(layout, tab, tmp_path):
    key, items, folder = study(layout, "frames")
    write_offline(tmp_path / "page.html", key, items, "", layout.results, 10)
    address = (tmp_path / "page.html").as_uri()
    tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    tab.open(address)
    for letter in "eva":
        tab.press(letter)
    tab.value("document.getElementById('name').requestSubmit()")
    tab.until("!document.getElementById('ask').hidden")
    rater = "eva"
    assert tab.value("data.rater") == rater
    tab.press("y")
    labelled(tab, 1, 12)
    tab.press("n")
    labelled(tab, 2, 12)
    tab.open(address)  # closed and opened again
    tab.value(f"document.getElementById('typed').value = '{rater}'")
    tab.value("document.getElementById('name').requestSubmit()")
    labelled(tab, 2, 12)
    tab.press("d")
    file = tmp_path / f"labels-{key.task}-frames-{rater}.json"
    end = time.monotonic() + 60
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert json.loads(file.read_text())["rater"] == rater
    assert merge(read_sent(file), file, folder).new == 2
    labels = read_clicks(folder / f"{rater}.jsonl").labels
    assert [labels[item.id].label for item in items[:2]] == ["yes", "no"]
