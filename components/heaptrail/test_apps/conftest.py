# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Where pytest-embedded finds what was built: build_<target>_<config>."""
import os

import pytest


@pytest.fixture
def config(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "production")


@pytest.fixture
def build_dir(app_path: str, target: str, config: str) -> str:
    name = f"build_{target}_{config}"
    if not os.path.isdir(os.path.join(app_path, name)):
        pytest.skip(f"{name} was not built (README.md)")
    return name
