/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * SPEC.md 5.1: which bytes are frames, which are text, and which were a frame once.
 *
 * The two bytes of a frame's start, ED F1, stand nowhere in UTF-8 text. So they begin a candidate
 * wherever they are, and a 00 that got lost costs nothing. What is right about a candidate is its
 * sum. If it is wrong, the next ED F1 inside is tried, and lines of text are picked out of the
 * rest: a console's log goes on in the middle of a frame when the device resets there.
 *
 * Whatever the sizes of the pieces that come in, the outcome is the same: a frame that lies whole
 * in one piece is decoded in place; everything else, and whatever fails, goes through `held`.
 */
#include <string.h>

#include "ht_decode_internal.h"

#define START_0 (HT_FRAME_MAGIC_0 ^ HT_WIRE_MASK)
#define START_1 (HT_FRAME_MAGIC_1 ^ HT_WIRE_MASK)

/* Candidates that are tried inside one that failed. Bounds the work per byte. */
#define INNER_TRIES 8U

/* Ends that are tried for one whose closing 00 may have been hit, with text behind it: as many as
 * bytes of the frame's own can look like text, and some. */
#define SHORTER_TRIES 48U
_Static_assert(SHORTER_TRIES < HT_BODY_SLACK, "mend() saves so many bytes at once");

/* Text that is believed: behind a line's broken beginning, and without a line end. */
#define LINE_MIN 5U
#define REST_MIN 12U

static bool is_line_end(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* A byte that a frame never holds. */
static bool is_foreign(uint8_t byte)
{
    return HT_WIRE_IS_SPECIAL(byte) && byte != HT_WIRE_ESCAPE;
}

/* --- text ---------------------------------------------------------------------------------- */

static void emit_text(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    if (length == 0) { return; }
    decoder->status.text_bytes += length;
    decoder->sink.text(decoder->sink.context, bytes, length);
}

/* Bytes of the UTF-8 character at the beginning, 0: none, or one that no console prints: a control
 * character, or a plane beyond the first that is not that of emoji. Frames have bytes that look
 * like those. */
static size_t character_length(const uint8_t *bytes, size_t length)
{
    uint8_t first = bytes[0];
    if (first < 0x80U) {
        bool control = first < 0x20U && !(first >= 0x07U && first <= 0x0DU) && first != 0x1BU;
        return control || first == 0x7FU ? 0 : 1;
    }
    size_t count = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
    if (first < 0xC2U || first > 0xF0U || count > length) { return 0; }
    if (first == 0xF0U && bytes[1] != 0x9FU) { return 0; }
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xC0U) != 0x80U) { return 0; }
    }
    return count;
}

/* Where the text begins that reaches to the end. */
static size_t text_at_the_end(const uint8_t *bytes, size_t length)
{
    size_t start = 0;
    for (size_t i = 0; i < length;) {
        size_t count = character_length(bytes + i, length - i);
        i += count == 0 ? 1 : count;
        if (count == 0) { start = i; }
    }
    return start;
}

/* A line of a broken frame, or what is left of one: its text goes out if there is enough of it. */
static void salvage_line(ht_decoder_t *decoder, const uint8_t *line, size_t length, size_t enough)
{
    size_t start = text_at_the_end(line, length);
    if (!(start == 0 && decoder->line_clean) && length - start < enough) { start = length; }
    decoder->damage.bytes += start;
    emit_text(decoder, line + start, length - start);
    decoder->line_clean = start < length && is_line_end(line[length - 1]);
}

/* --- damage -------------------------------------------------------------------------------- */

void ht_decoder_tell_damage(ht_decoder_t *decoder, const ht_damage_t *damage)
{
    decoder->sink.damage(decoder->sink.context, damage);
}

static void close_damage(ht_decoder_t *decoder)
{
    if (!decoder->damage_open) { return; }
    decoder->damage_open = false;
    ht_decoder_tell_damage(decoder, &decoder->damage);
}

/* The candidate that begins at `begin` failed. Told when it is known how far that reaches. */
static void open_damage(ht_decoder_t *decoder, const ht_frame_verdict_t *verdict, uint64_t begin)
{
    if (decoder->inner && decoder->damage_open) { return; }
    close_damage(decoder);
    decoder->broken_count = 0;
    decoder->status.damaged_frames++;
    decoder->damage_open = true;
    decoder->suspect = true;
    decoder->line_clean = false;
    decoder->damage = (ht_damage_t){
        .kind = verdict->kind,
        .offset = begin + verdict->at,
        .words = verdict->words,
    };
}

/* --- frames -------------------------------------------------------------------------------- */

/* Index of the next frame's start, `length`: none. */
static size_t find_start(const uint8_t *bytes, size_t length, size_t from)
{
    while (from + 1 < length) {
        const uint8_t *at = memchr(bytes + from, START_0, length - from - 1);
        if (at == NULL) { break; }
        from = (size_t)(at - bytes);
        if (bytes[from + 1] == START_1) { return from; }
        from++;
    }
    return length;
}

static bool may_start(uint8_t first)
{
    uint8_t wrong = first ^ START_0;
    return (wrong & (wrong - 1U)) == 0;
}

/* Do these two bytes, behind a 00, begin a frame, be it one with a wrong bit there? Text that
 * begins like this would not be UTF-8. */
static bool is_start(uint8_t first, uint8_t second)
{
    if (first == START_0) { return second < 0x80U || second > 0x9FU; }
    return may_start(first) && second == START_1;
}

static void frame_is_good(ht_decoder_t *decoder, const uint8_t *wire, size_t length,
                          uint64_t offset)
{
    close_damage(decoder);
    decoder->broken_count = 0;
    decoder->suspect = false;
    decoder->inner = false;
    ht_frame_deliver(decoder, wire, length, offset);
}

/* What failed may be a whole frame whose closing 00 was hit or lost, with or without text behind
 * it. Returns the frame's length, 0: it is none. */
static size_t shorter_frame(ht_decoder_t *decoder, const uint8_t *wire, size_t length)
{
    size_t text = text_at_the_end(wire, length); /* some of it may be the frame's last bytes */
    size_t cut = text == 0 ? 0 : text - 1U;
    for (unsigned tries = 0; tries < SHORTER_TRIES && cut <= length; tries++, cut++) {
        if (ht_frame_open(decoder, wire, cut).good) { return cut; }
    }
    return 0;
}

/* The frame that shorter_frame() found. Returns the bytes that are it, and what was its end. */
static size_t deliver_shorter(ht_decoder_t *decoder, uint8_t *wire, size_t length, uint64_t offset)
{
    const uint8_t first = wire[-1], last = wire[length];
    close_damage(decoder);
    wire[-1] = HT_WIRE_END;
    wire[length] = HT_WIRE_END;
    ht_frame_deliver(decoder, wire, length, offset);
    wire[-1] = first;
    wire[length] = last;
    const bool hit = last != START_0 && character_length(&last, 1) == 0;
    const ht_frame_verdict_t verdict = {.kind = HT_DAMAGE_ESCAPE,
                                        .at = length,
                                        .words = "the 00 behind a frame was hit, or is missing"};
    open_damage(decoder, &verdict, offset);
    decoder->damage.bytes = hit;
    decoder->line_clean = true; /* behind a frame comes text */
    return length + hit;
}

/* Nothing good in these bytes: the text in them goes out, the rest is damage. */
static void give_up(ht_decoder_t *decoder, uint8_t *wire, size_t length, uint64_t offset,
                    const ht_frame_verdict_t *verdict)
{
    size_t shorter = shorter_frame(decoder, wire, length);
    size_t done = 0;
    if (shorter != 0) {
        done = deliver_shorter(decoder, wire, shorter, offset);
    } else {
        open_damage(decoder, verdict, offset);
    }
    if (done < length) { salvage_line(decoder, wire + done, length - done, REST_MIN); }
}

/* The candidate at `start` of what is held, and then those inside it. */
static void try_held(ht_decoder_t *decoder, size_t start)
{
    const size_t count = decoder->held_count;
    uint64_t begin = decoder->offset - count;
    for (unsigned tries = 0; start < count; tries++) {
        uint8_t *wire = decoder->held + 1 + start;
        ht_frame_verdict_t verdict = ht_frame_open(decoder, wire, count - start);
        if (verdict.good) {
            wire[-1] = HT_WIRE_END;
            wire[count - start] = HT_WIRE_END;
            frame_is_good(decoder, wire, count - start, begin + start);
            return;
        }
        if (decoder->ending) {
            verdict = (ht_frame_verdict_t){
                .kind = HT_DAMAGE_TRUNCATED,
                .at = count - start,
                .words = "the input ends inside a frame",
            };
        }
        size_t next = tries < INNER_TRIES ? find_start(wire, count - start, 2) : count - start;
        give_up(decoder, wire, next, begin + start, &verdict);
        decoder->inner = true;
        start += next;
    }
}

static void held_frame_ended(ht_decoder_t *decoder)
{
    try_held(decoder, 0);
    decoder->inner = false;
    decoder->held_count = 0;
}

/* The beginning of a frame that text was written into, perhaps; its rest may come behind that. */
static void keep_broken(ht_decoder_t *decoder)
{
    decoder->broken_count = decoder->held_count;
    decoder->broken_offset = decoder->offset - decoder->held_count;
    decoder->broken_text = text_at_the_end(decoder->held + 1, decoder->held_count);
    memcpy(decoder->broken + 1, decoder->held + 1, decoder->held_count);
}

/*
 * A 00, and behind the last line end of a broken frame is what is held: its rest? Then it is a
 * frame without the text, which is out already. Where that began is tried: the frame's own bytes in
 * front of it may look like text.
 */
static bool mend(ht_decoder_t *decoder)
{
    const size_t text = decoder->broken_text, rest = decoder->held_count;
    uint8_t *wire = decoder->broken + 1;
    uint8_t tail[SHORTER_TRIES];
    for (size_t i = 0; rest != 0 && i < SHORTER_TRIES; i++) {
        size_t cut = text + i;
        if (cut >= decoder->broken_count || cut + rest > HT_WIRE_MAX) { return false; }
        if (i == 0) { memcpy(tail, wire + text, sizeof(tail)); }
        if (i != 0) { wire[cut - 1] = tail[i - 1]; }
        memcpy(wire + cut, decoder->held + 1, rest);
        if (!ht_frame_open(decoder, wire, cut + rest).good) { continue; }
        wire[-1] = HT_WIRE_END;
        wire[cut + rest] = HT_WIRE_END;
        decoder->damage.bytes = 0;
        decoder->damage.words = "text was written into a frame: taken out, the frame is whole";
        decoder->held_count = 0;
        frame_is_good(decoder, wire, cut + rest, decoder->broken_offset);
        return true;
    }
    return false;
}

/* A foreign byte, just held: no frame any more. What is text is kept held. */
static void frame_broke(ht_decoder_t *decoder)
{
    const ht_frame_verdict_t verdict = {
        .kind = HT_DAMAGE_ESCAPE,
        .at = decoder->held_count - 1,
        .words = "a byte that no frame holds: something else was written into it, or its rest is "
                 "missing",
    };
    uint8_t *wire = decoder->held + 1;
    const uint64_t offset = decoder->offset - decoder->held_count;
    size_t shorter = shorter_frame(decoder, wire, decoder->held_count);
    if (shorter != 0) {
        size_t done = deliver_shorter(decoder, wire, shorter, offset);
        decoder->held_count -= done;
        memmove(wire, wire + done, decoder->held_count);
    } else {
        open_damage(decoder, &verdict, offset);
        keep_broken(decoder);
    }
    decoder->inner = false;
    decoder->mode = HT_WIRE_BROKEN;
}

/* More bytes than a frame can have. Perhaps a 00 got lost, and another frame begins among them. */
static void frame_too_long(ht_decoder_t *decoder)
{
    const ht_frame_verdict_t verdict = {
        .kind = HT_DAMAGE_LENGTH,
        .at = decoder->held_count,
        .words = "longer than a frame can be",
    };
    uint8_t *held = decoder->held + 1;
    size_t next = find_start(held, decoder->held_count, 2);
    give_up(decoder, held, next, decoder->offset - decoder->held_count, &verdict);
    decoder->held_count -= next;
    memmove(held, held + next, decoder->held_count);
    decoder->inner = decoder->held_count != 0;
    if (!decoder->inner) { decoder->mode = HT_WIRE_BROKEN; }
}

/* A frame that lies whole in the input: the usual case, without a copy. 0: it does not, or fails.
 */
static size_t whole_frame(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    size_t most = length <= HT_WIRE_MAX ? length : HT_WIRE_MAX + 1U;
    const uint8_t *end = memchr(bytes, HT_WIRE_END, most);
    if (end == NULL) { return 0; }
    size_t count = (size_t)(end - bytes);
    if (!ht_frame_open(decoder, bytes, count).good) { return 0; }
    const uint64_t offset = decoder->offset;
    if (decoder->sink.frame != NULL) { /* with both its 00: the first may be in an earlier piece */
        memcpy(decoder->held + 1, bytes, count);
        decoder->held[count + 1] = HT_WIRE_END;
        bytes = decoder->held + 1;
    }
    decoder->mode = HT_WIRE_START;
    frame_is_good(decoder, bytes, count, offset);
    return count + 1;
}

/* --- one step: what the mode does with the next bytes. Returns how many it used, or changes the
 * mode ---------------------------------------------------------------------------------------- */

static size_t hold(ht_decoder_t *decoder, uint8_t byte)
{
    decoder->held[1 + decoder->held_count++] = byte;
    return 1;
}

static void begin_text(ht_decoder_t *decoder)
{
    if (decoder->suspect) {
        decoder->mode = HT_WIRE_BROKEN;
        decoder->line_clean = true;
        return;
    }
    emit_text(decoder, decoder->held + 1, decoder->held_count);
    decoder->held_count = 0;
    decoder->mode = HT_WIRE_TEXT;
}

static size_t step_start(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    if (decoder->held_count == 0) {
        if (bytes[0] == HT_WIRE_END) { return 1; }
        if (may_start(bytes[0]) && (length == 1 || bytes[1] != START_1)) {
            return hold(decoder, bytes[0]);
        }
        if (length > 1 && is_start(bytes[0], bytes[1])) {
            decoder->mode = HT_WIRE_FRAME;
            return 0;
        }
    } else if (is_start(decoder->held[1], bytes[0])) {
        decoder->mode = HT_WIRE_FRAME;
        return 0;
    }
    begin_text(decoder);
    return 0;
}

static size_t step_text(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    if (decoder->held_count != 0) { /* ED, the last byte of the piece before */
        if (bytes[0] == START_1) {
            decoder->mode = HT_WIRE_FRAME;
            return 0;
        }
        emit_text(decoder, decoder->held + 1, 1);
        decoder->held_count = 0;
    }
    const uint8_t *end = memchr(bytes, HT_WIRE_END, length);
    size_t count = end == NULL ? length : (size_t)(end - bytes);
    size_t start = find_start(bytes, count, 0);
    if (start < count) {
        decoder->mode = HT_WIRE_FRAME;
        emit_text(decoder, bytes, start);
        return start;
    }
    bool pending = end == NULL && bytes[count - 1] == START_0;
    emit_text(decoder, bytes, count - pending);
    if (pending) { hold(decoder, START_0); }
    if (end != NULL) { decoder->mode = HT_WIRE_START; }
    return count + (end != NULL);
}

static size_t step_frame(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    if (decoder->held_count == 0) {
        size_t used = whole_frame(decoder, bytes, length);
        if (used != 0) { return used; }
    }
    const uint64_t offset = decoder->offset;
    size_t i = 0;
    for (; i < length; i++) {
        decoder->offset = offset + i;
        if (bytes[i] == HT_WIRE_END) {
            decoder->mode = HT_WIRE_START;
            held_frame_ended(decoder);
            i++;
            break;
        }
        if (decoder->held_count == HT_WIRE_MAX) {
            frame_too_long(decoder);
            break;
        }
        hold(decoder, bytes[i]);
        if (is_foreign(bytes[i])) {
            decoder->offset = offset + i + 1;
            frame_broke(decoder);
            if (is_line_end(bytes[i])) {
                salvage_line(decoder, decoder->held + 1, decoder->held_count, LINE_MIN);
                decoder->held_count = 0;
            }
            i++;
            break;
        }
    }
    decoder->offset = offset;
    return i;
}

static void flush_held(ht_decoder_t *decoder, size_t enough)
{
    if (decoder->held_count == 0) { return; }
    salvage_line(decoder, decoder->held + 1, decoder->held_count, enough);
    decoder->held_count = 0;
}

static size_t step_broken(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t count = decoder->held_count;
        if (bytes[i] == HT_WIRE_END) {
            decoder->offset += i; /* events are told */
            if (!mend(decoder)) { flush_held(decoder, REST_MIN); }
            decoder->offset -= i;
            decoder->broken_count = 0;
            decoder->mode = HT_WIRE_START;
            return i + 1;
        }
        if (bytes[i] == START_1 && count != 0 && decoder->held[count] == START_0) {
            decoder->held_count--;
            flush_held(decoder, REST_MIN);
            hold(decoder, START_0);
            decoder->mode = HT_WIRE_FRAME;
            return i;
        }
        if (count == HT_WIRE_MAX) { flush_held(decoder, REST_MIN); }
        hold(decoder, bytes[i]);
        if (is_line_end(bytes[i])) { flush_held(decoder, LINE_MIN); }
    }
    return length;
}

void ht_decoder_feed(ht_decoder_t *decoder, const uint8_t *bytes, size_t length)
{
    static size_t (*const steps[])(ht_decoder_t *, const uint8_t *, size_t) = {
        [HT_WIRE_START] = step_start,
        [HT_WIRE_TEXT] = step_text,
        [HT_WIRE_FRAME] = step_frame,
        [HT_WIRE_BROKEN] = step_broken,
    };
    decoder->status.bytes += length;
    while (length > 0) {
        size_t used = steps[decoder->mode](decoder, bytes, length);
        bytes += used;
        length -= used;
        decoder->offset += used;
    }
}

void ht_decoder_idle(ht_decoder_t *decoder)
{
    const bool line = decoder->mode == HT_WIRE_BROKEN && decoder->line_clean;
    const bool start = decoder->mode == HT_WIRE_START && !decoder->suspect;
    if (decoder->held_count == 0 || !(line || start)) { return; }
    if (text_at_the_end(decoder->held + 1, decoder->held_count) != 0) { return; }
    emit_text(decoder, decoder->held + 1, decoder->held_count);
    decoder->held_count = 0;
    if (start) { decoder->mode = HT_WIRE_TEXT; }
}

void ht_decoder_end(ht_decoder_t *decoder)
{
    decoder->ending = true;
    if (decoder->held_count != 0 && decoder->held[decoder->held_count] == START_0 &&
        decoder->mode != HT_WIRE_BROKEN) {
        decoder->mode = HT_WIRE_FRAME; /* its first byte */
    }
    if (decoder->mode == HT_WIRE_START && decoder->held_count != 0) { begin_text(decoder); }
    if (decoder->mode == HT_WIRE_FRAME) {
        held_frame_ended(decoder);
    } else if (decoder->mode == HT_WIRE_BROKEN) {
        flush_held(decoder, REST_MIN);
    } else {
        emit_text(decoder, decoder->held + 1, decoder->held_count);
    }
    close_damage(decoder);
    decoder->ending = false;
    decoder->suspect = false;
    decoder->held_count = 0;
    decoder->mode = HT_WIRE_START;
}
