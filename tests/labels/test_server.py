"""The page's server: this machine alone, its token, clicks that are on disk when it answers."""

import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import pyarrow.parquet as pq
import pytest

from showtell.labels.journal import Journal, read_clicks
from showtell.labels.server import LabelServer
from showtell.project.errors import UserError
from tests.labels.conftest import TASK, labelling, study


@contextmanager
def served(layout, kind="buckets", port=0):
    key, items, folder = study(layout, kind)
    with Journal(folder / "ada.jsonl") as journal:
        server = LabelServer(key, items, journal, "ada", layout.results, port)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server, items, folder / "ada.jsonl"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def get(address, **headers):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return answer.status, answer.read(), answer.headers


def post(address, value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(address + "save", data=body)) as answer:
        return json.load(answer)


def status_of(call, *arguments, **headers):
    with pytest.raises(urllib.error.HTTPError) as error:
        call(*arguments, **headers)
    return error.value.code


def data(page: bytes):
    text = page.decode().split('id="data">')[1].split("</script>")[0]
    return json.loads(text)


def test_without_the_token_every_request_is_refused(layout):
    with served(layout) as (server, items, path):
        root = f"http://127.0.0.1:{server.server_port}/"
        click = {"item": items[0].id, "label": "50"}
        for address in (root, root + "x/", root + server.token[:-1] + "/"):
            assert status_of(get, address) == 403
            assert status_of(get, address + "media/" + items[0].video) == 403
            assert status_of(post, address, click) == 403
        assert status_of(get, server.address, Host="evil.example:80") == 403
        assert server.server_address[0] == "127.0.0.1"
        assert not read_clicks(path).labels


def test_tokens_differ(layout):
    with served(layout) as (one, *_):
        first = one.token
    with served(layout) as (two, *_):
        assert len(two.token) >= 32
        assert two.token != first


def test_a_click_is_on_disk_when_it_is_answered_and_undo_takes_it_back(layout):
    with served(layout) as (server, items, path):
        assert post(server.address, {"item": items[0].id, "label": "75"}) == {"labels": 1}
        assert read_clicks(path).labels[items[0].id].label == "75"
        assert post(server.address, {"item": items[1].id, "label": None, "skipped": True})
        assert read_clicks(path).skipped == {items[1].id}
        assert post(server.address, {"item": items[0].id, "label": None}) == {"labels": 0}
        assert not read_clicks(path).labels


def test_the_page_resumes_where_it_was(layout):
    with served(layout) as (server, items, _):
        post(server.address, {"item": items[0].id, "label": "75"})
        post(server.address, {"item": items[1].id, "label": None, "skipped": True})
    with served(layout) as (server, items, _):
        status, page, headers = get(server.address)
        found = data(page)
        assert status == 200
        assert found["labels"] == {items[0].id: "75"}
        assert found["order"] == [items[0].id, items[1].id]
        assert [item["id"] for item in found["items"]] == [item.id for item in items]
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "click",
    [
        {"item": "other", "label": "50"},
        {"label": "50"},
        {"item": 0, "label": "30"},
        {"item": 0, "label": ["50"]},
        {"item": 0, "label": "50", "skipped": True},
        [],
        b"{",
        b'{"item": "' + b"x" * 20_000 + b'"}',
    ],
)
def test_a_click_that_makes_no_sense_is_refused_and_leaves_nothing(layout, click):
    with served(layout) as (server, items, path):
        if isinstance(click, dict) and click.get("item") == 0:
            click["item"] = items[0].id
        assert status_of(post, server.address, click) == 400
        assert path.read_bytes() == b""


def test_videos_are_served_whole_and_in_parts(layout):
    with served(layout) as (server, items, _):
        address = server.address + "media/" + items[0].video
        _, whole, headers = get(address)
        assert headers["Content-Type"] == "video/mp4"
        assert whole[4:8] == b"ftyp"
        status, part, headers = get(address, Range="bytes=4-7")
        assert (status, part) == (206, b"ftyp")
        assert headers["Content-Range"] == f"bytes 4-7/{len(whole)}"
        assert get(address, Range=f"bytes={len(whole) - 3}-")[1] == whole[-3:]
        assert status_of(get, server.address + "media/../../../params.yaml") == 404
        assert status_of(get, server.address + "other") == 404


def test_frames_are_pictures_of_their_own_moment(layout):
    with served(layout, "frames") as (server, items, _):
        same = [item for item in items if item.video == items[0].video]
        assert len(same) == 3
        pictures = {get(f"{server.address}media/{i.video}-{i.frame}")[1] for i in same}
        assert len(pictures) == 3
        assert all(picture[:2] == b"\xff\xd8" for picture in pictures)
        assert (
            status_of(get, f"{server.address}media/{items[0].video}-0") == 404
        )  # no item shows it


def test_clicks_at_the_same_time_are_all_kept(layout):
    with served(layout, "frames") as (server, items, path):
        threads = [
            threading.Thread(target=post, args=(server.address, {"item": i.id, "label": "yes"}))
            for i in items
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(read_clicks(path).labels) == {item.id for item in items}


def test_a_body_that_is_not_read_ends_the_connection(layout):
    with served(layout) as (server, *_):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        connection.request("POST", "/wrong/save", body=b"x" * 100)
        assert connection.getresponse().getheader("Connection") == "close"


def test_a_port_that_is_taken_is_named(layout):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="PORT"), served(layout, port=taken.getsockname()[1]):
            pass


def test_the_command_serves_saves_and_exports(layout, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    def rate(server):
        def clicks():
            for item in data(get(server.address)[1])["items"][:3]:
                post(server.address, {"item": item["id"], "label": "100"})
            server.shutdown()

        threading.Thread(target=clicks).start()

    assert labelling(tmp_path).serve(TASK, 0, browse=True, ready=rate) == 0
    said = capsys.readouterr().out
    assert "http://127.0.0.1:" in said
    assert "No browser" in said
    table = pq.read_table(layout.labels(TASK, "buckets") / "labels.parquet")
    assert table.column("label").to_pylist() == ["100"] * 3
    assert table.schema.metadata[b"criterion"].startswith(b"The robot kneels")
    assert labelling(tmp_path).serve(TASK, 0, browse=False, ready=rate) == 0
    assert f"{TASK}, buckets: 3 of 4" in capsys.readouterr().out


def test_a_task_without_evaluations_names_the_command_that_makes_them(layout, tmp_path):
    with pytest.raises(UserError, match=r"make reproduce SCALE=mini.*humanoid-kneeling"):
        labelling(tmp_path).serve("cartpole", 0, browse=False)
    with pytest.raises(UserError, match="did you mean 'humanoid-kneeling'"):
        labelling(tmp_path).serve("humanoid-kneelin", 0, browse=False)
    with pytest.raises(UserError, match="which task"):
        labelling(tmp_path).serve(None, 0, browse=False)
    with pytest.raises(UserError, match="did you mean 'buckets'"):
        labelling(tmp_path, kind="bucket").serve(TASK, 0, browse=False)
