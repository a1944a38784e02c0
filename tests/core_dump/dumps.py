# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""The images that fw_dump.c leaves behind, packed as dumps come: an ELF core, ESP-IDF's partition, the console's text."""
import base64
import hashlib
import struct
import zlib
from pathlib import Path


class Images:
    """What a firmware left in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        state, constants, self.pointer = (self.folder / "where").read_text().split()
        self.pointer = int(self.pointer)
        self.state = (int(state, 16), (self.folder / "state.bin").read_bytes())
        self.constants = (int(constants, 16), (self.folder / "constants.bin").read_bytes())

    def arguments(self):
        """Both as --image FILE@ADDRESS."""
        return ["--image", f"{self.folder / 'state.bin'}@{self.state[0]:x}",
                "--image", f"{self.folder / 'constants.bin'}@{self.constants[0]:x}"]


def note(name, kind, content):
    name = name.encode() + b"\0"
    pad = lambda data: data + b"\0" * (-len(data) % 4)
    return struct.pack("<III", len(name), len(content), kind) + pad(name) + pad(content)


def elf_core(segments, pointer, notes=b""):
    """An ELF core of 32 or 64 bits, as ESP-IDF writes it: notes first, then the memory."""
    wide = pointer == 8
    header_bytes, entry_bytes = (64, 56) if wide else (52, 32)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    machine = 62 if wide else 243
    count = len(segments) + 1
    header = ident + struct.pack("<HHI" + ("QQQ" if wide else "III") + "IHHHHHH", 4, machine, 1, 0, header_bytes,
                                 0, 0, header_bytes, entry_bytes, count, 0, 0, 0)
    at = header_bytes + count * entry_bytes
    entries, data = b"", b""
    for kind, address, content in [(4, 0, notes)] + [(1, a, c) for a, c in segments]:
        if wide:
            entries += struct.pack("<IIQQQQQQ", kind, 6, at, address, address, len(content), len(content), 4)
        else:
            entries += struct.pack("<IIIIIIII", kind, at, address, address, len(content), len(content), 6, 4)
        data += content
        at += len(content)
    return header + entries + data


def esp_core(segments, sha256=""):
    info = struct.pack("<I", 0x00050103) + sha256.encode()[:65].ljust(66, b"\0")
    return elf_core(segments, 4, note("ESP_CORE_DUMP_INFO", 8266, info))


def esp_partition(core, version=2):
    """The core dump partition: length, version, (tasks, size of a TCB, segments), chip revision; core; padding; sum.

    The sum is a CRC-32 in version 2, a SHA-256 in 3, and in 4, whose header is shorter (ESP-IDF 6)."""
    rest = struct.pack("<IIII", 0, 0, 0, 3) if version < 4 else struct.pack("<I", 3)
    padding = b"\0" * (-(8 + len(rest) + len(core)) % 32)
    length = 8 + len(rest) + len(core) + len(padding) + (4 if version == 2 else 32)
    data = struct.pack("<II", length, 0x00050100 | version) + rest + core + padding
    sum_of = struct.pack("<I", zlib.crc32(data)) if version == 2 else hashlib.sha256(data).digest()
    return data + sum_of + b"\xff" * 512


def esp_console(partition, length):
    """What the console shows: lines of 48 bytes in base64, each padded by itself."""
    lines = [b"I (4123) boot: ESP-IDF", b"Guru Meditation Error", b"================= CORE DUMP START ================="]
    lines += [base64.b64encode(partition[i:min(i + 48, length)]) for i in range(0, length, 48)]
    lines += [b"================= CORE DUMP END =================", b"Rebooting...", b""]
    return b"\r\n".join(lines)
