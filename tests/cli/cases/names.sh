# Names out of a program's own file: functions, inlined ones, lines, variables from the source, the library.
world self
"$HEAPTRAIL" report self.ht --leaks --json | jq -c '.leaks.rows[] | [.live_bytes, .function, (.file | split("/") | last), .variable,
    .variable_derived, .library, (.symbols | map(sub("[(].*/"; "(")))]'
for by in function library; do "$HEAPTRAIL" report self.ht --leaks --by $by; done
echo "by an inlined function, by a caller, by a file, by none:"
for choice in --function=calls_inlined --function=traced_run --file=traced.c --function=nobody; do
    "$HEAPTRAIL" report self.ht --leaks --json "$choice" | jq -c '[.leaks.rows[].live_bytes]'
done
"$HEAPTRAIL" report self.ht --leaks --width 40 --frames 3
"$HEAPTRAIL" report self.ht --leaks --no-symbols --json | jq -c '[.leaks.rows[] | .function, .symbols]'
echo "the sources are elsewhere:"
"$HEAPTRAIL" report self.ht --leaks --json --source "$SOURCE/tests=/nowhere" | jq -c '[.leaks.rows[] | .variable]'
echo "without an ELF file, by the map alone; a wrong ELF file; what is no map:"
world bare
cat >app.map <<'END'
Linker script and memory map

.flash.text     0x0000000042000000     0xffff
 .text.http_accept
                0x0000000042001100      0x180 esp-idf/net/libnet.a(http_server.c.obj)
 .text.allocate
                0x0000000042001280      0x170 esp-idf/camera/libcamera.a(frame.cpp.obj)
END
try report bare.ht --leaks --by component --map app.map
cp "$MAKER" other.elf
try report bare.ht --leaks --by component --elf other.elf | sed 's/has [0-9a-f]*/has .../'
echo nothing >no.map
try report bare.ht --loss --map no.map
echo "the ROM's ELF file, alone, twice, with what is none:"
rom() { # NAME FUNCTION: of 0x170 bytes at 0x42001280
    printf '.globl %s\n.type %s, @function\n.skip 0x280\n%s: .skip 0x170, 0x90\n.size %s, . - %s\n' "$2" "$2" "$2" "$2" "$2" >rom.s
    cc -x assembler -nostdlib -static -no-pie -Wl,--build-id=none,-Ttext=0x42001000,-e,0 rom.s -o "$1"
}
rom first.elf first_in_rom
rom second.elf second_in_rom
for files in "--rom-elf first.elf" "--rom-elf second.elf --rom-elf first.elf" "--rom-elf no.map"; do
    try report bare.ht --leaks --top 1 $files
done
