"""Which OpenGL is chosen, and which GPU each render process takes."""

import pytest

from showtell.project.errors import UserError
from showtell.rendering.opengl import WORKER, choose, eglinfo

NO_GPU, TWO_GPUS = [None], [1, 0, None]  # EGL's devices by their CUDA numbers; Mesa is the None


@pytest.mark.parametrize(
    ("asked", "devices", "chosen"),
    [
        ("", NO_GPU, "egl"),
        ("", TWO_GPUS, "egl"),
        ("", [], "osmesa"),
        ("osmesa", TWO_GPUS, "osmesa"),
        ("EGL ", [], "egl"),
        ("disable", NO_GPU, "egl"),  # a world leaves it there
    ],
)
def test_the_backend_is_chosen_by_itself_unless_named(asked, devices, chosen):
    environment = {"MUJOCO_GL": asked} if asked else {}
    assert choose(environment, devices) == chosen


@pytest.mark.parametrize(
    ("environment", "device"),
    [
        ({}, "0"),
        ({WORKER: "1"}, "1"),
        ({WORKER: "2"}, "0"),
        ({"CUDA_VISIBLE_DEVICES": "0"}, "1"),  # EGL counts otherwise than CUDA
        ({"CUDA_VISIBLE_DEVICES": "1", WORKER: "5"}, "0"),
        ({"MUJOCO_EGL_DEVICE_ID": "2"}, "2"),
        ({"CUDA_VISIBLE_DEVICES": ""}, None),
        ({"MUJOCO_GL": "osmesa"}, None),
    ],
)
def test_each_process_of_a_pool_takes_the_next_of_the_gpus_it_may_use(environment, device):
    environment = dict(environment)
    choose(environment, TWO_GPUS)
    assert environment.get("MUJOCO_EGL_DEVICE_ID") == device


def test_without_a_gpu_the_device_is_left_to_mujoco():
    environment: dict[str, str] = {}
    choose(environment, NO_GPU)
    assert environment == {}


def test_a_backend_that_needs_a_window_is_refused():
    with pytest.raises(UserError, match="did you mean 'egl'"):
        choose({"MUJOCO_GL": "wgl"}, NO_GPU)


def test_this_machines_devices_are_found_or_there_is_no_egl():
    assert all(device is None or device >= 0 for device in eglinfo())
