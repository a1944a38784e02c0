/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * SPEC.md 5.3: a frame's records, above all allocations and frees, which come by the million.
 *
 * Those are read without a look at the end: behind the body stand zeroes (HT_BODY_SLACK), each of
 * which ends a number, so a record that is cut reads into them and no further, and is found out
 * when it is done. A number of more than 64 bits moves the place to read from beyond the end, and
 * is found out the same way.
 */
#include <endian.h>
#include <string.h>

#include "ht_decode_internal.h"
#include "ht_reader.h"

typedef struct {
    uint64_t key; /* origin + 1; 0: nobody's */
    uint64_t size;
} ht_size_slot_t;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t last;      /* address */
    uint64_t mask;      /* of an address */
    uint32_t unit_bits; /* an address counts in 1 << unit_bits bytes */
    uint64_t odd;       /* what the next address has beyond a multiple of the unit */
    bool unrecorded;    /* the next allocation is */
    uint32_t origins;
    uint32_t origin[1 + HT_RECENT_ORIGINS]; /* from [1] on, latest first; [0]: see to_the_head() */
    /* The recent blocks, latest last: block[first] to block[top - 1]. Grows to the right, as many
     * as a frame may have, so that an allocation moves nothing. */
    uint32_t first, top;
    ht_size_slot_t slot[HT_SIZE_SLOTS];
    uint64_t block[HT_FRAME_MAX + HT_RECENT_BLOCKS]; /* what is behind the last is moved, too */
} ht_records_t;

static const char s_cut[] = "a record goes beyond the end of its frame";

/* Nine or ten bytes. */
static uint64_t longest_varint(ht_records_t *records)
{
    const uint8_t *at = records->at;
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 7U * HT_VARINT_MAX; shift += 7U) {
        uint64_t byte = *at++;
        if (shift == 63U && byte > 1U) { break; }
        value |= (byte & 0x7FU) << shift;
        if (byte < 0x80U) {
            records->at = at;
            return value;
        }
    }
    records->at = records->end + 1;
    return 0;
}

/* Of any length, up to eight bytes without a branch: the bits of eight bytes at once, in pairs, in
 * pairs of pairs, together. */
static inline uint64_t any_varint(ht_records_t *records)
{
    uint64_t word;
    memcpy(&word, records->at, sizeof(word));
    word = le64toh(word);
    uint64_t ends = ~word & UINT64_C(0x8080808080808080);
    if (ends == 0) { return longest_varint(records); }
    records->at += (unsigned)__builtin_ctzll(ends) / 8U + 1U;
    word &= ends ^ (ends - 1U); /* up to the first end */
    word = (word & UINT64_C(0x007F007F007F007F)) | (word & UINT64_C(0x7F007F007F007F00)) >> 1;
    word = (word & UINT64_C(0x00003FFF00003FFF)) | (word & UINT64_C(0x3FFF00003FFF0000)) >> 2;
    return (word & UINT64_C(0x0FFFFFFF)) | (word & UINT64_C(0x0FFFFFFF00000000)) >> 4;
}

/* One that is short, mostly. */
static inline uint64_t varint(ht_records_t *records)
{
    const uint8_t *at = records->at;
    uint64_t value = at[0];
    if (value < 0x80U) {
        records->at = at + 1;
        return value;
    }
    if (at[1] < 0x80U) {
        records->at = at + 2;
        return (value & 0x7FU) | (uint64_t)at[1] << 7;
    }
    return any_varint(records);
}

static inline uint64_t next_address(ht_records_t *records)
{
    uint64_t distance = (uint64_t)ht_unzigzag(any_varint(records));
    records->last = (records->last + (distance << records->unit_bits)) & records->mask;
    return records->last;
}

/* Four of the recent origins at once. */
typedef uint32_t origins4_t __attribute__((vector_size(16)));

static inline origins4_t load4(const uint32_t *from)
{
    origins4_t four;
    memcpy(&four, from, sizeof(four));
    return four;
}

/* Those of the numbers `first` to `first` + 3, after the one of number `place` went to the head. */
static inline origins4_t moved4(const uint32_t *list, uint32_t first, uint32_t place)
{
    const origins4_t number = (origins4_t){0, 1, 2, 3} + first;
    origins4_t moves = (origins4_t)(number <= (origins4_t){} + place);
    return (load4(list + first) & moves) | (load4(list + first + 1) & ~moves);
}

/*
 * The origin of that number goes to the head, and those before it move by one. All are written,
 * each as what it was or as the one before it: how many move is as good as random, and a loop would
 * be guessed wrongly each time.
 */
static inline void to_the_head(ht_records_t *records, uint32_t origin, uint32_t place)
{
    uint32_t *list = records->origin;
    list[0] = origin; /* the one before the first */
    origins4_t low = moved4(list, 0, place), high = moved4(list, 3, place);
    memcpy(list + 1, &low, sizeof(low));
    memcpy(list + 4, &high, sizeof(high));
}

/* An index that followed: it may be among the recent ones, or is a new one. */
static inline void new_origin(ht_records_t *records, uint32_t origin)
{
    uint32_t place = HT_RECENT_ORIGINS;
    for (uint32_t i = HT_RECENT_ORIGINS; i > 0; i--) {
        place = records->origin[i] == origin ? i - 1U : place;
    }
    if (place >= records->origins) {
        place = records->origins;
        if (place < HT_RECENT_ORIGINS) { records->origins++; }
        if (place == HT_RECENT_ORIGINS) { place--; }
    }
    to_the_head(records, origin, place);
}

static inline void push_block(ht_records_t *records, uint64_t address)
{
    if (records->top - records->first == HT_RECENT_BLOCKS) { records->first++; }
    records->block[records->top++] = address;
}

/* As many move as may be behind it: how many are is as good as random, and guessed wrongly. */
static inline void take_out(ht_records_t *records, uint32_t place)
{
    uint64_t *const block = &records->block[place];
    records->top--;
    memmove(block, block + 1, (HT_RECENT_BLOCKS - 1U) * sizeof(*block));
}

/* A block that was freed by its address: the latest of the recent ones that has it. */
static inline void forget_block(ht_records_t *records, uint64_t address)
{
    for (uint32_t place = records->top; place > records->first; place--) {
        if (records->block[place - 1] == address) {
            take_out(records, place - 1);
            return;
        }
    }
}

static inline uint64_t take_dt(ht_records_t *records, uint32_t tag)
{
    uint32_t dt = tag >> HT_TAG_DT_SHIFT & HT_TAG_DT_MASK;
    return dt == HT_TAG_DT_FOLLOWS ? varint(records) : dt;
}

/* The origin that a tag names. Returns what is wrong with it, NULL: nothing. */
static inline const char *take_origin(ht_records_t *records, uint32_t tag, uint64_t *origin)
{
    uint32_t place = tag & HT_TAG_ORIGIN_MASK;
    if (place == HT_TAG_ORIGIN_FOLLOWS) {
        *origin = varint(records);
        if (*origin > UINT32_MAX) { return "the index of an origin has more than 32 bits"; }
        new_origin(records, (uint32_t)*origin);
        return NULL;
    }
    if (place >= records->origins) { return "an origin among the recent ones that is not there"; }
    *origin = records->origin[1 + place];
    to_the_head(records, (uint32_t)*origin, place);
    return NULL;
}

/* One more; what only one kind has is not set. */
static inline ht_brief_t *next_brief(ht_decoder_t *decoder, ht_event_kind_t kind)
{
    uint64_t after = decoder->event.time_us - decoder->brief_since_us;
    if (decoder->brief_count == HT_BRIEFS_MAX || after > UINT32_MAX) { ht_decoder_flush(decoder); }
    if (decoder->brief_count == 0) {
        decoder->brief_since_us = decoder->event.time_us;
        after = 0;
    }
    ht_brief_t *brief = &decoder->brief[decoder->brief_count++];
    brief->after_us = (uint32_t)after;
    brief->task = decoder->event.task;
    brief->kind = (uint8_t)kind;
    brief->core = decoder->event.core;
    return brief;
}

static const char *decode_alloc(ht_decoder_t *decoder, ht_records_t *records, uint8_t tag)
{
    decoder->event.time_us += take_dt(records, tag);
    uint64_t origin;
    const char *wrong = take_origin(records, tag, &origin);
    if (wrong != NULL) { return wrong; }
    ht_size_slot_t *slot = &records->slot[origin % HT_SIZE_SLOTS];
    if ((tag & HT_TAG_SAME_SIZE) == 0) {
        *slot = (ht_size_slot_t){origin + 1U, varint(records)};
    } else if (slot->key != origin + 1U) {
        return "the same size as an allocation that is not there";
    }
    uint64_t address = next_address(records);
    if (records->at > records->end) { return s_cut; }
    if (records->odd == 0) { push_block(records, address); }
    ht_brief_t *brief = next_brief(decoder, HT_EVENT_ALLOC);
    brief->address = address + records->odd;
    brief->size = slot->size;
    brief->origin = (uint32_t)origin;
    brief->unrecorded = records->unrecorded;
    records->odd = 0;
    records->unrecorded = false;
    return NULL;
}

static const char *decode_free(ht_decoder_t *decoder, ht_records_t *records, uint32_t tag,
                               bool by_realloc)
{
    decoder->event.time_us += take_dt(records, tag);
    uint32_t number = tag & HT_TAG_BLOCK_MASK;
    uint64_t address;
    if (number == HT_TAG_BLOCK_FOLLOWS) {
        address = next_address(records);
        if (records->at > records->end) { return s_cut; }
        if (records->odd == 0) { forget_block(records, address); }
    } else if (number < records->top - records->first) {
        uint32_t place = records->top - 1U - number;
        if (records->at > records->end) { return s_cut; }
        address = records->last = records->block[place];
        take_out(records, place);
    } else {
        return "a block among the recent ones that is not there";
    }
    ht_brief_t *brief = next_brief(decoder, HT_EVENT_FREE);
    brief->address = address + records->odd;
    brief->by_realloc = by_realloc;
    records->odd = 0;
    return NULL;
}

static const char *decode_context(ht_decoder_t *decoder, ht_records_t *records)
{
    uint64_t value = varint(records);
    if (value >> 1 > UINT32_MAX) { return "the index of a task has more than 32 bits"; }
    decoder->event.task = (uint32_t)(value >> 1);
    decoder->event.core = value & 1U;
    return NULL;
}

/* What stands between allocations and says something of the next one. */
static const char *decode_small(ht_decoder_t *decoder, ht_records_t *records, uint8_t tag)
{
    switch (tag) {
    case HT_TAG_CONTEXT:
        return decode_context(decoder, records);
    case HT_TAG_REALLOC_FREE:
        return decode_free(decoder, records,
                           HT_TAG_DT_FOLLOWS << HT_TAG_DT_SHIFT | HT_TAG_BLOCK_FOLLOWS, true);
    case HT_TAG_UNRECORDED:
        records->unrecorded = true;
        return NULL;
    case HT_TAG_ODD:
        records->odd = varint(records);
        if (records->odd >> records->unit_bits != 0) { return "more beyond a unit than a unit"; }
        return NULL;
    default:
        return "a record that is not defined";
    }
}

/* A record with a length. What is wrong in it harms nothing behind it. */
static const char *decode_with_length(ht_decoder_t *decoder, ht_records_t *records, uint8_t tag)
{
    uint64_t length = varint(records);
    if (records->at > records->end || length > (uint64_t)(records->end - records->at)) {
        return s_cut;
    }
    size_t at = (size_t)(records->at - decoder->body);
    const char *wrong = ht_record_decode(decoder, tag, at, at + length);
    if (wrong != NULL) { ht_frame_complain(decoder, at, length, wrong); }
    records->at += length;
    return NULL;
}

static inline const char *decode_one(ht_decoder_t *decoder, ht_records_t *records)
{
    uint8_t tag = *records->at++;
    if (tag >= HT_TAG_FREE) { return decode_free(decoder, records, tag, false); }
    if (tag >= HT_TAG_ALLOC) { return decode_alloc(decoder, records, tag); }
    if (tag >= HT_TAG_WITH_LENGTH) { return decode_with_length(decoder, records, tag); }
    return decode_small(decoder, records, tag);
}

static void begin(ht_records_t *records, const ht_decoder_t *decoder, size_t at)
{
    const uint8_t flags = decoder->body[3];
    records->at = decoder->body + at;
    records->end = decoder->body + decoder->body_length;
    records->last = 0;
    records->mask = (flags & HT_FRAME_POINTER_64) != 0 ? UINT64_MAX : UINT32_MAX;
    records->unit_bits = (flags & HT_FRAME_UNIT_16) != 0 ? 4 : 2;
    records->odd = 0;
    records->unrecorded = false;
    records->origins = 0;
    memset(records->origin, 0, sizeof(records->origin));
    records->first = 0;
    records->top = 0;
    memset(records->slot, 0, sizeof(records->slot));
}

void ht_records_decode(ht_decoder_t *decoder, size_t at)
{
    ht_records_t records;
    begin(&records, decoder, at);
    while (records.at < records.end) {
        const uint8_t *const tag = records.at;
        const char *wrong = decode_one(decoder, &records);
        if (wrong == NULL && records.at > records.end) { wrong = s_cut; }
        if (wrong != NULL) {
            ht_frame_complain(decoder, (size_t)(tag - decoder->body), (size_t)(records.end - tag),
                              wrong);
            return;
        }
    }
    ht_decoder_flush(decoder);
}
