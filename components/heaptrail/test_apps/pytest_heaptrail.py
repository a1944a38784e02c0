# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""pytest --target esp32c3 (or linux) --embedded-services esp,idf; after a build per configuration."""
import pytest
from pytest_embedded import Dut


@pytest.mark.generic
@pytest.mark.parametrize("config", ["production", "development", "hunt", "hooks"], indirect=True)
@pytest.mark.parametrize("target", ["esp32", "esp32s3", "esp32c3"], indirect=True)
def test_on_chips(dut: Dut) -> None:
    dut.expect_exact("10 Tests 0 Failures 0 Ignored", timeout=60)


@pytest.mark.linux
@pytest.mark.parametrize("config", ["production", "development", "hunt"], indirect=True)
@pytest.mark.parametrize("target", ["linux"], indirect=True)
def test_on_linux(dut: Dut) -> None:
    dut.expect_exact("10 Tests 0 Failures 0 Ignored", timeout=60)
