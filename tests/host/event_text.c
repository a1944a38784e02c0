/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "event_text.h"

#include <inttypes.h>

#include "ht_format.h"

static void put_text(FILE *out, const char *name, ht_text_t text)
{
    fprintf(out, " %s=\"", name);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if (c < 0x20 || c == 0x7F || c == '"' || c == '\\') {
            fprintf(out, "\\x%02x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

/* Fields in the order of the record. */
static void put_numbers(FILE *out, const void *from, size_t bytes)
{
    const uint64_t *number = from;
    for (size_t i = 0; i < bytes / sizeof(*number); i++) {
        fprintf(out, " %" PRIu64, number[i]);
    }
}

static void put_counters(FILE *out, const ht_counters_t *c)
{
    fprintf(out,
            " live=%" PRIu64 " live_bytes=%" PRIu64 " blocks=%" PRIu64 " bytes=%" PRIu64
            " freed=%" PRIu64 " failures=%" PRIu64,
            c->live_blocks, c->live_bytes, c->total_blocks, c->total_bytes, c->freed_blocks,
            c->failures);
}

static void put_origin(FILE *out, const ht_event_t *e)
{
    fprintf(out, " index=%u method=%u caps=%#x site=%u frames=", e->origin.index, e->origin.method,
            e->origin.caps, e->origin.site);
    for (uint32_t i = 0; i < e->origin.depth; i++) {
        fprintf(out, "%s%#" PRIx64, i == 0 ? "" : ",", e->origin.frames[i]);
    }
}

static void put_hello(FILE *out, const ht_event_t *e)
{
    for (size_t i = 0; i < e->hello.count; i++) {
        const ht_hello_pair_t *pair = &e->hello.pair[i];
        fprintf(out, " %u", pair->key);
        if (pair->key == HT_HELLO_OBJECT) {
            fprintf(out, "=%#" PRIx64 "-%#" PRIx64 "%+" PRId64, pair->object.start,
                    pair->object.end, pair->object.bias);
            put_text(out, "build", pair->object.build_id);
            put_text(out, "path", pair->object.path);
        } else if (pair->key % 2 == 0) {
            fprintf(out, "=%" PRIu64, pair->number);
        } else {
            put_text(out, "", pair->text);
        }
    }
}

static void put_error(FILE *out, const ht_event_t *e)
{
    fprintf(out,
            " number=%u kind=%u found=%u repeats=%u address=%#" PRIx64 " place=%u block=%#" PRIx64
            " size=%" PRIu64 " origins=%u,%u,%u tasks=%u,%u damaged=%" PRIu64 "%+" PRId64,
            e->error.number, e->error.kind, e->error.found, e->error.repeats, e->error.address,
            e->error.place, e->error.block, e->error.block_size, e->error.block_origin,
            e->error.free_origin, e->error.caller_origin, e->error.block_task, e->error.free_task,
            e->error.damaged_bytes, e->error.damage_offset);
    put_text(out, "report", e->error.report);
}

static void put_site(FILE *out, const ht_event_t *e)
{
    fprintf(out, " index=%u address=%#" PRIx64 " line=%u method=%u", e->site.index, e->site.address,
            e->site.line, e->site.method);
    put_text(out, "file", e->site.file);
    put_text(out, "function", e->site.function);
    put_text(out, "variable", e->site.variable);
}

static void put_block(FILE *out, const ht_event_t *e)
{
    fprintf(out,
            " address=%#" PRIx64 " size=%" PRIu64 " origin=%u task=%u heap=%u age=%" PRIu64
            " core=%u%s%s",
            e->block.address, e->block.size, e->block.origin, e->block.task, e->block.heap,
            e->block.age_us, e->block.core, e->block.pool ? " pool" : "",
            e->block.unrecorded ? " unrecorded" : "");
}

static void put_fields(FILE *out, const ht_event_t *e)
{
    switch (e->kind) {
    case HT_EVENT_ALLOC:
        fprintf(out, " address=%#" PRIx64 " size=%" PRIu64 " origin=%u%s", e->alloc.address,
                e->alloc.size, e->alloc.origin, e->alloc.unrecorded ? " unrecorded" : "");
        break;
    case HT_EVENT_FREE:
        fprintf(out, " address=%#" PRIx64 "%s", e->free.address,
                e->free.by_realloc ? " realloc" : "");
        break;
    case HT_EVENT_POOL_BLOCK:
        fprintf(out, " %s address=%#" PRIx64 " size=%" PRIu64 " origin=%u heap=%u",
                e->pool.freed ? "freed" : "made", e->pool.address, e->pool.size, e->pool.origin,
                e->pool.heap);
        break;
    case HT_EVENT_HELLO:
        put_hello(out, e);
        break;
    case HT_EVENT_ORIGIN:
        put_origin(out, e);
        break;
    case HT_EVENT_SITE:
        put_site(out, e);
        break;
    case HT_EVENT_TASK:
        fprintf(out, " index=%u type=%u handle=%#" PRIx64, e->task_defined.index,
                e->task_defined.type, e->task_defined.handle);
        put_text(out, "name", e->task_defined.name);
        break;
    case HT_EVENT_TASK_GONE:
        fprintf(out, " index=%u", e->task_gone);
        break;
    case HT_EVENT_HEAP:
        fprintf(out, " index=%u start=%#" PRIx64 " bytes=%" PRIu64 " caps=%#x%s", e->heap.index,
                e->heap.start, e->heap.bytes, e->heap.caps, e->heap.pool ? " pool" : "");
        put_text(out, "name", e->heap.name);
        break;
    case HT_EVENT_HEAP_SAMPLE:
        fprintf(out, " heap=%u free=%" PRIu64 " largest=%" PRIu64 " least=%" PRId64, e->sample.heap,
                e->sample.free_bytes, e->sample.largest_bytes, (int64_t)e->sample.min_free_bytes);
        break;
    case HT_EVENT_MARK:
        fprintf(out, " number=%u", e->mark.number);
        put_text(out, "name", e->mark.name);
        put_counters(out, &e->mark.counters);
        break;
    case HT_EVENT_FAILURE:
        fprintf(out,
                " number=%u size=%" PRIu64 " alignment=%" PRIu64 " caps=%#x origin=%u%s"
                " free=%" PRIu64 " largest=%" PRIu64,
                e->failure.number, e->failure.size, e->failure.alignment, e->failure.caps,
                e->failure.origin, e->failure.measured ? " measured" : "", e->failure.free_bytes,
                e->failure.largest_bytes);
        break;
    case HT_EVENT_ERROR:
        put_error(out, e);
        break;
    case HT_EVENT_LOSS:
        fprintf(out, " cause=%u count=%" PRIu64 " on=%u", e->loss.cause, e->loss.count,
                e->loss.core);
        break;
    case HT_EVENT_SNAPSHOT:
    case HT_EVENT_SNAPSHOT_END:
        fprintf(out, " number=%u blocks=%" PRIu64 "%s", e->snapshot.number, e->snapshot.blocks,
                e->snapshot.complete ? " complete" : "");
        break;
    case HT_EVENT_SNAPSHOT_BLOCK:
    case HT_EVENT_PUT_BACK:
        put_block(out, e);
        break;
    case HT_EVENT_RELABEL:
        fprintf(out, " address=%#" PRIx64 " origin=%u", e->relabel.address, e->relabel.origin);
        break;
    case HT_EVENT_COUNTERS:
        put_counters(out, &e->counters);
        break;
    case HT_EVENT_SEARCH:
        put_numbers(out, e->search, sizeof(*e->search));
        break;
    case HT_EVENT_SUSPECT:
        put_numbers(out, e->suspect, sizeof(*e->suspect));
        break;
    case HT_EVENT_END:
        fprintf(out, " why=%u", e->end);
        break;
    default:
        break;
    }
}

void event_text(FILE *out, const ht_event_t *event)
{
    static const char *const names[HT_EVENT_KINDS] = {
        [HT_EVENT_BOOT] = "boot",
        [HT_EVENT_HELLO] = "hello",
        [HT_EVENT_ORIGIN] = "origin",
        [HT_EVENT_SITE] = "site",
        [HT_EVENT_TASK] = "task",
        [HT_EVENT_TASK_GONE] = "task-gone",
        [HT_EVENT_HEAP] = "heap",
        [HT_EVENT_ALLOC] = "alloc",
        [HT_EVENT_FREE] = "free",
        [HT_EVENT_POOL_BLOCK] = "pool-block",
        [HT_EVENT_RELABEL] = "relabel",
        [HT_EVENT_PUT_BACK] = "put-back",
        [HT_EVENT_HEAP_SAMPLE] = "heap-sample",
        [HT_EVENT_MARK] = "mark",
        [HT_EVENT_FAILURE] = "failure",
        [HT_EVENT_ERROR] = "error",
        [HT_EVENT_LOSS] = "loss",
        [HT_EVENT_SNAPSHOT] = "snapshot",
        [HT_EVENT_SNAPSHOT_BLOCK] = "snapshot-block",
        [HT_EVENT_SNAPSHOT_END] = "snapshot-end",
        [HT_EVENT_COUNTERS] = "counters",
        [HT_EVENT_SEARCH] = "search",
        [HT_EVENT_SUSPECT] = "suspect",
        [HT_EVENT_END] = "end",
    };
    fprintf(out, "%" PRIu64 " %04x/%u task=%u core=%u%s %s", event->time_us, event->boot,
            event->pointer_bytes * 8U, event->task, event->core,
            event->before_reset ? " before-reset" : "", names[event->kind]);
    put_fields(out, event);
    fputc('\n', out);
}
