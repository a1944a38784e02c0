/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * How ESP-IDF stores a core (components/espcoredump, 4.4 to 6.2):
 *
 *   partition  [ length:4 | version:4 | 4 to 16 bytes, by version ][ ELF core ][ CRC-32 or SHA-256
 * ] length is that of all of it; version is chip:16, 1 (ELF):8, minor:8 console    ===== CORE DUMP
 * START ===== , the same in lines of base64, ===== CORE DUMP END =====
 */
#include <elf.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ht_memory_private.h"

enum { HEADER_MIN = 12, HEADER_MAX = 24 };
enum { FORMAT_BINARY = 0, FORMAT_ELF = 1 };
enum { MINOR_CRC32 = 2, MINOR_SHA256 = 3, MINOR_SHA256_OF_6 = 4 };

static const char s_start[] = "CORE DUMP START";
static const char s_end[] = "CORE DUMP END";

static uint32_t word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* --- the partition ---------------------------------------------------------------------------- */

/* Where the ELF core begins: behind a header whose size depends on the version. 0: nowhere. */
static size_t elf_in(const uint8_t *bytes, size_t size)
{
    for (size_t at = HEADER_MIN; at <= HEADER_MAX && at + SELFMAG <= size; at += 4) {
        if (memcmp(bytes + at, ELFMAG, SELFMAG) == 0) { return at; }
    }
    return 0;
}

static bool is_sha256(const uint8_t *bytes, size_t length, const uint8_t *wanted)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, sizeof(digest), digest);
    return memcmp(digest, wanted, sizeof(digest)) == 0;
}

/* The sum is the end of it, over all before. Which one, the version's last byte says. */
static void check_sum(ht_memory_t *memory, const char *path, const uint8_t *bytes, size_t length)
{
    unsigned minor = word(bytes + 4) & 0xffU;
    bool has_crc = minor == MINOR_CRC32 && length > 4;
    bool has_sha =
        (minor == MINOR_SHA256 || minor == MINOR_SHA256_OF_6) && length > SHA256_DIGEST_SIZE;
    size_t sum_bytes = has_sha ? SHA256_DIGEST_SIZE : 4;
    const uint8_t *sum = bytes + length - sum_bytes;
    if ((has_crc && crc32(0, bytes, (uInt)(length - sum_bytes)) != word(sum)) ||
        (has_sha && !is_sha256(bytes, length - sum_bytes, sum))) {
        ht_memory_say(memory, "%s is damaged: its %s does not fit. What follows may be wrong.",
                      path, has_sha ? "SHA-256" : "CRC-32");
    }
}

#define FOREIGN                                                                                    \
    "neither an ELF core, nor ESP-IDF's core dump partition or console text; an image of RAM "     \
    "goes "                                                                                        \
    "with --image"

static const uint8_t *in_partition(ht_memory_t *memory, const char *path, const uint8_t *bytes,
                                   size_t *size, ht_lookup_error_t *error)
{
    if (*size < HEADER_MAX || word(bytes) == UINT32_MAX) {
        (void)ht_lookup_fail(error, HT_LOOKUP_NOT_FOUND,
                             "%s: no core dump in it (an erased partition holds none)", path);
        return NULL;
    }
    size_t start = elf_in(bytes, *size);
    unsigned format = word(bytes + 4) >> 8 & 0xffU;
    if (start == 0 || format != FORMAT_ELF) {
        bool binary = format == FORMAT_BINARY && word(bytes) > HEADER_MIN && word(bytes) <= *size;
        (void)ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s: %s", path,
                             binary ? "maybe a core dump in ESP-IDF's old binary format: choose "
                                      "CONFIG_ESP_COREDUMP_DATA_FORMAT_ELF"
                                    : FOREIGN);
        return NULL;
    }
    uint32_t length = word(bytes);
    if (length > *size) {
        ht_memory_say(memory, "%s is cut short: %zu of %" PRIu32 " bytes are there.", path, *size,
                      length);
    } else if (length > start) {
        check_sum(memory, path, bytes, length);
        *size = length;
    }
    *size -= start;
    return bytes + start;
}

/* --- the console ------------------------------------------------------------------------------ */

static int digit_of(uint8_t character)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = character == 0 ? NULL : memchr(digits, character, sizeof(digits) - 1);
    return at == NULL ? -1 : (int)(at - digits);
}

/* A line is base64 by itself, padded. The bytes of it, or 0 if it is none. */
static size_t decode_line(const uint8_t *line, size_t length, uint8_t *out)
{
    size_t written = 0;
    uint32_t bits = 0;
    unsigned padding = 0;
    if (length == 0 || length % 4 != 0) { return 0; }
    for (size_t i = 0; i < length; i++) {
        int digit = line[i] == '=' && i + 2 >= length ? 0 : digit_of(line[i]);
        if (digit < 0 || (padding > 0 && line[i] != '=')) { return 0; }
        padding += line[i] == '=';
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 == 3) {
            out[written++] = (uint8_t)(bits >> 16);
            out[written++] = (uint8_t)(bits >> 8);
            out[written++] = (uint8_t)bits;
        }
    }
    return written - padding;
}

typedef struct {
    const uint8_t *at, *end;
} text_t;

static bool next_line(text_t *text, const uint8_t **line, size_t *length)
{
    if (text->at >= text->end) { return false; }
    const uint8_t *feed = memchr(text->at, '\n', (size_t)(text->end - text->at));
    *line = text->at;
    text->at = feed == NULL ? text->end : feed + 1;
    *length = (size_t)((feed == NULL ? text->end : feed) - *line);
    while (*length > 0 && ((*line)[*length - 1] == '\r' || (*line)[*length - 1] == ' ')) {
        (*length)--;
    }
    return true;
}

/* The latest core dump of the text; without a line that says where one begins, all of the text. */
static text_t find_dump(const uint8_t *bytes, size_t size)
{
    text_t text = {bytes, bytes + size};
    for (const uint8_t *at = bytes;
         (at = memmem(at, (size_t)(text.end - at), s_start, sizeof(s_start) - 1)) != NULL; at++) {
        const uint8_t *feed = memchr(at, '\n', (size_t)(text.end - at));
        text.at = feed == NULL ? text.end : feed + 1;
    }
    return text;
}

static uint8_t *decode_text(ht_memory_t *memory, const char *path, const uint8_t *bytes,
                            size_t *size)
{
    text_t text = find_dump(bytes, *size);
    bool marked = text.at != bytes;
    bool ended = !marked;
    size_t length;
    size_t skipped = 0;
    size_t written = 0;
    uint8_t *out = malloc(*size / 4 * 3 + 4);
    for (const uint8_t *line; out != NULL && next_line(&text, &line, &length);) {
        if (memmem(line, length, s_end, sizeof(s_end) - 1) != NULL) {
            ended = true;
            break;
        }
        size_t got = decode_line(line, length, out + written);
        skipped += got == 0 && length != 0;
        written += got;
    }
    *size = written;
    if (written != 0 && !ended) {
        ht_memory_say(memory, "%s: the core dump's end is missing.", path);
    }
    if (written != 0 && skipped != 0) {
        ht_memory_say(memory, "%s: %zu lines between those of the core dump are none of it.", path,
                      skipped);
    }
    return out;
}

const uint8_t *ht_memory_unwrap(ht_memory_t *memory, const char *path, const uint8_t *bytes,
                                size_t *size, ht_lookup_error_t *error)
{
    bool text = memmem(bytes, *size, s_start, sizeof(s_start) - 1) != NULL ||
                (elf_in(bytes, *size) == 0 && *size >= 4 && digit_of(bytes[0]) >= 0 &&
                 digit_of(bytes[1]) >= 0 && digit_of(bytes[2]) >= 0 && digit_of(bytes[3]) >= 0);
    if (!text) { return in_partition(memory, path, bytes, size, error); }
    uint8_t *decoded = decode_text(memory, path, bytes, size);
    if (decoded == NULL || !ht_memory_keep(memory, decoded, *size)) {
        (void)ht_lookup_fail(error, HT_LOOKUP_NO_MEMORY, "%s: no memory", path);
        return NULL;
    }
    if (*size == 0) {
        (void)ht_lookup_fail(error, HT_LOOKUP_FOREIGN, "%s: %s", path, FOREIGN);
        return NULL;
    }
    return in_partition(memory, path, decoded, size, error);
}
