# Core dumps that tests/core_dump/tiny.py makes by SPEC.md alone: in each of their forms, and what cannot be used.
cp "$SOURCE"/tests/fuzz/corpus/core/{elf32,elf64,partition,console,raw} .
try core elf32
try core --quiet --report sites elf64
try core --whois 0x3fc91102 partition
try core --whois 0x10 partition
try core --report freed --rows 1 --json console
try core --report list --sort age --min-size 100 elf32
try core --image raw
try core --image raw@3fc80000 elf32 --report status
head -c 3000 elf32 >cut
try core cut --report status
try core
try core absent
try core --report nothing elf32
