/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* trace_maker WORLD >FILE: a trace of a firmware that never was, always the same one.
 *
 *   node     ten minutes of a node: a leak, a growing site, a peak, a failure, an error, marks
 *   empty    hello and nothing else
 *   boots    three boots; the last one is short
 *   leaks    `node`, and the device looked for leaks: twice, the last time not everywhere
 *   missing  the same, but two suspects were lost on the way
 *   lossy    a mark whose counters do not fit, losses of three kinds, a snapshot
 *   bare     stacks without sites: addresses only
 *   fixed    `node` without its leak: what a fix looks like
 *   long     three weeks of it, 3.8 million events
 *   huge     sizes beyond any machine
 *   renamed  a task with two names, one after the other, and a failure under each
 *   self     the process of this program: addresses in its own file, which has names for them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_format.h"
#include "ht_writer.h"
#include "traced.h"

#define S UINT64_C(1000000)
#define TEXT(s) ((ht_text_t){(s), sizeof(s) - 1U})

enum { MAIN, NET, STORE, ISR };                    /* tasks */
enum { BOOT = 1, RX, FRAME, HOST, TOPIC, UPLOAD }; /* origins, and sites of the same number */
enum { CAPS_8BIT = 4, CAPS_DMA = 8, CAPS_SPIRAM = 1024, CAPS_INTERNAL = 2048 };

typedef struct {
    ht_writer_t *writer;
    uint64_t now;
    uint32_t task;
    ht_counters_t counters;
    uint64_t size_of[4096]; /* by block number */
    bool leaks, sites;
    uint64_t missing; /* suspects */
} world_t;

static void write_wire(void *context, const uint8_t *wire, size_t length)
{
    if (fwrite(wire, 1, length, context) != length) { exit(1); }
}

static void tell(world_t *w, ht_event_t event)
{
    event.time_us = w->now;
    event.task = w->task;
    event.pointer_bytes = 4;
    if (!ht_writer_event(w->writer, &event)) { exit(1); }
}

/* --- blocks: number n is at 0x3fc90000 + n * 4096, or in PSRAM ---------------------------------
 */

static uint64_t address_of(uint32_t origin, unsigned block)
{
    return (origin == FRAME ? 0x3c000000U : 0x3fc90000U) + (uint64_t)block * 0x1000U;
}

static void make(world_t *w, uint32_t task, uint32_t origin, unsigned block, uint64_t size)
{
    w->task = task;
    w->size_of[block] = size;
    w->counters.live_blocks++, w->counters.total_blocks++;
    w->counters.live_bytes += size, w->counters.total_bytes += size;
    tell(w, (ht_event_t){.kind = HT_EVENT_ALLOC,
                         .alloc = {address_of(origin, block), size, origin, false}});
}

static void end(world_t *w, uint32_t task, uint32_t origin, unsigned block)
{
    w->task = task;
    w->counters.live_blocks--, w->counters.freed_blocks++;
    w->counters.live_bytes -= w->size_of[block];
    tell(w, (ht_event_t){.kind = HT_EVENT_FREE, .free = {address_of(origin, block), false}});
}

static void mark(world_t *w, uint32_t number, ht_text_t name)
{
    tell(w, (ht_event_t){.kind = HT_EVENT_MARK, .mark = {number, name, w->counters}});
}

static void measure(world_t *w, uint32_t heap, uint64_t free_bytes, uint64_t largest)
{
    tell(w, (ht_event_t){.kind = HT_EVENT_HEAP_SAMPLE,
                         .sample = {heap, free_bytes, largest, UINT64_MAX}});
}

/* --- definitions --------------------------------------------------------------------------------
 */

static void hello(world_t *w)
{
    static const uint8_t sha[32] = {0xc3, 0x01, 0x9f, 0x2a, 0x11, 0x22, 0x33, 0x44};
    const ht_hello_pair_t pairs[] = {
        {.key = HT_HELLO_CHIP, .text = TEXT("esp32s3")},
        {.key = HT_HELLO_IDF_VERSION, .text = TEXT("v5.5.1")},
        {.key = HT_HELLO_APP_NAME, .text = TEXT("node")},
        {.key = HT_HELLO_APP_VERSION, .text = TEXT("1.4.0")},
        {.key = HT_HELLO_ELF_SHA256, .text = {(const char *)sha, sizeof(sha)}},
        {.key = HT_HELLO_HEAPTRAIL_VERSION, .text = TEXT("0.1.0")},
        {.key = HT_HELLO_TICK_HZ, .number = 100},
        {.key = HT_HELLO_GENERATION, .number = 1},
        {.key = HT_HELLO_CORES, .number = 2},
        {.key = HT_HELLO_STACK_DEPTH, .number = 8},
        {.key = HT_HELLO_MAX_BLOCKS, .number = 2000},
        {.key = HT_HELLO_RING_BYTES, .number = 8192},
        {.key = HT_HELLO_RESET_REASON, .number = 1},
    };
    tell(w,
         (ht_event_t){.kind = HT_EVENT_HELLO, .hello = {pairs, sizeof(pairs) / sizeof(pairs[0])}});
}

static void site(world_t *w, uint32_t index, uint32_t method, uint32_t line, const char *file,
                 const char *function, const char *variable)
{
    if (!w->sites) { return; }
    tell(w, (ht_event_t){.kind = HT_EVENT_SITE,
                         .site = {index,
                                  line,
                                  method,
                                  0x3c020000U + index * 16U,
                                  {file, strlen(file)},
                                  {function, strlen(function)},
                                  {variable, strlen(variable)}}});
}

static void origin(world_t *w, uint32_t index, uint32_t method, uint32_t caps)
{
    const uint64_t frames[] = {0x42001000U + index * 0x100U, 0x42005678U, 0x4200beefU};
    tell(w, (ht_event_t){.kind = HT_EVENT_ORIGIN,
                         .origin = {index, method, caps, w->sites ? index : 0, 3, frames}});
}

static void task(world_t *w, uint32_t index, uint32_t type, ht_text_t name)
{
    tell(w, (ht_event_t){.kind = HT_EVENT_TASK,
                         .task_defined = {index, type, 0x3fc8a000U + index * 0x100U, name}});
}

static void definitions(world_t *w)
{
    hello(w);
    task(w, MAIN, HT_TRACE_TASK, TEXT("main"));
    task(w, NET, HT_TRACE_TASK, TEXT("net"));
    task(w, STORE, HT_TRACE_TASK, TEXT("storage"));
    task(w, ISR, HT_TRACE_TASK_ISR, TEXT(""));
    tell(w, (ht_event_t){.kind = HT_EVENT_HEAP,
                         .heap = {1, CAPS_8BIT | CAPS_DMA | CAPS_INTERNAL, false, 0x3fc90000U,
                                  0x400000U, TEXT("DRAM")}});
    tell(w, (ht_event_t){.kind = HT_EVENT_HEAP,
                         .heap = {2, CAPS_8BIT | CAPS_SPIRAM, false, 0x3c000000U, 0x800000U,
                                  TEXT("PSRAM")}});
    site(w, BOOT, 1, 40, "main/main.c", "app_main", "config");
    site(w, RX, 1, 214, "components/net/http_server.c", "http_accept", "conn->rx");
    site(w, FRAME, 11, 39, "components/camera/frame.cpp", "Frame::allocate", "");
    site(w, HOST, 2, 115, "components/net/net.c", "host_resolve", "host");
    site(w, TOPIC, 7, 68, "main/telemetry.c", "publish_sample", "topic");
    site(w, UPLOAD, 11, 94, "main/storage.c", "upload_snapshot", "dma_buffer");
    origin(w, BOOT, 1, 0x1000);
    origin(w, RX, 1, 0x1000);
    origin(w, FRAME, 11, CAPS_8BIT | CAPS_SPIRAM);
    origin(w, HOST, 2, 0x1000);
    origin(w, TOPIC, 7, 0x1000);
    origin(w, UPLOAD, 11, CAPS_DMA | CAPS_INTERNAL);
}

/* --- worlds -------------------------------------------------------------------------------------
 */

/* A second of it: a request that comes and goes, a name that stays, now and then a topic. */
static void second(world_t *w, unsigned at)
{
    make(w, NET, RX, 10, 2048);
    w->now += 2500;
    end(w, NET, RX, 10);
    w->now += 100;
    if (w->leaks) { make(w, NET, HOST, 100 + at, 56); }
    if (at % 120 == 60) { make(w, MAIN, TOPIC, 20, 40); }
    if (at % 120 == 75) { end(w, MAIN, TOPIC, 20); }
    if (at % 60 == 30) { make(w, NET, RX, 11, 4096); }
    if (at % 60 == 40) { end(w, STORE, RX, 11); }
    if (at % 60 == 0) {
        measure(w, 1, 300000U - w->counters.live_bytes / 2U, 120000U - 180U * at);
        measure(w, 2, 0x800000U - 0x25800U, 0x700000U);
    }
}

static void fail_upload(world_t *w)
{
    w->task = STORE;
    w->counters.failures++;
    tell(w, (ht_event_t){
                .kind = HT_EVENT_FAILURE,
                .failure = {1, CAPS_DMA | CAPS_INTERNAL, UPLOAD, true, 49152, 4, 262144, 30720}});
}

static void overflow(world_t *w)
{
    w->task = NET;
    tell(w, (ht_event_t){.kind = HT_EVENT_ERROR,
                         .error = {.number = 1,
                                   .kind = 1,
                                   .found = 0,
                                   .place = 1,
                                   .address = 0x3fc9a800U,
                                   .block = 0x3fc9a000U,
                                   .block_size = 2048,
                                   .damaged_bytes = 4,
                                   .damage_offset = 2048,
                                   .block_origin = RX,
                                   .block_task = NET,
                                   .caller_origin = RX,
                                   .report = TEXT(
                                       "ERROR: heap buffer overflow: 4 bytes behind a block of "
                                       "2,048 bytes (conn->rx) were written\n  found in free()")}});
}

static void node(world_t *w)
{
    definitions(w);
    make(w, MAIN, BOOT, 0, 1536);
    make(w, MAIN, FRAME, 1, 153600);
    make(w, MAIN, FRAME, 2, 153600);
    for (unsigned at = 0; at < 600; at++) {
        w->now = S + at * S;
        if (at == 30) { mark(w, 1, TEXT("warm")); }
        if (at == 200) { end(w, MAIN, FRAME, 2); }
        if (at == 420) { fail_upload(w); }
        if (at == 500) { overflow(w); }
        second(w, at);
    }
    w->now = 601 * S;
    mark(w, 2, TEXT("end"));
    tell(w, (ht_event_t){.kind = HT_EVENT_END, .end = HT_END_STOPPED});
}

static ht_search_t found(uint64_t number, uint64_t suspects)
{
    return (ht_search_t){.number = number,
                         .suspects = suspects,
                         .evidence = 15,
                         .passes = 2,
                         .words = 123456,
                         .took_us = 140000,
                         .reachable_blocks = 200,
                         .reachable_bytes = 160000,
                         .possible_blocks = 1,
                         .possible_bytes = 1536,
                         .indirect_blocks = 7,
                         .indirect_bytes = 280,
                         .lost_blocks = 43,
                         .lost_bytes = 4408,
                         .young_blocks = 3,
                         .sure_sites = {0, 1, 0, 2},
                         .suppressed_sites = 1,
                         .growth_steps = 12,
                         .growth_span_us = 500 * S,
                         .growth_per_hour = 200000,
                         .caps = CAPS_8BIT | CAPS_INTERNAL,
                         .free_bytes = 262144,
                         .bytes_per_hour = 210000,
                         .left_us = 4494 * S};
}

static void tell_suspect(world_t *w, const ht_suspect_t *suspect)
{
    tell(w, (ht_event_t){.kind = HT_EVENT_SUSPECT, .suspect = suspect});
}

/* The leak, a block that is freed a moment later (so it was not lost), and one with pointers into
 * it. */
static void search_at_500(world_t *w)
{
    const ht_search_t search = found(1, 3 + w->missing);
    const ht_suspect_t host = {1,
                               0,
                               HOST,
                               3,
                               3,
                               501,
                               28056,
                               {42, 2352, 7, 280, 0, 0, 0, 0},
                               {3, 201000, 12, 990, 800 * S, 56, 28056},
                               {0},
                               {0}};
    const ht_suspect_t topic = {1, 1, TOPIC, 3, 1, 1, 40, {1, 40, 0, 0, 0, 0, 0, 0}, {0}, {0}, {0}};
    const ht_suspect_t boot = {
        1, 2, BOOT, 2, 5, 1, 1536, {0, 0, 0, 0, 1, 1536, 0, 0}, {0}, {1, 1536, STORE, 1}, {0}};
    tell(w, (ht_event_t){.kind = HT_EVENT_SEARCH, .search = &search});
    tell_suspect(w, &host);
    tell_suspect(w, &topic);
    tell_suspect(w, &boot);
}

/* Of one task only: it does not replace the other one. */
static void search_at_550(world_t *w)
{
    ht_search_t search = found(2, 1);
    search.task = STORE;
    const ht_suspect_t boot = {2, 0, BOOT, 1, 4, 1, 1536, {0}, {0}, {1, 1536, STORE, 1}, {0}};
    tell(w, (ht_event_t){.kind = HT_EVENT_SEARCH, .search = &search});
    tell_suspect(w, &boot);
}

/* The topic has lived for 22 minutes of 15 seconds each before; a frame stays when its task ends.
 */
static void leaks(world_t *w)
{
    definitions(w);
    make(w, MAIN, BOOT, 0, 1536);
    make(w, STORE, FRAME, 1, 153600);
    for (unsigned at = 0; at < 20; at++) {
        w->now += S;
        make(w, MAIN, UPLOAD, 30, 1000);
        w->now += 20000;
        end(w, MAIN, UPLOAD, 30);
    }
    make(w, MAIN, UPLOAD, 30, 1000);
    for (unsigned at = 0; at < 600; at++) {
        w->now = 40 * S + at * S;
        if (at == 30) { mark(w, 1, TEXT("warm")); }
        second(w, at);
        if (at == 540) { search_at_500(w); }
        if (at == 550) { search_at_550(w); }
        if (at == 400) { tell(w, (ht_event_t){.kind = HT_EVENT_TASK_GONE, .task_gone = STORE}); }
    }
    w->now = 641 * S;
    tell(w, (ht_event_t){.kind = HT_EVENT_END, .end = HT_END_STOPPED});
}

/* Some of what was found did not come through. */
static void missing(world_t *w)
{
    w->missing = 2;
    leaks(w);
}

static void empty(world_t *w)
{
    definitions(w);
}

static void boots(world_t *w)
{
    for (uint32_t boot = 1; boot <= 3; boot++) {
        w->now = 1000;
        memset(&w->counters, 0, sizeof(w->counters));
        tell(w, (ht_event_t){.kind = HT_EVENT_BOOT, .boot = 0x1200U + boot});
        definitions(w);
        for (unsigned at = 0; at < 40U / boot; at++) {
            w->now = S + at * S;
            second(w, at);
        }
    }
}

static void lose(world_t *w, uint32_t cause, uint64_t count)
{
    tell(w, (ht_event_t){.kind = HT_EVENT_LOSS, .loss = {cause, 0, count}});
}

static void lossy(world_t *w)
{
    definitions(w);
    make(w, MAIN, BOOT, 0, 1536);
    mark(w, 1, TEXT("whole"));
    w->counters.live_bytes += 8;
    mark(w, 2, TEXT("off by 8"));
    w->counters.live_bytes -= 8;
    for (unsigned at = 0; at < 20; at++) {
        w->now = S + at * S;
        second(w, at);
    }
    lose(w, HT_LOSS_RING_FULL, 12);
    lose(w, HT_LOSS_TABLE_FULL, 3);
    lose(w, HT_LOSS_FILTERED, 5);
    tell(w, (ht_event_t){.kind = HT_EVENT_SNAPSHOT, .snapshot = {1, 2, false}});
    tell(w, (ht_event_t){.kind = HT_EVENT_SNAPSHOT_BLOCK,
                         .block = {.address = address_of(BOOT, 0),
                                   .size = 1536,
                                   .age_us = 20 * S,
                                   .origin = BOOT,
                                   .task = MAIN,
                                   .heap = 1}});
    tell(w, (ht_event_t){.kind = HT_EVENT_SNAPSHOT_BLOCK,
                         .block = {.address = address_of(RX, 12),
                                   .size = 512,
                                   .age_us = S / 2U,
                                   .origin = RX,
                                   .task = NET,
                                   .heap = 1}});
    tell(w, (ht_event_t){.kind = HT_EVENT_SNAPSHOT_END, .snapshot = {1, 2, true}});
    w->now += S;
    tell(w, (ht_event_t){.kind = HT_EVENT_FREE, .free = {0x3fcfff00U, false}});
}

static void bare(world_t *w)
{
    w->sites = false;
    node(w);
}

/* What traced.c allocates, as a Linux program does: 64-bit, from its own addresses. */
static void traced_world(world_t *w)
{
    traced_object_t object = traced_object();
    const ht_hello_pair_t pairs[] = {
        {.key = HT_HELLO_PROGRAM, .text = TEXT("trace_maker")},
        {.key = HT_HELLO_GENERATION, .number = 1},
        {.key = HT_HELLO_OBJECT,
         .object = {.start = object.start,
                    .end = object.end,
                    .bias = (int64_t)object.bias,
                    .path = {object.path, strlen(object.path)}}},
    };
    tell(w, (ht_event_t){.kind = HT_EVENT_HELLO, .hello = {pairs, 3}});
    task(w, MAIN, HT_TRACE_TASK, TEXT("main"));
    uint32_t count = traced_run();
    for (uint32_t i = 1; i <= count; i++) {
        const traced_call_t *call = traced_call(i - 1U);
        tell(w, (ht_event_t){.kind = HT_EVENT_ORIGIN,
                             .origin = {i, call->method, 0, 0, 2, call->frames}});
        make(w, MAIN, i, i, call->size);
    }
}

static void fixed(world_t *w)
{
    w->leaks = false;
    node(w);
}

static void huge(world_t *w)
{
    definitions(w);
    make(w, MAIN, BOOT, 1, UINT64_C(1) << 46);
    for (unsigned at = 1; at < 40; at++) {
        w->now = at * S;
        make(w, NET, RX, at + 1U, at % 2U != 0 ? 1 : UINT64_MAX);
        if (at % 3U == 0) { end(w, NET, RX, at + 1U); }
    }
}

/* The handle is that of its definition: task() gives the same to the same index. */
static void renamed(world_t *w)
{
    definitions(w);
    fail_upload(w);
    make(w, STORE, UPLOAD, 1, 100);
    w->now += S;
    task(w, STORE, HT_TRACE_TASK, TEXT("uploader"));
    fail_upload(w);
    make(w, STORE, UPLOAD, 2, 200);
}

static void longer(world_t *w)
{
    definitions(w);
    make(w, MAIN, BOOT, 0, 1536);
    w->leaks = false;
    for (unsigned at = 0; at < 1800000; at++) {
        w->now = S + at * S;
        if (at == 900000) { mark(w, 1, TEXT("half")); }
        second(w, at);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(world_t *);
    } worlds[] = {{"node", node},       {"empty", empty}, {"boots", boots},
                  {"lossy", lossy},     {"bare", bare},   {"fixed", fixed},
                  {"long", longer},     {"huge", huge},   {"self", traced_world},
                  {"renamed", renamed}, {"leaks", leaks}, {"missing", missing}};
    static world_t world = {.now = 1000, .leaks = true, .sites = true};
    ht_writer_config_t config = {.boot = 0x1234, .sink = write_wire, .context = stdout};
    if (argc == 2 && strcmp(argv[1], "self") == 0) { config.flags = HT_FRAME_POINTER_64; }
    for (size_t i = 0; argc == 2 && i < sizeof(worlds) / sizeof(worlds[0]); i++) {
        if (strcmp(argv[1], worlds[i].name) != 0) { continue; }
        world.writer = ht_writer_new(&config);
        if (world.writer == NULL) { return 1; }
        worlds[i].make(&world);
        ht_writer_flush(world.writer);
        ht_writer_free(world.writer);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    fprintf(stderr, "usage: trace_maker WORLD\n");
    return 2;
}
