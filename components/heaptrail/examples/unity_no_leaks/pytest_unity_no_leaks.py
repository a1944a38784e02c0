# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""pytest --target esp32c3   (or linux): two of the five tests fail on purpose, by name."""
import pytest
from pytest_embedded import Dut


@pytest.mark.generic
@pytest.mark.parametrize("target", ["esp32", "esp32s3", "esp32c3", "linux"], indirect=True)
def test_unity_no_leaks(dut: Dut) -> None:
    dut.expect(r"test_a_message_is_released:PASS")
    dut.expect(r"test_a_long_text_is_refused:FAIL: ?1 block, 8 B left behind: .*inbox\.c:19 message_parse\(\)")
    dut.expect(r"test_refused_twice:FAIL: ?2 blocks, 8 B left behind: .*inbox\.c:19 message_parse\(\)")
    dut.expect(r"test_a_topic_is_kept:PASS")
    dut.expect(r"test_a_task_ends:PASS")
    dut.expect_exact("5 Tests 2 Failures 0 Ignored")
