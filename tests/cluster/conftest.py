"""What the tests of the cluster measure is said at the end of a run."""

import pytest

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def figures(pytestconfig) -> list[str]:
    """The lines to say."""
    return pytestconfig.stash.setdefault(FIGURES, [])


def pytest_terminal_summary(terminalreporter, config) -> None:
    if lines := config.stash.get(FIGURES, []):
        terminalreporter.section("what the cluster did")
        for line in lines:
            terminalreporter.line(line)
