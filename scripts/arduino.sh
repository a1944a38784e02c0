#!/bin/bash
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# Assemble heaptrail as a library of the Arduino IDE, whose libraries are one folder src/ on the include
# path: scripts/arduino.sh [FOLDER], build/arduino/heaptrail by default.
set -eu
cd "$(dirname "$0")/.."
component=components/heaptrail
to=${1:-build/arduino/heaptrail}
rm -rf "$to"
mkdir -p "$to/src" "$to/presets" "$to/format" "$to/examples/hello_heaptrail"
for folder in include core api report console testing sinks port port/esp_idf port/unwind; do
    for file in "$component/$folder"/*.[ch]; do
        [ -e "$file" ] || continue
        [ ! -e "$to/src/$(basename "$file")" ] || { echo "arduino: two files are called $(basename "$file")"; exit 1; }
        cp "$file" "$to/src/"
    done
done
cp "$component"/presets/*.h "$to/presets/"
cp "$component"/format/*.h "$to/format/"
cp "$component"/{library.properties,LICENSE,README.md,CHANGELOG.md} "$to/"
cat >"$to/src/heaptrail_config.h" <<'END'
/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* heaptrail's options, instead of menuconfig. One preset, and what differs from it (see presets/). */
#pragma once

#define HEAPTRAIL_PRESET_PRODUCTION /* or _DEVELOPMENT, or _HUNT */
/* #define CONFIG_HEAPTRAIL_MAX_BLOCKS 2000 */
END
cat >"$to/examples/hello_heaptrail/hello_heaptrail.ino" <<'END'
#include <heaptrail_report.h>

char *lost;

void setup() { Serial.begin(115200); }

void loop() {
  lost = strdup("forgotten");
  heaptrail_print(HEAPTRAIL_REPORT_SITES);
  delay(10000);
}
END
# The Arduino IDE takes linker flags for the whole core only.
echo "compiler.c.elf.extra_flags=$(python3 $component/heaptrail_pio.py)" >"$to/platform.local.txt"
echo "arduino: $to; copy its platform.local.txt beside the platform.txt of the esp32 core"
