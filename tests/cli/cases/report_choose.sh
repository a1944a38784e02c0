# Which part of a trace, which blocks, summed up by what.
world node
for by in site stack function file component library task; do
    try report node.ht --leaks --by "$by" --frames 0
done
try report node.ht --leaks --frames 0 --task net
try report node.ht --leaks --frames 0 --function 'host_*'
try report node.ht --leaks --frames 0 --file net.c
try report node.ht --leaks --frames 0 --file components/
try report node.ht --leaks --frames 0 --site main.c:40
try report node.ht --leaks --frames 0 --site '#3'
try report node.ht --leaks --frames 0 --component camera --heap PSRAM --caps SPIRAM
try report node.ht --leaks --frames 0 --caps dma,internal
try report node.ht --leaks --failures --errors --task storage --frames 0
try report node.ht --leaks --sites --frames 0 --min-size 1k --max-size 2KiB
try report node.ht --leaks --frames 0 --since warm
try report node.ht --leaks --frames 0 --since 9m30s
try report node.ht --summary --at 30s
try report node.ht --summary --leaks --frames 0 --at mark:warm
try report node.ht --summary --leaks --frames 0 --between 'warm..#2'
try report node.ht --summary --failures --frames 0 --between 1m..7m
try report node.ht --summary --between 8m..
world boots
try report boots.ht --summary
try report boots.ht --summary --boot 1
try report boots.ht --summary --boot 2 --at 5s
