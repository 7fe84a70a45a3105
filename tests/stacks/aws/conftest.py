from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """A module of `pulumi_aws` warns of its own old names as it is loaded, whatever is asked of it."""
    config.addinivalue_line("filterwarnings", "ignore:.* has been deprecated in favor of:DeprecationWarning")
