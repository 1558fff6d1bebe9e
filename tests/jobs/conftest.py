import pytest


@pytest.fixture(scope="module", autouse=True)
def away(tmp_path_factory):
    """Jobs run in an empty folder, shown in no store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        patch.chdir(tmp_path_factory.mktemp("away"))
        yield
