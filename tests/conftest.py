"""What all tests share."""

import pytest


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Says which tests share a test process.

    Those of one file, so that what they set up is set up once; and all that start Ray, since two Rays at once would
    each believe that they own every core.
    """
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("ray" if item.get_closest_marker("ray") else file))
