#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrapped, compiled and refused, by target, ESP-IDF version and options.

By CMake: the component's CMakeLists.txt with functions of ESP-IDF's names (configure.cmake). By the
compiler: ht_conflicts.c with the options as macros, as a build without our CMake has them.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMPONENT = ROOT / "components" / "heaptrail"
ON = ("CONFIG_HEAPTRAIL_ENABLE", "CONFIG_HEAPTRAIL_WRAP", "CONFIG_HEAPTRAIL_WRAP_ENTRIES")
HOOKS = ("CONFIG_HEAPTRAIL_ENABLE", "CONFIG_HEAPTRAIL_HOOKS", "CONFIG_HEAP_USE_HOOKS")
BASE = {"heap_caps_malloc_base", "heap_caps_calloc_base", "heap_caps_realloc_base", "heap_caps_aligned_alloc_base",
        "heap_caps_free"}
wrong = []


def expect(what, condition, more=""):
    if not condition:
        wrong.append(f"{what}: {more}")


def configure(target, version, options, folder, extra=()):
    major, minor = version.split(".")
    command = ["cmake", f"-DIDF_TARGET={target}", f"-DIDF_VERSION_MAJOR={major}", f"-DIDF_VERSION_MINOR={minor}"]
    command += [f"-D{name}=y" for name in options] + list(extra)
    result = subprocess.run([*command, "-P", ROOT / "tests/component/configure.cmake"], cwd=folder,
                            capture_output=True, text=True, check=False)
    text = result.stderr
    found = {"wraps": set(re.findall(r"--wrap=(\w+)", text)), "sources": set(re.findall(r"^source (\S+)", text, re.M)),
             "failed": result.returncode != 0, "text": re.sub(r"\s+", " ", text)}
    found["wrap files"] = {Path(s).stem for s in found["sources"] if "/ht_wrap_" in s}
    return found


def try_wraps(folder):
    for version in ("5.3", "5.4", "5.5", "6.0", "6.1", "6.2"):
        for target in ("esp32", "esp32c3", "esp32p4"):
            got = configure(target, version, ON, folder)
            what = f"{target} {version}"
            expect(what, not got["failed"] and BASE <= got["wraps"], got["text"][-300:])
            containing = "heap_caps_get_containing_block_size" in got["wraps"]
            expect(what, containing == (version != "5.3" and version != "5.4"), "heap_caps_get_containing_block_size")
            expect(what, "_Znwj" in got["wraps"] and "ht_wrap_new" in got["wrap files"], "operator new")
            expect(what, "fragment archive: libnamespace__heaptrail.a" in got["text"], "linker fragment")
    got = configure("linux", "5.5", ON, folder)
    expect("linux", {"malloc", "calloc", "realloc", "free"} <= got["wraps"], got["wraps"])
    expect("linux", not (BASE & got["wraps"]) and "vTaskDelete" not in got["wraps"], got["wraps"])
    expect("linux", "fragment" not in got["text"], "no linker fragments there")
    got = configure("esp32c3", "5.5", ON[:2], folder)
    expect("without entries", BASE <= got["wraps"] and "malloc" not in got["wraps"], got["wraps"])
    got = configure("esp32c3", "5.5", (*ON, "CONFIG_HEAPTRAIL_CONSOLE"), folder)
    expect("console", "optional console" in got["text"] and "console/ht_console_esp.c" in got["sources"], got["text"])
    got = configure("esp32c3", "5.5", ON, folder)
    expect("without console", "optional console" not in got["text"], got["text"])
    got = configure("esp32c3", "5.5", (*ON, "CONFIG_HEAPTRAIL_SINK_TCP"), folder)
    expect("TCP", "optional lwip" in got["text"] and "sinks/heaptrail_sink_tcp.c" in got["sources"], got["text"])
    got = configure("esp32c3", "5.5", ON, folder)
    expect("without TCP", "optional lwip" not in got["text"], got["text"])
    got = configure("esp32c3", "5.5", (*ON, "CONFIG_FREERTOS_SMP"), folder)
    expect("SMP kernel", "xTaskCreate" in got["wraps"], got["wraps"])
    for size in (0, 16384):
        got = configure("esp32c3", "5.5", ON, folder, [f"-DCONFIG_HEAPTRAIL_TRACE_RECORDER_BYTES={size}"])
        expect(f"recorder of {size}", ("esp_panic_handler" in got["wraps"]) == (size != 0), got["wraps"])
    for options in (ON[:1], ()):
        got = configure("esp32c3", "5.5", options, folder)
        expect(f"{options}", not got["failed"] and not got["wraps"] and not got["wrap files"], got["wraps"])


def try_hooks(folder):
    tracing = ("CONFIG_HEAP_TRACING", "CONFIG_HEAP_TRACING_STANDALONE")
    got = configure("esp32c3", "5.5", (*HOOKS, *tracing), folder)
    expect("hooks", not got["failed"] and not got["wraps"] and "-u esp_heap_trace_alloc_hook" in got["text"], got["wraps"])
    expect("hooks", not got["wrap files"], got["wrap files"])
    got = configure("esp32c3", "5.5", (*HOOKS, *tracing, ON[2]), folder)
    expect("hooks, entries", {"malloc", "heap_caps_malloc", "heap_caps_realloc", "_Znwj", "vTaskDelete"} <= got["wraps"])
    expect("hooks, entries", not (got["wraps"] & (BASE | {"free", "_ZdlPv", "heap_caps_get_allocated_size"})), got["wraps"])
    expect("hooks, entries", got["wrap files"] == {"ht_wrap_libc", "ht_wrap_caps", "ht_wrap_new", "ht_wrap_failed",
                                                   "ht_wrap_task", "ht_wrap_tick"}, got["wrap files"])


def try_refused(folder):
    for options, version, extra, says in (
            ((*ON, "CONFIG_HEAP_TRACING"), "5.5", (), "set Component config > Heap memory debugging > Heap tracing to Disabled"),
            ((*ON, "CONFIG_HEAPTRAIL_CHECKS", "CONFIG_COMPILER_KASAN"), "6.2", (), "set heaptrail > Preset to Production"),
            (HOOKS[:2], "5.5", (), "Use allocation and free hooks"),
            (ON, "5.2", (), "heaptrail needs ESP-IDF 5.3 or later"),
            (ON, "5.5", ("-DBUILD_OPTIONS=-Os;-flto",), "Take -flto from the project's compile options"),
            (ON, "5.5", ("-DCMAKE_C_FLAGS=-O2 -flto=auto",), "Take -flto from the project's compile options"),
            (ON, "5.5", ("-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON",), "Take -flto from the project's compile options")):
        got = configure("esp32c3", version, options, folder, extra)
        expect(says, got["failed"] and says in got["text"], got["text"][-300:])


def try_errors(folder):
    Path(folder, "esp_idf_version.h").write_text(
        "#if defined(OLD_ESP_IDF)\n#define ESP_IDF_VERSION 0x050200\n"
        "#define ESP_IDF_VERSION_VAL(a, b, c) (((a) << 16) | ((b) << 8) | (c))\n"
        "#else\n#include_next <esp_idf_version.h>\n#endif\n")
    for macros, says in (
            (("CONFIG_HEAP_TRACING_STANDALONE=1",), "Set CONFIG_HEAP_TRACING_OFF"),
            (("CONFIG_HEAP_TRACING_TOHOST=1",), "Set CONFIG_HEAP_TRACING_OFF"),
            (("CONFIG_HEAPTRAIL_HOOKS=1",), "Define one of them as 0"),
            (("CONFIG_HEAPTRAIL_HOOKS=1", "CONFIG_HEAPTRAIL_WRAP=0"), "Set CONFIG_HEAP_USE_HOOKS"),
            (("CONFIG_HEAPTRAIL_HOOKS=1", "CONFIG_HEAPTRAIL_WRAP=0", "CONFIG_HEAP_USE_HOOKS=1", "CONFIG_COMPILER_KASAN=1"),
             "KASAN takes ESP-IDF's hooks"),
            (("CONFIG_HEAPTRAIL_CHECKS=1", "CONFIG_HEAPTRAIL_WRAP=0"), "Set CONFIG_HEAPTRAIL_WRAP"),
            (("CONFIG_HEAPTRAIL_CHECKS=1", "CONFIG_COMPILER_KASAN=1"), "Set CONFIG_HEAPTRAIL_CHECKS to 0"),
            (("OLD_ESP_IDF",), "needs ESP-IDF 5.3"),
            (("CONFIG_HEAPTRAIL_HOOKS=1", "CONFIG_HEAPTRAIL_WRAP=0", "CONFIG_HEAP_USE_HOOKS=1",
              "CONFIG_HEAP_TRACING_STANDALONE=1"), None),
            (("HEAPTRAIL_PRESET_PRODUCTION",), None), (("HEAPTRAIL_PRESET_DEVELOPMENT",), None),
            (("HEAPTRAIL_PRESET_HUNT",), None), (("ARDUINO=10819",), None), ((), None)):
        command = ["gcc", "-fsyntax-only", "-std=gnu11", "-Wall", "-Wextra", "-Wundef", "-Werror", f"-I{folder}", f"-I{ROOT}/sim/include",
                   f"-I{COMPONENT}/api", *(f"-D{macro}" for macro in macros),
                   str(COMPONENT / "port/esp_idf/ht_conflicts.c")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if says is None:
            expect(macros, result.returncode == 0, result.stderr[:300])
        else:
            expect(macros, result.returncode != 0 and says in result.stderr, result.stderr[:300])


def try_sections():
    """What ESP-IDF's headers place in IRAM is not placed a second time: gcc warns, and CI has -Werror."""
    command = ["gcc", "-fsyntax-only", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-DSIM_IRAM_SECTIONS", "-D_GNU_SOURCE",
               "-DCONFIG_HEAPTRAIL_ENABLE=1", "-DCONFIG_HEAPTRAIL_HOOKS=1", "-DCONFIG_HEAP_USE_HOOKS=1",
               f"-I{ROOT}/sim/include", *(f"-I{COMPONENT / folder}" for folder in
                                          ("include", "api", "core", "port", "port/esp_idf", "port/unwind")),
               str(COMPONENT / "port/esp_idf/ht_hooks.c")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    expect("sections", result.returncode == 0, result.stderr[:400])


with tempfile.TemporaryDirectory() as temporary:
    try_wraps(temporary)
    try_hooks(temporary)
    try_refused(temporary)
    try_errors(temporary)
try_sections()
print("\n".join(wrong))
print(f"combinations: {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
