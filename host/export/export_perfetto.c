/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Perfetto's trace: counters of live memory over time (all of it, each heap, the sites that held
 * most), what was measured of the heaps, and as events on the tasks' tracks marks, failed
 * allocations, memory errors and losses. Of a counter only some thousand values are told: the last
 * one of each step in time, and the peak.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ht_export.h"
#include "perfetto.pb-c.h"

typedef Heaptrail__Perfetto__TracePacket packet_pb_t;
typedef Heaptrail__Perfetto__TrackDescriptor track_pb_t;
typedef Heaptrail__Perfetto__TrackEvent event_pb_t;
typedef Heaptrail__Perfetto__DebugAnnotation annotation_pb_t;

#define POINTS 4000U    /* of a counter, about */
#define SITES_SHOWN 20U /* that have a counter of their own */

/* Numbers of tracks: any will do that differ. */
enum { UUID_PROCESS = 1, UUID_BYTES, UUID_BLOCKS, UUID_HEAPS = 100, UUID_TASKS = 10000 };
#define UUID_SITES UINT64_C(1000000)
enum { HEAP_LIVE, HEAP_FREE, HEAP_LARGEST, HEAP_TRACKS };

typedef struct {
    uint64_t uuid;
    uint64_t value, time_us;
    bool changed; /* since it was told */
} counter_t;

typedef struct {
    ht_export_t export;
    counter_t bytes, blocks;
    counter_t *heap;  /* by row */
    counter_t **site; /* by origin; NULL: not shown */
    counter_t shown[SITES_SHOWN];
    size_t shown_count;
    uint64_t step_us, told_us; /* between two values; when the last were told */
    uint8_t *buffer;
    size_t buffer_bytes;
    bool failed; /* no memory */
} writer_t;

/* --- packets ---------------------------------------------------------------------------------- */

/* A packet is field 1 of the trace: a tag, its length, its bytes. */
static void write_packet(writer_t *writer, packet_pb_t *packet)
{
    size_t size = heaptrail__perfetto__trace_packet__get_packed_size(packet);
    if (size > writer->buffer_bytes) {
        uint8_t *larger = realloc(writer->buffer, size * 2);
        writer->failed = writer->failed || larger == NULL;
        if (larger == NULL) { return; }
        writer->buffer = larger;
        writer->buffer_bytes = size * 2;
    }
    (void)heaptrail__perfetto__trace_packet__pack(packet, writer->buffer);
    (void)fputc(1 << 3 | 2, writer->export.file);
    for (size_t rest = size;; rest >>= 7) {
        (void)fputc((int)(rest & 0x7fU) | (rest > 0x7fU ? 0x80 : 0), writer->export.file);
        if (rest <= 0x7fU) { break; }
    }
    (void)fwrite(writer->buffer, 1, size, writer->export.file);
}

static void write_track(writer_t *writer, track_pb_t *track)
{
    packet_pb_t packet = HEAPTRAIL__PERFETTO__TRACE_PACKET__INIT;
    track->has_uuid = true;
    packet.track_descriptor = track;
    write_packet(writer, &packet);
}

static void write_event(writer_t *writer, event_pb_t *event, uint64_t time_us)
{
    packet_pb_t packet = HEAPTRAIL__PERFETTO__TRACE_PACKET__INIT;
    packet.has_timestamp = true;
    packet.timestamp = time_us * 1000U;
    packet.has_trusted_packet_sequence_id = true;
    packet.trusted_packet_sequence_id = 1;
    event->has_type = true;
    event->has_track_uuid = true;
    packet.track_event = event;
    write_packet(writer, &packet);
}

static void write_value(writer_t *writer, uint64_t uuid, uint64_t value, uint64_t time_us)
{
    event_pb_t event = HEAPTRAIL__PERFETTO__TRACK_EVENT__INIT;
    event.type = HEAPTRAIL__PERFETTO__TRACK_EVENT__TYPE__TYPE_COUNTER;
    event.track_uuid = uuid;
    event.has_counter_value = true;
    event.counter_value = (int64_t)value;
    write_event(writer, &event, time_us);
}

/* --- tracks ----------------------------------------------------------------------------------- */

static char *writable(const char *text)
{
    return (char *)(uintptr_t)text; /* protobuf-c takes no constants, and changes none */
}

static void counter_track(writer_t *writer, uint64_t uuid, const char *name, bool bytes)
{
    Heaptrail__Perfetto__CounterDescriptor counter = HEAPTRAIL__PERFETTO__COUNTER_DESCRIPTOR__INIT;
    track_pb_t track = HEAPTRAIL__PERFETTO__TRACK_DESCRIPTOR__INIT;
    counter.has_unit = true;
    counter.unit = bytes ? HEAPTRAIL__PERFETTO__COUNTER_DESCRIPTOR__UNIT__UNIT_SIZE_BYTES
                         : HEAPTRAIL__PERFETTO__COUNTER_DESCRIPTOR__UNIT__UNIT_COUNT;
    track.uuid = uuid;
    track.has_parent_uuid = true;
    track.parent_uuid = UUID_PROCESS;
    track.name = writable(name);
    track.counter = &counter;
    write_track(writer, &track);
}

static int32_t pid_of(const writer_t *writer)
{
    uint64_t pid = writer->export.profile->view.hello->pid;
    return pid == 0 || pid > INT32_MAX ? 1 : (int32_t)pid; /* a firmware has none */
}

static void process_track(writer_t *writer)
{
    Heaptrail__Perfetto__ProcessDescriptor process = HEAPTRAIL__PERFETTO__PROCESS_DESCRIPTOR__INIT;
    track_pb_t track = HEAPTRAIL__PERFETTO__TRACK_DESCRIPTOR__INIT;
    process.has_pid = true;
    process.pid = pid_of(writer);
    process.process_name = writable(ht_profile_name(writer->export.profile));
    track.uuid = UUID_PROCESS;
    track.process = &process;
    write_track(writer, &track);
}

static void task_tracks(writer_t *writer)
{
    const ht_model_view_t *view = &writer->export.profile->view;
    for (uint32_t i = 0; i < view->tasks; i++) {
        Heaptrail__Perfetto__ThreadDescriptor thread = HEAPTRAIL__PERFETTO__THREAD_DESCRIPTOR__INIT;
        track_pb_t track = HEAPTRAIL__PERFETTO__TRACK_DESCRIPTOR__INIT;
        thread.has_pid = thread.has_tid = true;
        thread.pid = pid_of(writer);
        thread.tid = (int32_t)i + 2; /* the one that has the process's number is its main thread */
        thread.thread_name = writable(view->task[i].name);
        track.uuid = UUID_TASKS + i;
        track.has_parent_uuid = true;
        track.parent_uuid = UUID_PROCESS;
        track.thread = &thread;
        write_track(writer, &track);
    }
}

static uint64_t heap_uuid(uint32_t heap, unsigned track)
{
    return UUID_HEAPS + (uint64_t)heap * HEAP_TRACKS + track;
}

static void heap_tracks(writer_t *writer)
{
    static const char *const words[HEAP_TRACKS] = {"live", "free", "largest free block"};
    const ht_model_view_t *view = &writer->export.profile->view;
    for (uint32_t i = 0; i < view->heaps && i < UUID_TASKS / HEAP_TRACKS / 2; i++) {
        if (view->heap[i].peak_bytes == 0 && view->heap[i].samples == 0) { continue; }
        const char *name = view->heap[i].name[0] == '\0' ? "other memory" : view->heap[i].name;
        unsigned tracks = view->heap[i].samples == 0 ? 1 : HEAP_TRACKS;
        for (unsigned t = 0; t < tracks; t++) {
            char text[256];
            (void)snprintf(text, sizeof(text), "%.200s: %s", name, words[t]);
            counter_track(writer, heap_uuid(i, t), text, true);
        }
        writer->heap[i].uuid = heap_uuid(i, HEAP_LIVE);
    }
}

/* The sites with the highest peaks. */
static void site_tracks(writer_t *writer)
{
    const ht_profile_t *profile = writer->export.profile;
    while (writer->shown_count < SITES_SHOWN) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < profile->view.origins; i++) {
            if (writer->site[i] != NULL || profile->view.origin[i].peak_bytes == 0) { continue; }
            if (best == UINT32_MAX ||
                profile->view.origin[i].peak_bytes > profile->view.origin[best].peak_bytes) {
                best = i;
            }
        }
        if (best == UINT32_MAX) { return; }
        uint32_t frame[HT_PROFILE_DEPTH_MAX];
        char text[256];
        (void)ht_profile_frames(profile, best, frame);
        (void)snprintf(text, sizeof(text), "site %" PRIu32 ": %.200s",
                       profile->view.origin[best].index,
                       ht_profile_function(profile, frame[0])->name);
        writer->site[best] = &writer->shown[writer->shown_count++];
        writer->site[best]->uuid = UUID_SITES + best;
        counter_track(writer, UUID_SITES + best, text, true);
    }
}

/* --- counters --------------------------------------------------------------------------------- */

static void tell(writer_t *writer, counter_t *counter)
{
    if (!counter->changed || counter->uuid == 0) { return; }
    counter->changed = false;
    write_value(writer, counter->uuid, counter->value, counter->time_us);
}

static void tell_all(writer_t *writer)
{
    tell(writer, &writer->bytes);
    tell(writer, &writer->blocks);
    for (uint32_t i = 0; i < writer->export.profile->view.heaps; i++) {
        tell(writer, &writer->heap[i]);
    }
    for (size_t i = 0; i < writer->shown_count; i++) {
        tell(writer, &writer->shown[i]);
    }
}

static void change(counter_t *counter, uint64_t more, uint64_t time_us)
{
    if (counter == NULL) { return; }
    counter->value += more;
    counter->time_us = time_us;
    counter->changed = true;
}

static void step_perfetto(void *context, const ht_step_t *step)
{
    writer_t *writer = context;
    const ht_model_view_t *view = &writer->export.profile->view;
    const ht_flow_row_t *flow = &view->flow[step->flow];
    bool ends = step->kind == HT_STEP_FREED || step->kind == HT_STEP_VANISHED;
    uint64_t more = ends ? 0U - step->size : step->size;
    if (step->time_us >= writer->told_us + writer->step_us) {
        tell_all(writer);
        writer->told_us = step->time_us;
    }
    change(&writer->bytes, more, step->time_us);
    change(&writer->blocks, ends ? UINT64_MAX : 1, step->time_us);
    change(&writer->heap[flow->heap], more, step->time_us);
    change(writer->site[flow->origin], more, step->time_us);
    if (writer->bytes.value == view->peak_bytes) { tell(writer, &writer->bytes); }
}

/* --- events ----------------------------------------------------------------------------------- */

static void annotate(annotation_pb_t *annotation, const char *name, uint64_t value)
{
    heaptrail__perfetto__debug_annotation__init(annotation);
    annotation->name = writable(name);
    annotation->has_uint_value = true;
    annotation->uint_value = value;
}

/* An index has several rows, one after the other: the last one that had begun. */
static uint64_t task_uuid(const writer_t *writer, const ht_event_t *event)
{
    const ht_model_view_t *view = &writer->export.profile->view;
    uint64_t found = UUID_PROCESS;
    for (uint32_t i = 0; i < view->tasks; i++) {
        const ht_task_row_t *task = &view->task[i];
        bool first = found == UUID_PROCESS;
        if (task->index == event->task && task->defined &&
            (first || task->began_us <= event->time_us)) {
            found = UUID_TASKS + i;
        }
    }
    return found;
}

static void instant(writer_t *writer, const ht_event_t *from, uint64_t track, const char *name,
                    const char *first, uint64_t first_value, const char *second,
                    uint64_t second_value)
{
    event_pb_t event = HEAPTRAIL__PERFETTO__TRACK_EVENT__INIT;
    annotation_pb_t annotation[2];
    annotation_pb_t *annotations[2] = {&annotation[0], &annotation[1]};
    char category[] = "heap";
    char *categories[1] = {category};
    annotate(&annotation[0], first, first_value);
    annotate(&annotation[1], second, second_value);
    event.type = HEAPTRAIL__PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT;
    event.track_uuid = track;
    event.n_categories = 1;
    event.categories = categories;
    event.name = writable(name);
    event.n_debug_annotations = 2;
    event.debug_annotations = annotations;
    write_event(writer, &event, from->time_us);
}

static void tell_sample(writer_t *writer, const ht_event_t *event)
{
    const ht_model_view_t *view = &writer->export.profile->view;
    for (uint32_t i = 1; i < view->heaps; i++) {
        if (view->heap[i].index != event->sample.heap || !view->heap[i].defined) { continue; }
        write_value(writer, heap_uuid(i, HEAP_FREE), event->sample.free_bytes, event->time_us);
        write_value(writer, heap_uuid(i, HEAP_LARGEST), event->sample.largest_bytes,
                    event->time_us);
        return;
    }
}

static void tell_mark(writer_t *writer, const ht_event_t *event)
{
    char name[256];
    (void)snprintf(name, sizeof(name), "mark %" PRIu32 " %.*s", event->mark.number,
                   (int)(event->mark.name.length > 200 ? 200 : event->mark.name.length),
                   event->mark.name.length == 0 ? "" : event->mark.name.bytes);
    instant(writer, event, UUID_PROCESS, name, "live_bytes", event->mark.counters.live_bytes,
            "live_blocks", event->mark.counters.live_blocks);
}

static void event_perfetto(void *context, const ht_event_t *event)
{
    writer_t *writer = context;
    switch (event->kind) {
    case HT_EVENT_MARK:
        tell_mark(writer, event);
        break;
    case HT_EVENT_HEAP_SAMPLE:
        tell_sample(writer, event);
        break;
    case HT_EVENT_FAILURE:
        instant(writer, event, task_uuid(writer, event), "allocation failed", "size_bytes",
                event->failure.size, "largest_free_bytes", event->failure.largest_bytes);
        break;
    case HT_EVENT_ERROR:
        instant(writer, event, task_uuid(writer, event), "memory error", "address",
                event->error.address, "block", event->error.block);
        break;
    case HT_EVENT_LOSS:
        instant(writer, event, UUID_PROCESS, "loss", "cause", event->loss.cause, "count",
                event->loss.count);
        break;
    default:
        break;
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

static void free_writer(writer_t *writer)
{
    free(writer->heap);
    free(writer->site);
    free(writer->buffer);
    free(writer);
}

static void *open_perfetto(const ht_export_t *export)
{
    const ht_model_view_t *view = &export->profile->view;
    writer_t *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) { return NULL; }
    writer->export = *export;
    writer->heap = calloc(view->heaps, sizeof(*writer->heap));
    writer->site = calloc(view->origins, sizeof(counter_t *));
    if (writer->heap == NULL || writer->site == NULL) {
        free_writer(writer);
        return NULL;
    }
    writer->bytes.uuid = UUID_BYTES;
    writer->blocks.uuid = UUID_BLOCKS;
    writer->step_us = (view->last_us - view->window_us) / POINTS;
    process_track(writer);
    task_tracks(writer);
    counter_track(writer, UUID_BYTES, "live bytes", true);
    counter_track(writer, UUID_BLOCKS, "live blocks", false);
    heap_tracks(writer);
    site_tracks(writer);
    return writer;
}

static bool close_perfetto(void *context)
{
    writer_t *writer = context;
    tell_all(writer);
    bool good = !writer->failed;
    free_writer(writer);
    return good;
}

const ht_export_stream_t ht_export_perfetto = {open_perfetto, step_perfetto, event_perfetto,
                                               close_perfetto};
