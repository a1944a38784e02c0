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
 *
 * And they are read without a branch on what is as good as random, each of which would be guessed
 * wrongly half of the time and cost as much as 50 instructions: a number that may be there is read
 * anyway, and taken or not (number_if()); lists move as a whole, by nothing or by one. Branches are
 * left for allocation or free, and for what is rare.
 */
#include <endian.h>
#include <string.h>

#include "ht_decode_internal.h"
#include "ht_reader.h"

/* Entries in front of the recent blocks: as far as a number of one reaches. */
#define BLOCKS_BEFORE (HT_TAG_BLOCK_MASK + 1U)

typedef struct {
    uint64_t key; /* origin + 1; 0: nobody's */
    uint64_t size;
} ht_size_slot_t;

typedef struct {
    const uint8_t *end;
    uint64_t last;      /* address */
    uint64_t mask;      /* of an address */
    uint32_t unit_bits; /* an address counts in 1 << unit_bits bytes */
    uint64_t odd;       /* what the next address has beyond a multiple of the unit */
    bool unrecorded;    /* the next allocation is */
    uint32_t origins;
    uint32_t origin[HT_RECENT_ORIGINS + 1]; /* latest first; the last one stays 0 */
    /* The recent blocks, latest last: block[first] to block[top - 1]. Grows to the right, as many
     * as a frame may have, so that an allocation moves nothing. In front of the first are zeroes.
     */
    uint32_t first, top;
    ht_size_slot_t slot[HT_SIZE_SLOTS];
    /* What is behind the last is moved, too. */
    uint64_t block[BLOCKS_BEFORE + HT_FRAME_MAX + HT_RECENT_BLOCKS + 1];
} ht_records_t;

static const char s_cut[] = "a record goes beyond the end of its frame";

/* --- numbers ------------------------------------------------------------------------------------
 */

/* Where one reads. In registers: as part of ht_records_t it would be stored and loaded again for
 * each number, and all wait for that. */
typedef struct {
    const uint8_t *at;
    uint64_t word; /* the bytes from there on, as many as three short numbers have */
} ht_cursor_t;

typedef struct {
    uint64_t value;
    const uint8_t *behind;
} ht_number_t;

/* Nine or ten bytes. */
static __attribute__((noinline)) ht_number_t longest_number(const uint8_t *at, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 7U * HT_VARINT_MAX; shift += 7U) {
        uint64_t byte = *at++;
        if (shift == 63U && byte > 1U) { break; }
        value |= (byte & 0x7FU) << shift;
        if (byte < 0x80U) { return (ht_number_t){value, at}; }
    }
    return (ht_number_t){0, end + 1};
}

/* Where the numbers in eight bytes end, as the highest bits of bytes. */
static inline uint64_t ends_of(uint64_t word)
{
    return ~word & UINT64_C(0x8080808080808080);
}

static inline uint64_t eight_bytes(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

/* The number that ends first: the bits of eight bytes at once, in pairs, in pairs of pairs,
 * together. */
static inline uint64_t first_number(uint64_t word, uint64_t ends)
{
    word &= ends ^ (ends - 1U); /* up to the first end */
    word = (word & UINT64_C(0x007F007F007F007F)) | (word & UINT64_C(0x7F007F007F007F00)) >> 1;
    word = (word & UINT64_C(0x00003FFF00003FFF)) | (word & UINT64_C(0x3FFF00003FFF0000)) >> 2;
    return (word & UINT64_C(0x0FFFFFFF)) | (word & UINT64_C(0x0FFFFFFF00000000)) >> 4;
}

/* Of any length. */
static inline ht_number_t number(const uint8_t *at, const uint8_t *end)
{
    const uint64_t word = eight_bytes(at), ends = ends_of(word);
    if (__builtin_expect(ends == 0, 0)) { return longest_number(at, end); }
    return (ht_number_t){first_number(word, ends), at + (unsigned)__builtin_ctzll(ends) / 8U + 1U};
}

static inline __attribute__((always_inline)) uint64_t varint(ht_cursor_t *cursor,
                                                             const uint8_t *end)
{
    const ht_number_t read = number(cursor->at, end);
    *cursor = (ht_cursor_t){read.behind, eight_bytes(read.behind)};
    return read.value;
}

/* All bits, or none. */
static inline uint64_t mask_of(uint64_t is_set)
{
    return 0U - is_set;
}

/* All bits set: the first; none: the second. */
static inline uint64_t choose(uint64_t mask, uint64_t first, uint64_t second)
{
    return second ^ ((first ^ second) & mask);
}

/* A number that mostly has one byte or two, if it is there: all bits set; none: it is not. */
static inline uint64_t number_if(ht_cursor_t *cursor, const uint8_t *end, uint64_t is_there,
                                 uint64_t otherwise)
{
    const uint64_t word = cursor->word, is_longer = word >> 7 & 1U;
    if (__builtin_expect((word & word << 8 & is_there & 0x8000U) != 0, 0)) { /* than two */
        return varint(cursor, end);
    }
    const uint64_t bytes = (1U + is_longer) & is_there;
    cursor->at += bytes;
    cursor->word = word >> 8U * bytes;
    return choose(is_there, (word & 0x7FU) | (word >> 1 & 0x3F80U & (0U - is_longer)), otherwise);
}

/* An address, if it is there, in the same way. Becomes the last one. */
static inline uint64_t address_if(ht_records_t *records, ht_cursor_t *cursor, uint64_t is_there,
                                  uint64_t otherwise)
{
    const ht_number_t read = number(cursor->at, records->end);
    const uint64_t distance = (uint64_t)ht_unzigzag(read.value);
    const uint64_t address = (records->last + (distance << records->unit_bits)) & records->mask;
    cursor->at += (uint64_t)(read.behind - cursor->at) & is_there;
    records->last = choose(is_there, address, otherwise);
    return records->last;
}

/* --- the recent origins -------------------------------------------------------------------------
 */

/* Four of them at once. */
typedef uint32_t words4_t __attribute__((vector_size(16)));

static inline words4_t load4(const void *from)
{
    words4_t four;
    memcpy(&four, from, sizeof(four));
    return four;
}

/* 0: none is set. */
static inline uint64_t bits_of(words4_t four)
{
    uint64_t half[2];
    memcpy(half, &four, sizeof(half));
    return half[0] | half[1];
}

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE4(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE4(a, b, ...) __builtin_shuffle(a, b, (words4_t){__VA_ARGS__})
#endif

static inline words4_t choose4(words4_t is_first, words4_t first, words4_t second)
{
    return (first & is_first) | (second & ~is_first);
}

/* The origin of that number goes to the head, and those before it move by one. All are written,
 * each as what it was or as the one before it; and in the pieces in which they are read again: else
 * the processor would wait for them. */
static inline void to_the_head(ht_records_t *records, uint32_t origin, uint32_t place)
{
    const words4_t low = load4(records->origin), high = load4(records->origin + 4);
    const words4_t last = (words4_t){} + place;
    const words4_t before_low = SHUFFLE4(low, (words4_t){} + origin, 4, 0, 1, 2);
    const words4_t before_high = SHUFFLE4(low, high, 3, 4, 5, 6);
    const words4_t moved[2] = {
        choose4((words4_t)((words4_t){0, 1, 2, 3} <= last), before_low, low),
        choose4((words4_t)((words4_t){4, 5, 6, 7} <= last), before_high, high)};
    memcpy(records->origin, moved, sizeof(moved));
}

/* 0: it is no recent one. Else it is, or is 0, as is what is not there yet. */
static inline uint64_t bits_of_recent_origin(const ht_records_t *records, uint32_t origin)
{
    const words4_t wanted = (words4_t){} + origin;
    const uint32_t *list = records->origin;
    return bits_of((words4_t)(load4(list) == wanted) | (words4_t)(load4(list + 4) == wanted));
}

/* Its number; HT_RECENT_ORIGINS: not among the recent ones. */
static __attribute__((noinline)) uint32_t number_of_origin(const ht_records_t *records,
                                                           uint32_t origin)
{
    for (uint32_t i = 0; i < records->origins; i++) {
        if (records->origin[i] == origin) { return i; }
    }
    return HT_RECENT_ORIGINS;
}

/* The origin that a tag names. Returns what is wrong with it, NULL: nothing. */
static inline const char *take_origin(ht_records_t *records, ht_cursor_t *cursor, uint32_t tag,
                                      uint32_t *origin)
{
    uint32_t place = tag & HT_TAG_ORIGIN_MASK;
    const uint32_t follows = place == HT_TAG_ORIGIN_FOLLOWS;
    const uint64_t mask = mask_of(follows);
    uint64_t index = number_if(cursor, records->end, mask, records->origin[place]);
    if (__builtin_expect(index > UINT32_MAX, 0)) {
        return "the index of an origin has more than 32 bits";
    }
    if (__builtin_expect(place >= records->origins + (follows << 3), 0)) {
        return "an origin among the recent ones that is not there";
    }
    /* Behind the others, or in the last one's place. */
    const uint32_t is_room = records->origins < HT_RECENT_ORIGINS;
    uint32_t number = records->origins - 1U + is_room, more = is_room;
    *origin = (uint32_t)index;
    if (__builtin_expect((bits_of_recent_origin(records, *origin) & mask) != 0, 0)) {
        const uint32_t known = number_of_origin(records, *origin);
        if (known != HT_RECENT_ORIGINS) {
            number = known;
            more = 0;
        }
    }
    records->origins += follows & more;
    to_the_head(records, *origin, follows ? number : place);
    return NULL;
}

/* --- the recent blocks --------------------------------------------------------------------------
 */

static inline void push_block(ht_records_t *records, uint64_t address)
{
    records->block[records->top++] = address;
    records->first += records->top - records->first > HT_RECENT_BLOCKS;
    records->block[records->first - 1U] = 0;
}

/* The block at `place` is none any more, `count` 1; nothing, 0. As many move as may be behind it.
 */
static inline void take_out(ht_records_t *records, uint32_t place, uint32_t count)
{
    uint64_t *block = &records->block[place];
    records->top -= count;
#pragma GCC unroll 8
    for (uint32_t i = 0; i + 2U <= HT_RECENT_BLOCKS; i += 2U) {
        const words4_t two = load4(block + i + 1);
        memcpy(block + i, &two, sizeof(two));
    }
}

/* 0: it is no recent one. Else it may be: the lower half of the address is one's. */
static inline uint64_t bits_of_recent_block(const ht_records_t *records, uint64_t address)
{
    const uint64_t *block = &records->block[records->top - (HT_RECENT_BLOCKS + 1U)];
    const uint64_t twice[2] = {address, address}, low[2] = {UINT32_MAX, UINT32_MAX};
    const words4_t wanted = load4(twice);
    words4_t is_same = (words4_t)(load4(block) == wanted);
#pragma GCC unroll 8
    for (uint32_t i = 2; i < HT_RECENT_BLOCKS + 1U; i += 2U) {
        is_same |= (words4_t)(load4(block + i) == wanted);
    }
    return bits_of(is_same & load4(low));
}

/* A block that was freed by its address: the latest of the recent ones that has it. */
static __attribute__((noinline)) void forget_block(ht_records_t *records, uint64_t address)
{
    for (uint32_t place = records->top; place > records->first; place--) {
        if (records->block[place - 1] == address) {
            take_out(records, place - 1, 1);
            return;
        }
    }
}

/* --- allocations and frees ----------------------------------------------------------------------
 */

static inline uint64_t take_dt(const ht_records_t *records, ht_cursor_t *cursor, uint32_t tag)
{
    uint32_t dt = tag >> HT_TAG_DT_SHIFT & HT_TAG_DT_MASK;
    return number_if(cursor, records->end, mask_of(dt == HT_TAG_DT_FOLLOWS), dt);
}

/* One more; what only one kind has is not set. */
static inline ht_brief_t *next_brief(ht_decoder_t *decoder, ht_event_kind_t kind)
{
    uint64_t after = decoder->event.time_us - decoder->brief_since_us;
    if (decoder->brief_count == HT_BRIEFS_MAX || after > UINT32_MAX) { ht_decoder_flush(decoder); }
    if (decoder->brief_count == 0) {
        decoder->brief_since_us = decoder->event.time_us;
        decoder->brief = ht_decoder_room(decoder);
        after = 0;
    }
    ht_brief_t *brief = &decoder->brief[decoder->brief_count++];
    brief->after_us = (uint32_t)after;
    brief->task = decoder->event.task;
    brief->kind = (uint8_t)kind;
    brief->core = decoder->event.core;
    return brief;
}

/* The size that a tag names, of an allocation from `origin`. */
static inline const char *take_size(ht_records_t *records, ht_cursor_t *cursor, uint32_t tag,
                                    uint32_t origin, uint64_t *size)
{
    const uint64_t key = origin + UINT64_C(1);
    const uint64_t same = mask_of((tag & HT_TAG_SAME_SIZE) != 0);
    ht_size_slot_t *slot = &records->slot[origin % HT_SIZE_SLOTS];
    if (__builtin_expect(((slot->key ^ key) & same) != 0, 0)) {
        return "the same size as an allocation that is not there";
    }
    *size = number_if(cursor, records->end, ~same, slot->size);
    *slot = (ht_size_slot_t){key, *size};
    return NULL;
}

static inline __attribute__((always_inline)) const char *
decode_alloc(ht_decoder_t *decoder, ht_records_t *records, ht_cursor_t *cursor, uint32_t tag)
{
    decoder->event.time_us += take_dt(records, cursor, tag);
    uint32_t origin;
    uint64_t size;
    const char *wrong = take_origin(records, cursor, tag, &origin);
    if (__builtin_expect(wrong != NULL, 0)) { return wrong; }
    wrong = take_size(records, cursor, tag, origin, &size);
    if (__builtin_expect(wrong != NULL, 0)) { return wrong; }
    const uint64_t address = address_if(records, cursor, UINT64_MAX, 0);
    if (__builtin_expect(cursor->at > records->end, 0)) { return s_cut; }
    if (__builtin_expect(records->odd == 0, 1)) { push_block(records, address); }
    ht_brief_t *brief = next_brief(decoder, HT_EVENT_ALLOC);
    brief->address = address + records->odd;
    brief->size = size;
    brief->origin = origin;
    brief->unrecorded = records->unrecorded;
    records->odd = 0;
    records->unrecorded = false;
    return NULL;
}

static inline __attribute__((always_inline)) const char *decode_free(ht_decoder_t *decoder,
                                                                     ht_records_t *records,
                                                                     ht_cursor_t *cursor,
                                                                     uint32_t tag, bool by_realloc)
{
    decoder->event.time_us += take_dt(records, cursor, tag);
    const uint32_t number = tag & HT_TAG_BLOCK_MASK;
    const uint32_t follows = number == HT_TAG_BLOCK_FOLLOWS;
    const uint64_t mask = mask_of(follows);
    if (__builtin_expect(number >= records->top - records->first + (follows << 4), 0)) {
        return "a block among the recent ones that is not there";
    }
    uint32_t place = records->top - 1U - number;
    const uint64_t address = address_if(records, cursor, mask, records->block[place]);
    if (__builtin_expect(cursor->at > records->end, 0)) { return s_cut; }
    if (__builtin_expect((bits_of_recent_block(records, address) & mask) != 0, 0)) {
        if (records->odd == 0) { forget_block(records, address); }
    } else {
        take_out(records, follows ? records->top : place, !follows);
    }
    ht_brief_t *brief = next_brief(decoder, HT_EVENT_FREE);
    brief->address = address + records->odd;
    brief->by_realloc = by_realloc;
    records->odd = 0;
    return NULL;
}

static const char *decode_context(ht_decoder_t *decoder, uint64_t value)
{
    if (value >> 1 > UINT32_MAX) { return "the index of a task has more than 32 bits"; }
    decoder->event.task = (uint32_t)(value >> 1);
    decoder->event.core = value & 1U;
    return NULL;
}

/* What stands between allocations and says something of the next one. */
static __attribute__((noinline)) const char *
decode_small(ht_decoder_t *decoder, ht_records_t *records, ht_cursor_t *cursor, uint8_t tag)
{
    switch (tag) {
    case HT_TAG_CONTEXT:
        return decode_context(decoder, varint(cursor, records->end));
    case HT_TAG_REALLOC_FREE:
        return decode_free(decoder, records, cursor,
                           HT_TAG_DT_FOLLOWS << HT_TAG_DT_SHIFT | HT_TAG_BLOCK_FOLLOWS, true);
    case HT_TAG_UNRECORDED:
        records->unrecorded = true;
        return NULL;
    case HT_TAG_ODD:
        records->odd = varint(cursor, records->end);
        if (records->odd >> records->unit_bits != 0) { return "more beyond a unit than a unit"; }
        return NULL;
    default:
        return "a record that is not defined";
    }
}

/* A record with a length. What is wrong in it harms nothing behind it. */
static __attribute__((noinline)) const char *decode_with_length(ht_decoder_t *decoder,
                                                                const ht_records_t *records,
                                                                ht_cursor_t *cursor, uint8_t tag)
{
    uint64_t length = varint(cursor, records->end);
    if (cursor->at > records->end || length > (uint64_t)(records->end - cursor->at)) {
        return s_cut;
    }
    size_t at = (size_t)(cursor->at - decoder->body);
    const char *wrong = ht_record_decode(decoder, tag, at, at + length);
    if (wrong != NULL) { ht_frame_complain(decoder, at, length, wrong); }
    cursor->at += length;
    return NULL;
}

/* Those that are seldom. Returns where the next one begins. */
static inline const uint8_t *decode_other(ht_decoder_t *decoder, ht_records_t *records,
                                          ht_cursor_t cursor, uint8_t tag, const char **wrong)
{
    *wrong = tag >= HT_TAG_WITH_LENGTH ? decode_with_length(decoder, records, &cursor, tag)
                                       : decode_small(decoder, records, &cursor, tag);
    return cursor.at;
}

/* The record at `at`. Returns where the next one begins. */
static inline const uint8_t *decode_one(ht_decoder_t *decoder, ht_records_t *records,
                                        const uint8_t *at, const char **wrong)
{
    const uint64_t word = eight_bytes(at);
    const uint8_t tag = (uint8_t)word;
    ht_cursor_t cursor = {at + 1, word >> 8};
    if (tag >= HT_TAG_FREE) {
        *wrong = decode_free(decoder, records, &cursor, tag, false);
    } else if (tag >= HT_TAG_ALLOC) {
        *wrong = decode_alloc(decoder, records, &cursor, tag);
    } else {
        return decode_other(decoder, records, cursor, tag, wrong);
    }
    return cursor.at;
}

static void begin(ht_records_t *records, const ht_decoder_t *decoder)
{
    const uint8_t flags = decoder->body[3];
    records->end = decoder->body + decoder->body_length;
    records->last = 0;
    records->mask = (flags & HT_FRAME_POINTER_64) != 0 ? UINT64_MAX : UINT32_MAX;
    records->unit_bits = (flags & HT_FRAME_UNIT_16) != 0 ? 4 : 2;
    records->odd = 0;
    records->unrecorded = false;
    records->origins = 0;
    memset(records->origin, 0, sizeof(records->origin));
    records->first = records->top = BLOCKS_BEFORE;
    memset(records->block, 0, BLOCKS_BEFORE * sizeof(records->block[0]));
    memset(records->slot, 0, sizeof(records->slot));
}

void ht_records_decode(ht_decoder_t *decoder, size_t at)
{
    ht_records_t records;
    begin(&records, decoder);
    const uint8_t *next = decoder->body + at;
    while (next < records.end) {
        const uint8_t *const tag = next;
        const char *wrong;
        next = decode_one(decoder, &records, tag, &wrong);
        if (wrong == NULL && next > records.end) { wrong = s_cut; }
        if (wrong != NULL) {
            ht_frame_complain(decoder, (size_t)(tag - decoder->body), (size_t)(records.end - tag),
                              wrong);
            return;
        }
    }
    ht_decoder_flush(decoder);
}
