#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""package.py WRAPS: the manifests agree with each other and with what is there.

WRAPS: the names that the host build wraps, separated by commas (CMakeLists.txt at the top).
"""
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMPONENT = ROOT / "components" / "heaptrail"
ELSEWHERE = ("examples", "test_apps", "include", "presets", "port/posix", "port/esp_idf_linux")
wrong = []


def expect(condition, text):
    if not condition:
        wrong.append(text)


def read(name):
    return (COMPONENT / name).read_text()


def entries(text, key):
    """The items of a YAML list."""
    found = re.search(rf"^{key}:\n((?:  - .*\n)+)", text, re.M)
    return re.findall(r"- (?:path: \./)?(\S+)", found.group(1)) if found else []


def source_folders():
    folders = {str(path.parent.relative_to(COMPONENT)) for path in COMPONENT.rglob("*.c")}
    return {folder for folder in folders if not folder.startswith(ELSEWHERE)}


def try_versions(manifest):
    versions = {"idf_component.yml": re.search(r'^version: "(.*)"', manifest, re.M).group(1),
                "sbom.yml": re.search(r"^version: '(.*)'", read("sbom.yml"), re.M).group(1),
                "library.json": json.loads(read("library.json"))["version"],
                "library.properties": re.search(r"^version=(.*)", read("library.properties"), re.M).group(1),
                "CHANGELOG.md": re.search(r"^## (\d\S*)", read("CHANGELOG.md"), re.M).group(1)}
    expect(len(set(versions.values())) == 1, f"versions differ: {versions}")


def try_manifest(manifest):
    for key in ("description", "url", "repository", "documentation", "issues", "license", "maintainers", "tags", "files"):
        expect(re.search(rf"^{key}:", manifest, re.M), f"idf_component.yml: no {key}")
    expect('idf: ">=5.3"' in manifest, "idf_component.yml: the ESP-IDF version")
    targets = entries(manifest, "targets")
    expect({"linux", "esp32", "esp32s3", "esp32c3", "esp32p4"} <= set(targets), f"idf_component.yml: targets {targets}")
    there = {f"examples/{path.parent.name}" for path in COMPONENT.glob("examples/*/CMakeLists.txt")}
    expect(set(entries(manifest, "examples")) == there, f"idf_component.yml: the examples are {sorted(there)}")
    for example in there:
        expect((COMPONENT / example / "README.md").exists(), f"{example}: no README.md")


# The stand-in has a time and no ticks that happen: tests/esp/test_tick.c and bench/rv32 have ht_wrap_tick.c.
TICKS = {"xTaskIncrementTick", "xTaskCatchUpTicks", "vTaskStepTick"}


def try_wraps(host):
    options = subprocess.run([sys.executable, COMPONENT / "heaptrail_pio.py"], capture_output=True, text=True, check=True)
    chips = set(re.findall(r"--wrap=(\w+)", options.stdout))
    host = {re.sub(r"^(_Z\w*?)m", r"\1j", name) if name.startswith("_Z") else name for name in host}
    expect(TICKS <= chips, f"wrapped names: no {sorted(TICKS - chips)}")
    chips -= TICKS
    expect(chips == host, f"wrapped names: only chips {sorted(chips - host)}, only the host build {sorted(host - chips)}")


def try_platformio():
    build = json.loads(read("library.json"))["build"]
    listed = {item[2:-2] for item in build["srcFilter"] if item.startswith("+<")}
    expect(listed == source_folders(), f"library.json: srcFilter has {sorted(listed)}, there are {sorted(source_folders())}")
    for flag in build["flags"]:
        expect((COMPONENT / flag[2:]).is_dir(), f"library.json: {flag}")
    expect((COMPONENT / build["extraScript"]).exists(), "library.json: extraScript")
    expect(build["libArchive"] is False, "library.json: __wrap_ names would stay in the archive")
    includes = [str(COMPONENT / flag[2:]) for flag in build["flags"]]
    sources = [path for folder in listed for path in (COMPONENT / folder).glob("*.c")]
    compile_all("library.json", sources, includes)


def compile_all(what, sources, includes):
    command = ["gcc", "-fsyntax-only", "-std=gnu17", "-Wall", "-Wextra", "-Wundef", "-Werror", "-DARDUINO=10819"]
    command += [f"-I{path}" for path in includes]
    command += [f"-I{ROOT}/sim/include", f"-I{ROOT}/sim/include_sim"]

    def one(source):
        result = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
        return None if result.returncode == 0 else f"{what}: {source.name}\n{result.stderr[:600]}"

    with ThreadPoolExecutor(2) as pool:
        wrong.extend(text for text in pool.map(one, sources) if text)
    expect(len(sources) > 60, f"{what}: only {len(sources)} sources")


def try_arduino():
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "heaptrail"
        result = subprocess.run([ROOT / "scripts/arduino.sh", to], capture_output=True, text=True, check=False)
        expect(result.returncode == 0, f"arduino.sh: {result.stdout}{result.stderr}")
        expect("--wrap=heap_caps_malloc_base" in (to / "platform.local.txt").read_text(), "arduino.sh: no linker flags")
        compile_all("arduino", sorted((to / "src").glob("*.c")), [to / "src"])


def main():
    manifest = read("idf_component.yml")
    try_versions(manifest)
    try_manifest(manifest)
    try_wraps(sys.argv[1].split(","))
    try_platformio()
    try_arduino()
    print("\n".join(wrong))
    print(f"package: {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
