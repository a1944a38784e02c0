#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# check.sh HEAPTRAIL FIRMWARE FOLDER [EMULATOR]: run fw_dump.c, and read with `heaptrail core` what it left in FOLDER.
set -eu
heaptrail=$1 firmware=$2 folder=$3 emulator=${4:-}
mkdir -p "$folder"
$emulator "$firmware" "$folder" "$(sha256sum "$firmware" | cut -d' ' -f1)"
exec python3 "$(dirname "$0")/check_core.py" "$heaptrail" "$folder" "$firmware"
