from tests.results.experiments import make_results  # noqa: F401 (a fixture)
