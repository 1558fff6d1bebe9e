"""Videos of a drawn hand, packed once for all trainings on them."""

from pathlib import Path

import pytest

from tests.videos.jobs import draw, read


@pytest.fixture(scope="session")
def shards(tmp_path_factory) -> Path:
    """The list of their shards, as the workflow gives it to a training."""
    folder = tmp_path_factory.mktemp("people")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        return read(folder, draw(folder))["shards"]
