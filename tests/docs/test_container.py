"""What can be known of the container file without building it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text()


def test_every_copied_path_exists():
    for copied in re.findall(r"^COPY (.*)$", TEXT, flags=re.MULTILINE):
        *sources, _ = copied.split()
        assert all((ROOT / source).exists() for source in sources), copied


def test_the_base_image_is_a_python_that_the_package_supports_and_names_no_registry():
    (base,) = re.findall(r"^FROM (.*)$", TEXT, flags=re.MULTILINE)
    image, version = re.fullmatch(r"(\w+):3\.(\d+)-slim-\w+", base).groups()
    assert image == "python"
    assert 11 <= int(version) <= 13


def test_it_has_what_the_two_commands_need_of_the_system():
    needed = re.search(r"for package in (.*);", (ROOT / "workflow/install-gl.sh").read_text())[1]
    assert all(package in TEXT for package in (*needed.split(), "make", "git"))
    assert re.search(r'^CMD \["make", "reproduce"\]$', TEXT, flags=re.MULTILINE)
