"""Small videos and a small Something-Something v2, in every state in which a user may have it."""

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

FOLDER = "20bn-something-something-v2"
CLASSES = {
    "Opening something": "0",
    "Pushing something from left to right": "1",
    "Putting something onto something": "2",
}
TRAIN = [
    ("1", "Opening [something]", ["drawer"]),
    ("2", "Pushing [something] from left to right", ["a cup"]),
    ("4", "Putting [something] onto [something]", ["a cup", "a table"]),
]
VALIDATION = [("3", "Opening [something]", ["book"])]
TEST = ["5"]
CODECS = {
    ".webm": ("libvpx-vp9", "yuv420p"),
    ".mp4": ("libx264", "yuv420p"),
    ".gif": ("gif", "rgb8"),
}


def pictures(count: int, width: int = 57, height: int = 32, seed: int = 0) -> np.ndarray:
    """A square that moves over a background of its own colour."""
    shown = np.full((count, height, width, 3), (40 * seed % 256, 90, 120), np.uint8)
    for number, picture in enumerate(shown):
        left = 2 * number % (width - 8)
        picture[8:16, left : left + 8] = (220, 60, 30)
    return shown


def video(path: Path, count: int = 6, fps: int = 12, seed: int = 0, **size: int) -> Path:
    """A video of a kind that its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec, pixels = CODECS[path.suffix]
    shown = pictures(count, seed=seed, **size)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=Fraction(fps))
        stream.height, stream.width = shown.shape[1:3]
        stream.pix_fmt = pixels
        if codec == "libvpx-vp9":
            stream.codec_context.options = {"deadline": "realtime", "cpu-used": "8"}
        for picture in shown:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def still(path: Path) -> Path:
    """A GIF of one picture."""
    Image.fromarray(pictures(1)[0]).save(path)
    return path


def entry(number: str, template: str, placeholders: list[str]) -> dict:
    label = template
    for word in placeholders:
        label = label.replace("[something]", word, 1)
    return {"id": number, "label": label, "template": template, "placeholders": placeholders}


def labels(root: Path, train=TRAIN, validation=VALIDATION, test=TEST) -> Path:
    """The folder of label files."""
    folder = root / "labels"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.json").write_text(json.dumps(CLASSES))
    (folder / "train.json").write_text(json.dumps([entry(*one) for one in train]))
    (folder / "validation.json").write_text(json.dumps([entry(*one) for one in validation]))
    (folder / "test.json").write_text(json.dumps([{"id": number} for number in test]))
    (folder / "test-answers.csv").write_text("".join(f"{n};Opening something\n" for n in test))
    return folder


def videos(root: Path, numbers=("1", "2", "3", "4", "5")) -> dict[str, bytes]:
    """The flat folder of videos; name -> bytes."""
    made = [video(root / FOLDER / f"{n}.webm", 5 + int(n), seed=int(n)) for n in numbers]
    return {path.name: path.read_bytes() for path in made}


def archive(content: dict[str, bytes], extra: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    """A tar.gz of the flat folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        folder = tarfile.TarInfo(FOLDER)
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in content.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member in extra:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return packed.getvalue()


def parts(root: Path, packed: bytes, count: int = 3, zipped: bool = True) -> list[Path]:
    """The archive cut into parts of one size but the last, each in a zip file of its own."""
    root.mkdir(parents=True, exist_ok=True)
    size = -(-len(packed) // count)
    written = []
    for number in range(count):
        name, piece = f"{FOLDER}-{number:02d}", packed[number * size : (number + 1) * size]
        path = root / (f"{name}.zip" if zipped else name)
        if zipped:
            with zipfile.ZipFile(path, "w") as container:
                container.writestr(name, piece)
        else:
            path.write_bytes(piece)
        written.append(path)
    return written


def labels_zip(root: Path) -> Path:
    """labels.zip, as it is downloaded, in place of the folder of labels."""
    folder = labels(root)
    with zipfile.ZipFile(root / "labels.zip", "w") as container:
        for path in sorted(folder.iterdir()):
            container.write(path, f"labels/{path.name}")
            path.unlink()
    folder.rmdir()
    return root / "labels.zip"


def killed(program: str, *arguments: object, seconds: float = 60) -> None:
    """Run a program that kills itself."""
    run = _run(program, *arguments, seconds=seconds)
    assert run.returncode == -9, run.stderr


def printed(program: str, *arguments: object) -> str:
    """Run a program to its end, and return what it said."""
    run = _run(program, *arguments, seconds=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


def _run(program: str, *arguments: object, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder that is not hidden."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
