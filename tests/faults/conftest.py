from tests.workflow.conftest import finished, workspace

__all__ = ["finished", "workspace"]
