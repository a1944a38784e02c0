#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""check_map finds each fault by name, in firmwares of a few functions laid out as a chip's.

test_check_map.py riscv64-unknown-elf-gcc
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
CHECK = os.path.join(HERE, "check_map")
COMPONENT = os.path.join(HERE, "../../components/heaptrail")
GCC = "riscv64-unknown-elf-gcc"
BASE = ["heap_caps_malloc_base", "heap_caps_calloc_base", "heap_caps_realloc_base",
        "heap_caps_aligned_alloc_base", "heap_caps_free"]

LAYOUT = """
ENTRY(app_main)
rom_memset = 0x40000100;
SECTIONS {
  .iram0.text 0x40380000 : { *(.iram1*) }
  .dram0.data 0x3fc90000 : { *(.dram1*) *(.data*) *(.sdata*) *(.bss*) *(.sbss*) }
  .flash.text 0x42000000 : { *(.text*) }
  .flash.rodata 0x3c010000 : { *(.rodata*) *(.srodata*) }
}
"""
COMMON = """
typedef unsigned size_t; typedef unsigned uint32_t;
#define IRAM __attribute__((section(".iram1"), noinline))
#define IRAM_(n) __attribute__((section(".iram1." #n), noinline))
"""
# ESP-IDF's: realloc frees and calloc allocates inside this object file.
HEAP = COMMON + """
static char s_memory[64];
IRAM_(1) void *heap_caps_malloc_base(size_t size, uint32_t caps)
{ return s_memory[size] == (char)caps ? 0 : s_memory; }
IRAM_(2) void heap_caps_free(void *p) { *(char *)p = 0; }
IRAM_(3) void *heap_caps_calloc_base(size_t n, size_t size, uint32_t caps)
{ char *p = heap_caps_malloc_base(n * size, caps); if (p) { *p = 0; } return p; }
IRAM_(4) void *heap_caps_realloc_base(void *p, size_t size, uint32_t caps)
{ void *q = heap_caps_malloc_base(size, caps); heap_caps_free(p); return q; }
IRAM_(5) void *heap_caps_aligned_alloc_base(size_t a, size_t size, uint32_t caps)
{ return heap_caps_malloc_base(a + size, caps); }
"""
# heaptrail's, in a few lines. HOT and CONSTANT are what the faults change.
WRAPS = COMMON + """
void *__real_heap_caps_malloc_base(size_t, uint32_t); void __real_heap_caps_free(void *);
void *__wrap_heap_caps_malloc_base(size_t, uint32_t); void __wrap_heap_caps_free(void *);
void *__real_heap_caps_calloc_base(size_t, size_t, uint32_t);
void *__real_heap_caps_realloc_base(void *, size_t, uint32_t);
void *__real_heap_caps_aligned_alloc_base(size_t, size_t, uint32_t);
extern void rom_memset(void *, int, size_t);
void ht_tell(void *);
unsigned ht_count;
CONSTANT const volatile unsigned ht_limit = 7;
void (*const ht_port_raw_heap[])(void *)
    __attribute__((section(".dram1.heap"))) = { __real_heap_caps_free };
HOT void ht_hot_make(void *p) { if (++ht_count > ht_limit) { ht_tell(p); } }
IRAM_(11) void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{ void *p = __real_heap_caps_malloc_base(size, caps); ht_hot_make(p); return p; }
IRAM_(12) void __wrap_heap_caps_free(void *p) { ht_hot_make(p); ht_port_raw_heap[0](p); }
IRAM_(13) void *__wrap_heap_caps_calloc_base(size_t n, size_t size, uint32_t caps)
{ void *p = CALLOC; rom_memset(p, 0, n * size); ht_hot_make(p); return p; }
IRAM_(14) void *__wrap_heap_caps_realloc_base(void *o, size_t size, uint32_t caps)
{ if (!size) { __wrap_heap_caps_free(o); return 0; }
  void *p = __real_heap_caps_realloc_base(o, size, caps); ht_hot_make(p); return p; }
IRAM_(15) void *__wrap_heap_caps_aligned_alloc_base(size_t a, size_t size, uint32_t caps)
{ void *p = __real_heap_caps_aligned_alloc_base(a, size, caps); ht_hot_make(p); return p; }
"""
TELL = COMMON + """
IRAM_(20) void ht_tell(void *p) { *(int *)p = 1; }
"""
# What a failed allocation does. ESP-IDF calls on_failed() through its slot.
FAILED = COMMON + """
extern unsigned ht_count;
__attribute__((noinline)) unsigned ht_port_in_isr(void) { return ht_count & 1; }
__attribute__((noinline)) void ht_explain_failure(void) { ht_count += 2; }
NOTE void ht_tracker_fail(unsigned size) { ht_count += size; }
IRAM_(22) void ht_on_fail(unsigned size)
{ ht_tracker_fail(size); if (!ht_port_in_isr()) { ht_explain_failure(); } }
SLOT static void on_failed(unsigned size) { ht_on_fail(size); }
void (*volatile heap_slot)(unsigned) = on_failed;
"""
APP = COMMON + """
void *heap_caps_malloc_base(size_t, uint32_t);
void *heap_caps_calloc_base(size_t, size_t, uint32_t);
void *heap_caps_realloc_base(void *, size_t, uint32_t); void heap_caps_free(void *);
void *heap_caps_aligned_alloc_base(size_t, size_t, uint32_t);
void *__real_heap_caps_malloc_base(size_t, uint32_t); void __real_heap_caps_free(void *);
extern void (*volatile heap_slot)(unsigned);
EXTRA
int app_main(void)
{
    heap_slot(1);
    void *p = heap_caps_malloc_base(1, 1);
    p = heap_caps_realloc_base(p, 2, 1);
    heap_caps_free(p);
    heap_caps_free(heap_caps_calloc_base(1, 1, 1));
    heap_caps_free(heap_caps_aligned_alloc_base(8, 8, 1));
    CALL
    return 0;
}
"""
TRACE = COMMON + """
void *__real_heap_caps_malloc_base(size_t, uint32_t);
IRAM_(30) void *trace_malloc(size_t size, uint32_t caps)
{ return __real_heap_caps_malloc_base(size, caps); }
IRAM_(31) void *__wrap_heap_caps_malloc_base(size_t size, uint32_t caps)
{ return trace_malloc(size, caps); }
"""


class Firmware:
    """A firmware with the faults that are asked for."""

    def __init__(self, folder, hot="IRAM_(10)", constant='__attribute__((section(".dram1.limit")))',
                 calloc="__real_heap_caps_malloc_base(n * size, caps)", extra="", call="",
                 wraps=tuple(BASE), trace=False, heap=HEAP, link=(), note="IRAM_(21)",
                 slot="IRAM_(23)"):
        self.folder = folder
        self.elf, self.map = os.path.join(folder, "fw.elf"), os.path.join(folder, "fw.map")
        sources = {"heap_caps_base.c": heap, "ht_tell.c": TELL,
                   "ht_wrap_failed.c": FAILED.replace("NOTE", note).replace("SLOT", slot),
                   "ht_wrap_base.c": WRAPS.replace("HOT void", hot + " void", 1)
                   .replace("CONSTANT", constant).replace("CALLOC", calloc),
                   "app.c": APP.replace("EXTRA", extra).replace("CALL\n", call + "\n")}
        if trace:  # before ours, as a library that comes first
            sources = {"heap_trace_standalone.c": TRACE, **sources}
        objects = [self.compile(name, text) for name, text in sources.items()]
        script = self.write("layout.ld", LAYOUT)
        flags = [f"-Wl,--wrap={name}" for name in wraps]
        self.run(["-nostdlib", "-static", *objects, "-Wl,--gc-sections", "-Wl,--cref", "-T", script,
                  f"-Wl,-Map={self.map}", "-o", self.elf, *flags, *link])

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def compile(self, name, text):
        path = self.write(name, text)
        self.run(["-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections", "-c", path,
                  "-fno-optimize-sibling-calls", "-o", path + ".obj"])
        return path + ".obj"

    def run(self, arguments):
        subprocess.run([GCC, "-march=rv32imac", "-mabi=ilp32", *arguments], check=True,
                       capture_output=True)


def check(*arguments):
    done = subprocess.run([sys.executable, CHECK, *arguments], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class CheckMap(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def firmware(self, **faults):
        return Firmware(self.folder.name, **faults)

    def finds(self, files, kind, *words):
        """Exit status 1, and exactly one kind of fault, whose text has these words."""
        status, out, error = check("--json", *files)
        self.assertEqual((status, error), (1, ""), out)
        defects = json.loads(out)["defects"]
        self.assertEqual({d["kind"] for d in defects}, {kind}, out)
        for word in words:
            self.assertTrue(any(word in d["text"] for d in defects), (word, out))
        self.assertTrue(all(d["change"] for d in defects))

    def test_good(self):
        fw = self.firmware()
        for files in ((fw.elf,), (fw.map,), (fw.elf, fw.map), (fw.map, fw.elf)):
            status, out, error = check("--json", *files)
            self.assertEqual((status, error), (0, ""), out)
            report = json.loads(out)
            self.assertEqual([r["name"] for r in report["functions"]], BASE)
            self.assertTrue(all(r["wrapped"] and r["through"] > 0 and r["past"] == 0
                                for r in report["functions"]), out)
        status, out, _ = check(fw.elf)
        self.assertEqual(status, 0)
        self.assertIn("proven: wrapped, once, out of flash", out)
        # five wraps, the hot function, ht_tell, three for a failure, and four of ESP-IDF's: ours
        # calls malloc for calloc
        self.assertRegex(out, r"per allocation: 14 functions in RAM \(\d+ bytes of heaptrail's\), "
                              r"1 in ROM, 0 in flash")

    def test_missing_wrap(self):
        for name in BASE:
            fw = self.firmware(wraps=[n for n in BASE if n != name],
                               link=[f"-Wl,--defsym=__real_{n}=0x40380000" for n in (name,)])
            self.finds((fw.elf,), "missing wrap", name, "app_main")

    def test_no_wrap_at_all(self):
        fw = self.firmware(wraps=(), link=["-Wl,--defsym=__real_" + n + "=0x40380000"
                                           for n in BASE])
        self.finds((fw.elf,), "missing wrap", "none of the base functions")
        self.finds((fw.map,), "missing wrap", "none of the base functions")

    def test_called_directly(self):
        fw = self.firmware(extra="void *blob(void) { return __real_heap_caps_malloc_base(3, 1); }",
                           call="blob();")
        self.finds((fw.elf,), "past the wrap", "blob calls heap_caps_malloc_base", )
        self.finds((fw.map,), "past the wrap", "app.c.obj", "heap_caps_malloc_base")

    def test_called_through_a_table(self):
        fw = self.firmware(extra="void (*volatile frees[1])(void *) = { __real_heap_caps_free };",
                           call="frees[0](p);")
        self.finds((fw.elf,), "past the wrap", "frees holds the address of heap_caps_free")

    def test_function_in_flash(self):
        fw = self.firmware(hot="__attribute__((noinline))")
        self.finds((fw.elf,), "in flash", "ht_hot_make is in flash", " > ht_hot_make")
        self.assertEqual(check("--allow", "ht_hot_make", fw.elf)[0], 0)
        self.assertEqual(check(fw.map)[0], 0)  # not seen in a map, and it says so:
        self.assertIn("give the ELF file too", check(fw.map)[1])

    def test_failure_in_flash(self):
        fw = self.firmware(note="__attribute__((noinline))")
        self.finds((fw.elf,), "in flash", "ht_tracker_fail is in flash", "on_fail > ht_tracker_fail")
        fw = self.firmware(slot="__attribute__((noinline))")
        self.finds((fw.elf,), "in flash", "on_failed is in flash")

    def test_measuring_elsewhere_in_flash(self):
        """What a failure may call in flash, others may not."""
        fw = self.firmware(hot="extern unsigned ht_port_in_isr(void); IRAM_(10)")
        self.assertEqual(check(fw.elf)[0], 0)
        good = WRAPS
        try:
            globals()["WRAPS"] = good.replace("{ ht_tell(p); }", "{ ht_port_in_isr(); }")
            fw = self.firmware(hot="extern unsigned ht_port_in_isr(void); IRAM_(10)")
        finally:
            globals()["WRAPS"] = good
        self.finds((fw.elf,), "in flash", "ht_port_in_isr is in flash", "ht_hot_make > ht_port_in_isr")

    def test_wrap_in_flash(self):
        good = WRAPS
        try:
            globals()["WRAPS"] = good.replace("IRAM_(15)", "")
            fw = self.firmware()
        finally:
            globals()["WRAPS"] = good
        self.finds((fw.elf,), "in flash", "__wrap_heap_caps_aligned_alloc_base is in flash")

    def test_constant_in_flash(self):
        fw = self.firmware(constant='__attribute__((section(".rodata.limit")))')
        self.finds((fw.elf,), "in flash", "ht_hot_make reads ht_limit")

    def test_heap_in_flash(self):
        fw = self.firmware(heap=re.sub(r"IRAM_\(\d\)", "", HEAP))
        status, out, _ = check(fw.elf)
        self.assertEqual(status, 0, out)
        self.assertIn("ESP-IDF's heap itself is in flash", out)

    def test_recorded_twice(self):
        fw = self.firmware(calloc="__wrap_heap_caps_malloc_base(n * size, caps)")
        self.finds((fw.elf,), "duplicate", "__wrap_heap_caps_calloc_base calls "
                   "__wrap_heap_caps_malloc_base")

    def test_heap_split_otherwise(self):
        fw = self.firmware(heap=HEAP.replace(
            "{ void *q = heap_caps_malloc_base", "{ extern void *__wrap_heap_caps_malloc_base"
            "(size_t, uint32_t); void *q = __wrap_heap_caps_malloc_base"))
        self.finds((fw.elf,), "duplicate", "heap_caps_realloc_base calls "
                   "__wrap_heap_caps_malloc_base")

    def test_heap_tracing(self):
        fw = self.firmware(trace=True, link=["-Wl,-z,muldefs"])
        status, out, _ = check("--json", fw.elf)
        defects = json.loads(out)["defects"]
        self.assertEqual(status, 1)
        self.assertTrue(any("heap tracing" in d["text"] and d["kind"] == "duplicate"
                            for d in defects), out)
        status, out, _ = check("--json", fw.map)
        self.assertEqual(status, 1)
        self.assertIn("heap_trace_standalone.c.obj, not by heaptrail", out)
        self.assertIn("Heap tracing to Disabled", out)

    def refused(self, words, *arguments):
        status, out, error = check(*arguments)
        self.assertEqual((status, out), (2, ""), error)
        self.assertIn(words, error)
        self.assertNotIn("Traceback", error)

    def test_bad_input(self):
        fw = self.firmware()
        self.refused("No such file", os.path.join(self.folder.name, "none.elf"))
        self.refused("neither an ELF file nor the map", fw.write("empty", ""))
        self.refused("neither an ELF file nor the map", os.path.join(self.folder.name, "app.c"))
        with open(fw.map, encoding="utf-8") as file:
            text = file.read()
        self.refused("--cref", fw.write("short.map", text[:text.index("Cross Reference Table")]))
        self.refused("at most an ELF file and its map", fw.elf, fw.map, fw.map)
        self.refused("the following arguments are required")
        self.refused("--prefix", "--prefix", "no-such-tool-", fw.elf)
        fw.run(["-nostdlib", "-T", os.path.join(self.folder.name, "layout.ld"), "-s",
                os.path.join(self.folder.name, "ht_tell.c.obj"), "-o", fw.elf])
        self.refused("no symbols", fw.elf)

    def test_cut_short(self):
        fw = self.firmware()
        with open(fw.elf, "rb") as file:
            whole = file.read()
        for length in (4, 16, 51, 52, 200, len(whole) // 2, len(whole) - 1):
            path = os.path.join(self.folder.name, "cut.elf")
            with open(path, "wb") as file:
                file.write(whole[:length])
            self.refused("cut.elf", path)

    def test_names_of_the_component(self):
        """What is judged hot or cold here is what the component wraps."""
        with open(os.path.join(COMPONENT, "CMakeLists.txt"), encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"#.*", "", text)
        wrapped = re.search(r"set\(wrap_base\n(.*?)\)", text, re.S).group(1).split()
        self.assertLessEqual(set(BASE), set(wrapped))
        with open(CHECK, encoding="utf-8") as file:
            checker = file.read()
        for name in wrapped:
            self.assertIn(name, checker)

    def test_names_of_functions(self):
        """What is allowed to call into flash exists: a renamed function would be refused in real firmware."""
        with open(CHECK, encoding="utf-8") as file:
            table = file.read().split("\nALLOWED = {")[1].split("}")[0]
        names = re.findall(r'"(\w+)":', table)
        self.assertIn("ht_wrong_free", names)
        sources = ""
        for folder, _, files in os.walk(COMPONENT):
            for name in files:
                if name.endswith((".c", ".h")):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        sources += file.read()
        for name in names:
            self.assertRegex(sources, rf"\b{name}\(", name)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        GCC = sys.argv.pop(1)
    unittest.main()
