"""What a folder of videos is, and the sentence that says what is missing or wrong."""

import json
import shutil
import zipfile

import pytest

from showtell.project.errors import UserError
from showtell.videos.reading.layout import State, detect, listing, own_videos
from showtell.videos.reading.records import Reason
from tests.videos.reading.making import FOLDER, archive, labels, labels_zip, parts

CONTENT = {f"{number}.webm": bytes([number]) * 900 for number in range(1, 6)}


def unpacked(root, numbers="12345"):
    (root / FOLDER).mkdir()
    for number in numbers:
        (root / FOLDER / f"{number}.webm").write_bytes(b"video")


def wrong(root):
    layout = detect(root)
    assert layout.state is State.WRONG
    with pytest.raises(UserError) as error:
        listing(layout)
    assert str(error.value) == layout.sentence
    return layout.sentence


def test_a_folder_that_is_not_there(tmp_path):
    assert "does not exist; put the parts and the labels" in wrong(tmp_path / "ssv2")


def test_an_empty_folder(tmp_path):
    assert "holds no videos (.avi, " in wrong(tmp_path)


def test_zipped_parts_are_to_be_unpacked(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    layout = detect(tmp_path)
    assert layout.state is State.PACKED
    assert "3 parts to unpack, 3 of them still zipped, and 0 of 5" in layout.sentence
    with pytest.raises(UserError, match="3 parts to unpack"):
        listing(layout)


def test_unzipped_parts_are_to_be_unpacked(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT), zipped=False)
    assert "3 parts to unpack, 0 of them still zipped" in detect(tmp_path).sentence


def test_a_zip_file_without_its_ending_is_still_zipped(tmp_path):
    labels(tmp_path)
    for path in parts(tmp_path, archive(CONTENT))[:2]:
        path.rename(path.with_suffix(""))
    assert "3 of them still zipped" in detect(tmp_path).sentence


def test_a_part_that_is_there_both_ways_counts_once(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT), zipped=False)[0].write_bytes(b"half-unzipped")
    parts(tmp_path, archive(CONTENT))
    assert "3 parts to unpack, 3 of them still zipped" in detect(tmp_path).sentence


def test_zipped_labels_are_to_be_unpacked(tmp_path):
    labels_zip(tmp_path)
    unpacked(tmp_path)
    layout = detect(tmp_path)
    assert layout.state is State.PACKED
    assert "has labels to unpack" in layout.sentence


def test_a_missing_part_is_named(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT), 4)[1].unlink()
    assert f"has parts up to number 03, but not {FOLDER}-01; download" in wrong(tmp_path)


def test_a_part_that_is_no_archive(tmp_path):
    labels(tmp_path)
    parts(tmp_path, b"<html>" + bytes(3000), zipped=False)
    assert "does not begin like a tar.gz archive" in wrong(tmp_path)


def test_a_zip_file_that_breaks_off(tmp_path):
    labels(tmp_path)
    path = parts(tmp_path, archive(CONTENT))[1]
    path.write_bytes(path.read_bytes()[:-30])
    assert f"{path} is not a whole zip file" in wrong(tmp_path)


def test_a_zip_file_of_something_else(tmp_path):
    labels(tmp_path)
    path = parts(tmp_path, archive(CONTENT))[1]
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("readme.txt", "")
    assert f"{path} holds readme.txt, but one file called {FOLDER}-01" in wrong(tmp_path)


def test_a_part_that_breaks_off(tmp_path):
    labels(tmp_path)
    path = parts(tmp_path, archive(CONTENT), zipped=False)[1]
    path.write_bytes(path.read_bytes()[:-1])
    assert "the download of one of them broke off" in wrong(tmp_path)


def test_no_labels(tmp_path):
    parts(tmp_path, archive(CONTENT))
    assert "lacks labels.json, train.json, validation.json, test.json; down" in wrong(tmp_path)


def test_one_label_file_is_missing(tmp_path):
    (labels(tmp_path) / "validation.json").unlink()
    unpacked(tmp_path)
    assert "labels lacks validation.json; download labels.zip" in wrong(tmp_path)


def test_labels_without_videos(tmp_path):
    labels(tmp_path)
    assert f"neither its parts ({FOLDER}-00 and so on) nor the folder" in wrong(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"id": "1"', "is not whole JSON"),
        ('{"id": "1"}', "expected a list of entries"),
        ('[{"id": "1"}, {"label": "x"}]', "at entry 2"),
        ('[{"id": "../../1"}]', "at entry 1"),
        ('[{"id": "1", "placeholders": "cup"}]', "at entry 1"),
        ('[{"id": "1", "template": ["cup"]}]', "at entry 1"),
    ],
)
def test_damaged_label_files(tmp_path, content, said):
    (labels(tmp_path) / "train.json").write_text(content)
    unpacked(tmp_path)
    assert said in wrong(tmp_path)


@pytest.mark.parametrize("content", ['["a template"]', '{"Opening something": "first"}'])
def test_damaged_templates(tmp_path, content):
    (labels(tmp_path) / "labels.json").write_text(content)
    unpacked(tmp_path)
    assert "expected an object of templates" in wrong(tmp_path)


def test_damaged_answers(tmp_path):
    (labels(tmp_path) / "test-answers.csv").write_text("5,Opening something\n")
    unpacked(tmp_path)
    assert "expected `id;template` on each line" in wrong(tmp_path)


def test_videos_and_labels_are_ready(tmp_path):
    labels(tmp_path)
    unpacked(tmp_path)
    layout = detect(tmp_path)
    assert layout.state is State.READY
    assert layout.sentence.endswith("holds 5 of 5 labelled videos.")


def test_videos_that_only_the_first_part_held(tmp_path):
    labels(tmp_path)
    unpacked(tmp_path, "12")
    layout = detect(tmp_path)
    assert layout.state is State.READY
    assert "2 of 5 labelled videos; 3 are missing: if only the first part" in layout.sentence


def test_parts_that_a_user_unpacked_are_not_unpacked_again(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    unpacked(tmp_path)
    assert detect(tmp_path).state is State.READY


def test_labels_are_found_without_brackets(tmp_path):
    labels(tmp_path)
    unpacked(tmp_path)
    videos, refused = listing(detect(tmp_path))[1:]
    assert [video.id for video in videos] == ["1", "2", "4", "3", "5"]
    assert [video.split for video in videos] == ["train"] * 3 + ["validation", "test"]
    assert [video.class_id for video in videos] == [0, 1, 2, 0, 0]
    assert videos[2].label == "Putting a cup onto a table"
    assert videos[2].placeholders == ("a cup", "a table")
    assert videos[4].template == "Opening something"  # by the answers to the test
    assert refused == []


def test_a_test_split_without_answers(tmp_path):
    (labels(tmp_path) / "test-answers.csv").unlink()
    unpacked(tmp_path)
    video = listing(detect(tmp_path)).videos[-1]
    assert (video.split, video.template, video.class_id) == ("test", None, None)


def test_what_the_labels_cannot_say_is_refused(tmp_path):
    train = [("1", "Opening [something]", []), ("2", "Openin [something]", [])]
    labels(tmp_path, train, [("1", "Opening [something]", [])], ["5"])
    unpacked(tmp_path, "1259")
    videos, refused = listing(detect(tmp_path))[1:]
    assert [video.id for video in videos] == ["5"]
    assert {row.id: row.reason for row in refused} == {
        "1": Reason.DUPLICATE,
        "2": Reason.TEMPLATE,
        "9": Reason.UNLABELLED,
    }
    assert "did you mean 'Opening something'?" in refused[0].detail


def test_own_videos_in_subfolders(tmp_path):
    for name in ("b/2.mp4", "a.webm", "c/d/e.GIF", "notes.txt", ".trash/x.mp4", "b/.y.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"video")
    layout = detect(tmp_path)
    assert layout.state is State.OWN
    assert layout.sentence == f"{tmp_path} holds 3 videos without labels."
    videos = listing(layout).videos
    assert [video.path for video in videos] == ["a.webm", "b/2.mp4", "c/d/e.GIF"]
    assert {video.split for video in videos} == {"train"}
    assert videos[0].template is None


def test_own_videos_are_split_by_their_names(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.mp4").touch()
    before = {video.id: video.split for video in own_videos(tmp_path, 0.25)[0]}
    assert 30 < list(before.values()).count("validation") < 70
    shutil.copy(tmp_path / "0.mp4", tmp_path / "another.mp4")
    after = {video.id: video.split for video in own_videos(tmp_path, 0.25)[0]}
    assert before.items() <= after.items()


def test_a_name_that_is_not_utf8_is_refused(tmp_path):
    try:
        (tmp_path / "a\udcff.mp4").touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    videos, refused = own_videos(tmp_path, 0)
    assert videos == []
    assert refused[0].reason is Reason.UNREADABLE
    json.dumps(refused[0]).encode()
