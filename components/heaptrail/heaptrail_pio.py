# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""PlatformIO runs this for library.json: the names that the linker redirects.

They stand in CMakeLists.txt, and only there. Run by hand, this prints the options for other builds.
"""
import os
import re


def wrapped_names(folder):
    """The base functions, and those that firmware calls."""
    with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    names = []
    for name in ("wrap_base", "wrap_entries"):
        names += re.search(rf"set\({name}\s+([^)]*)\)", text).group(1).split()
    return names + ["heap_caps_get_containing_block_size"]  # where ESP-IDF has it, from 5.5 on


def link_options(folder):
    return [f"-Wl,--wrap={name}" for name in wrapped_names(folder)]


if __name__ == "__main__":
    print(" ".join(link_options(os.path.dirname(os.path.abspath(__file__)))))
else:
    Import("env")  # noqa: F821 (PlatformIO's)
    # The library's own environment does not reach the link of the program; the default one does.
    DefaultEnvironment().Append(LINKFLAGS=link_options(os.getcwd()))  # noqa: F821
