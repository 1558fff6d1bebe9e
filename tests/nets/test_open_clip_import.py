"""open_clip without what nobody here needs of it."""

import subprocess
import sys

import pytest

BUILDS = "from showtell.nets.open_clip_models import build; build('RN50-quickgelu'); import sys; "


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("absent", ["timm", "torch._dynamo", "torch._inductor"])
def test_a_clip_is_built_without(absent):
    assert said(BUILDS + f"print({absent!r} in sys.modules)") == "False"


def test_what_was_left_out_can_be_imported_afterwards():
    real = "import timm, torch._dynamo; print(timm.__file__ and torch._dynamo.__file__ is not None)"
    assert said(BUILDS + real) == "True"


def test_what_was_there_before_stays():
    before = "import timm; "
    assert said(before + BUILDS + "print(sys.modules['timm'] is timm)") == "True"
