// SPDX-License-Identifier: Apache-2.0
/* Layout of a block, one word = sizeof(size_t); the same as ESP-IDF's:
 *
 *            +-----------------+
 *  block ->  | prev_phys       |  belongs to the block before, valid only while that one is free
 *            +-----------------+
 *            | size      | P F |  F: this block is free, P: the block before is free
 *            +-----------------+
 *  user ->   | next_free       |  valid only while free
 *            | prev_free       |
 *            |  ...            |
 *            +-----------------+  next block's prev_phys lies in the last word of this payload
 *
 * Sizes are payload bytes, multiples of TLSF_ALIGN. A block of size 0 ends the pool. */
#include "tlsf.h"

#include <stdint.h>
#include <string.h>

typedef struct block {
    struct block *prev_phys;
    size_t size;
    struct block *next_free;
    struct block *prev_free;
} block_t;

struct tlsf {
    block_t null_block; /* ends every list, so that unlinking needs no test; its prev_phys is the
                           block that ends the pool */
    uint8_t fl_count;
    uint8_t fl_shift; /* sizes below 1 << fl_shift share first-level index 0 */
    uint8_t fl_max;   /* requests stay below 1 << fl_max */
    uint8_t sl_log2;
    size_t control_bytes;
    uint32_t fl_bitmap;
    uint32_t *sl_bitmap;
    block_t **lists; /* [fl_count][1 << sl_log2] */
};

#define TLSF_ALIGN sizeof(size_t)
#define TLSF_ALIGN_LOG2 (sizeof(size_t) == 8 ? 3 : 2)
#define FREE_BIT ((size_t)1)
#define PREV_FREE_BIT ((size_t)2)
#define OVERHEAD sizeof(size_t)
#define USER_OFFSET offsetof(block_t, next_free)
#define MIN_PAYLOAD (sizeof(block_t) - sizeof(block_t *))
#define INLINE static inline __attribute__((always_inline))

INLINE size_t size_of(const block_t *b)
{
    return b->size & ~(FREE_BIT | PREV_FREE_BIT);
}

INLINE void set_size(block_t *b, size_t size)
{
    b->size = size | (b->size & (FREE_BIT | PREV_FREE_BIT));
}

INLINE bool is_free(const block_t *b)
{
    return (b->size & FREE_BIT) != 0;
}

INLINE bool is_prev_free(const block_t *b)
{
    return (b->size & PREV_FREE_BIT) != 0;
}

INLINE void *to_user(const block_t *b)
{
    return (char *)(uintptr_t)b + USER_OFFSET;
}

INLINE block_t *from_user(const void *p)
{
    return (block_t *)(void *)((char *)(uintptr_t)p - USER_OFFSET);
}

INLINE block_t *next_of(const block_t *b)
{
    return (block_t *)(void *)((char *)to_user(b) + size_of(b) - OVERHEAD);
}

INLINE size_t align_up(size_t x, size_t align)
{
    return (x + (align - 1)) & ~(align - 1);
}

INLINE unsigned fls_size(size_t x)
{
    return (unsigned)(8 * sizeof(unsigned long) - 1) - (unsigned)__builtin_clzl((unsigned long)x);
}

/* --- lists --------------------------------------------------------------------------------------
 */

typedef struct {
    unsigned fl;
    unsigned sl;
} list_index_t;

INLINE list_index_t index_of(const tlsf_t *t, size_t size)
{
    list_index_t ix;
    if (size < ((size_t)1 << t->fl_shift)) {
        ix.fl = 0;
        ix.sl = (unsigned)(size >> TLSF_ALIGN_LOG2);
    } else {
        unsigned high = fls_size(size);
        ix.sl = (unsigned)(size >> (high - t->sl_log2)) ^ (1u << t->sl_log2);
        ix.fl = high - (t->fl_shift - 1u);
    }
    return ix;
}

INLINE block_t **list_at(tlsf_t *t, list_index_t ix)
{
    return &t->lists[(ix.fl << t->sl_log2) + ix.sl];
}

INLINE void list_insert(tlsf_t *t, block_t *b)
{
    list_index_t ix = index_of(t, size_of(b));
    block_t **head = list_at(t, ix);
    block_t *first = *head;
    b->next_free = first;
    b->prev_free = &t->null_block;
    first->prev_free = b;
    *head = b;
    t->fl_bitmap |= 1u << ix.fl;
    t->sl_bitmap[ix.fl] |= 1u << ix.sl;
}

INLINE void list_remove_at(tlsf_t *t, block_t *b, list_index_t ix)
{
    block_t *prev = b->prev_free;
    block_t *next = b->next_free;
    next->prev_free = prev;
    prev->next_free = next;
    block_t **head = list_at(t, ix);
    if (*head != b) { return; }
    *head = next;
    if (next == &t->null_block) {
        t->sl_bitmap[ix.fl] &= ~(1u << ix.sl);
        if (t->sl_bitmap[ix.fl] == 0) { t->fl_bitmap &= ~(1u << ix.fl); }
    }
}

INLINE void list_remove(tlsf_t *t, block_t *b)
{
    list_remove_at(t, b, index_of(t, size_of(b)));
}

/* Rounds a request up to the next list boundary, so that any block of the list found fits. As in
 * ESP-IDF the block keeps the rounded size. */
INLINE size_t round_to_list(const tlsf_t *t, size_t size)
{
    if (size >= ((size_t)1 << t->fl_shift)) {
        size = align_up(size, (size_t)1 << (fls_size(size) - t->sl_log2));
    }
    return size;
}

INLINE block_t *take_fit(tlsf_t *t, size_t size)
{
    list_index_t ix = index_of(t, size);
    if (ix.fl >= t->fl_count) { return NULL; }
    uint32_t map = t->sl_bitmap[ix.fl] & (~0u << ix.sl);
    if (map == 0) {
        uint32_t fl_map = ix.fl + 1 < 32 ? t->fl_bitmap & (~0u << (ix.fl + 1)) : 0;
        if (fl_map == 0) { return NULL; }
        ix.fl = (unsigned)__builtin_ctz(fl_map);
        map = t->sl_bitmap[ix.fl];
    }
    ix.sl = (unsigned)__builtin_ctz(map);
    block_t *b = *list_at(t, ix);
    list_remove_at(t, b, ix);
    return b;
}

/* --- splitting and joining
 * ------------------------------------------------------------------------ */

INLINE void mark_free(block_t *b)
{
    block_t *next = next_of(b);
    next->prev_phys = b;
    next->size |= PREV_FREE_BIT;
    b->size |= FREE_BIT;
}

INLINE void mark_used(block_t *b)
{
    next_of(b)->size &= ~PREV_FREE_BIT;
    b->size &= ~FREE_BIT;
}

INLINE bool can_split(const block_t *b, size_t size)
{
    return size_of(b) >= sizeof(block_t) + size;
}

/* Cuts `b` to `size` bytes; returns the rest, marked free but in no list. */
INLINE block_t *split(block_t *b, size_t size)
{
    block_t *rest = (block_t *)(void *)((char *)to_user(b) + size - OVERHEAD);
    rest->size = size_of(b) - (size + OVERHEAD);
    set_size(b, size);
    mark_free(rest);
    return rest;
}

INLINE block_t *absorb(block_t *left, const block_t *right)
{
    left->size += size_of(right) + OVERHEAD;
    next_of(left)->prev_phys = left;
    return left;
}

INLINE block_t *join_prev(tlsf_t *t, block_t *b)
{
    if (is_prev_free(b)) {
        block_t *prev = b->prev_phys;
        list_remove(t, prev);
        b = absorb(prev, b);
    }
    return b;
}

INLINE block_t *join_next(tlsf_t *t, block_t *b)
{
    block_t *next = next_of(b);
    if (is_free(next)) {
        list_remove(t, next);
        b = absorb(b, next);
    }
    return b;
}

INLINE void *use_block(tlsf_t *t, block_t *b, size_t size)
{
    if (can_split(b, size)) { list_insert(t, split(b, size)); }
    mark_used(b);
    return to_user(b);
}

/* 0: the request is 0 or too large for the lists. */
INLINE size_t adjust(const tlsf_t *t, size_t size, size_t align)
{
    if (size == 0 || size >= ((size_t)1 << t->fl_max)) { return 0; }
    size = align_up(size, align);
    if (size >= ((size_t)1 << t->fl_max)) { return 0; }
    return size > MIN_PAYLOAD ? size : MIN_PAYLOAD;
}

/* --- public -------------------------------------------------------------------------------------
 */

size_t tlsf_alloc_overhead(void)
{
    return OVERHEAD;
}

size_t tlsf_control_bytes(const tlsf_t *t)
{
    return t->control_bytes;
}

static block_t *first_block(tlsf_t *t)
{
    return (block_t *)(void *)((char *)t + t->control_bytes - OVERHEAD);
}

/* Second-level lists: 8 up to 16 KB, 16 up to 256 KB, 32 above, as ESP-IDF chooses. */
static void set_parameters(tlsf_t *t, size_t bytes)
{
    t->fl_max = (uint8_t)(fls_size(bytes) + 1);
    t->sl_log2 = bytes <= 16 * 1024 ? 3 : bytes <= 256 * 1024 ? 4 : 5;
    t->fl_shift = (uint8_t)(t->sl_log2 + TLSF_ALIGN_LOG2);
    t->fl_count = (uint8_t)(t->fl_max > t->fl_shift ? t->fl_max - t->fl_shift + 1 : 1);
    size_t list_count = (size_t)t->fl_count << t->sl_log2;
    size_t bitmap_bytes = align_up(t->fl_count * sizeof(uint32_t), TLSF_ALIGN);
    t->control_bytes = sizeof(*t) + bitmap_bytes + list_count * sizeof(block_t *);
    t->sl_bitmap = (uint32_t *)(void *)(t + 1);
    t->lists = (block_t **)(void *)((char *)(t + 1) + bitmap_bytes);
}

static void make_pool(tlsf_t *t, size_t bytes)
{
    block_t *b = first_block(t);
    /* The first block's prev_phys would lie in the control structure: it is never touched. */
    b->size = (bytes & ~(TLSF_ALIGN - 1)) - 2 * OVERHEAD;
    block_t *end = next_of(b);
    end->size = 0;
    t->null_block.prev_phys = end;
    mark_free(b);
    list_insert(t, b);
}

tlsf_t *tlsf_create(void *mem, size_t bytes)
{
    if (bytes < sizeof(tlsf_t)) { return NULL; }
    tlsf_t *t = mem;
    set_parameters(t, bytes);
    if (bytes < t->control_bytes + MIN_PAYLOAD + 3 * OVERHEAD) { return NULL; }
    t->null_block = (block_t){.next_free = &t->null_block, .prev_free = &t->null_block};
    t->fl_bitmap = 0;
    memset(t->sl_bitmap, 0, t->fl_count * sizeof(uint32_t));
    for (size_t i = 0; i < (size_t)t->fl_count << t->sl_log2; i++) {
        t->lists[i] = &t->null_block;
    }
    make_pool(t, bytes - t->control_bytes);
    return t;
}

void *tlsf_malloc(tlsf_t *t, size_t size)
{
    size = adjust(t, size, TLSF_ALIGN);
    if (size == 0) { return NULL; }
    size = round_to_list(t, size);
    block_t *b = take_fit(t, size);
    return b ? use_block(t, b, size) : NULL;
}

/* Bytes between `b`'s payload and the first place for an aligned block: none, or enough for a free
 * block of its own. */
static size_t gap_before(const block_t *b, size_t align, size_t offset)
{
    uintptr_t user = (uintptr_t)to_user(b);
    uintptr_t want = (uintptr_t)align_up(user + offset, align) - offset;
    while (want != user && want - user < sizeof(block_t)) {
        want += align;
    }
    return (size_t)(want - user);
}

void *tlsf_memalign(tlsf_t *t, size_t align, size_t size, size_t offset)
{
    size = adjust(t, size, TLSF_ALIGN);
    if (size == 0) { return NULL; }
    size_t want = size;
    if (align > TLSF_ALIGN) {
        want = adjust(t, size + align + sizeof(block_t), align);
        if (want == 0) { return NULL; }
    }
    block_t *b = take_fit(t, round_to_list(t, want));
    if (b == NULL) { return NULL; }
    size_t gap = align > TLSF_ALIGN ? gap_before(b, align, align_up(offset, TLSF_ALIGN)) : 0;
    if (gap != 0) {
        block_t *rest = split(b, gap - OVERHEAD);
        rest->prev_phys = b;
        rest->size |= PREV_FREE_BIT;
        list_insert(t, b);
        b = rest;
    }
    return use_block(t, b, size);
}

void tlsf_free(tlsf_t *t, void *ptr)
{
    block_t *b = from_user(ptr);
    mark_free(b);
    b = join_prev(t, b);
    b = join_next(t, b);
    list_insert(t, b);
}

/* Gives the end of a used block back. */
static void trim_used(tlsf_t *t, block_t *b, size_t size)
{
    if (!can_split(b, size)) { return; }
    list_insert(t, join_next(t, split(b, size)));
}

void *tlsf_realloc(tlsf_t *t, void *ptr, size_t size)
{
    block_t *b = from_user(ptr);
    size_t now = size_of(b);
    size_t want = adjust(t, size, TLSF_ALIGN);
    if (want == 0) { return NULL; }
    block_t *next = next_of(b);
    if (want > now && (!is_free(next) || want > now + size_of(next) + OVERHEAD)) {
        void *moved = tlsf_malloc(t, size);
        if (moved) {
            memcpy(moved, ptr, now < size ? now : size);
            tlsf_free(t, ptr);
        }
        return moved;
    }
    if (want > now) {
        join_next(t, b);
        mark_used(b);
    }
    trim_used(t, b, want);
    return ptr;
}

size_t tlsf_block_size(const void *ptr)
{
    return size_of(from_user(ptr));
}

size_t tlsf_fit_size(const tlsf_t *t, size_t size)
{
    if (size < ((size_t)1 << t->fl_shift)) { return size & ~(TLSF_ALIGN - 1); }
    size_t step = (size_t)1 << (fls_size(size) - t->sl_log2);
    return size & ~(step - 1);
}

/* --- steps that a damaged header cannot lead out of the pool
 * ----------------------------------------------------- */

static bool is_inside(tlsf_t *t, const block_t *b)
{
    return b >= first_block(t) && b < t->null_block.prev_phys &&
           (uintptr_t)b % TLSF_ALIGN == (uintptr_t)first_block(t) % TLSF_ALIGN;
}

/* The block behind `b`, which is inside; NULL: the size cannot be. */
static block_t *step(tlsf_t *t, const block_t *b)
{
    size_t size = size_of(b);
    size_t left = (size_t)((char *)t->null_block.prev_phys - (const char *)b);
    bool possible = size >= MIN_PAYLOAD && size % TLSF_ALIGN == 0 && size <= left - OVERHEAD;
    return possible ? next_of(b) : NULL;
}

bool tlsf_is_used_block(tlsf_t *t, const void *ptr)
{
    const block_t *b = from_user(ptr);
    return is_inside(t, b) && !is_free(b) && step(t, b) != NULL;
}

void tlsf_walk(tlsf_t *t, tlsf_walker_t fn, void *user)
{
    block_t *b = first_block(t);
    while (b != NULL && is_inside(t, b)) {
        block_t *next = step(t, b);
        if (next == NULL || !fn(to_user(b), size_of(b), !is_free(b), user)) { return; }
        b = next;
    }
}

/* --- validator
 * ------------------------------------------------------------------------------------ */

static const char *check_free_block(tlsf_t *t, const block_t *b, list_index_t ix)
{
    if (!is_free(b)) { return "a block in a free list is not free"; }
    if (is_prev_free(b) || is_free(next_of(b))) { return "two free neighbours"; }
    if (!is_prev_free(next_of(b)) || next_of(b)->prev_phys != b) {
        return "the block after a free block does not know it";
    }
    list_index_t right = index_of(t, size_of(b));
    return right.fl == ix.fl && right.sl == ix.sl ? NULL : "a free block in the wrong list";
}

static const char *check_list(tlsf_t *t, list_index_t ix, size_t *count, size_t most)
{
    block_t *b = *list_at(t, ix);
    bool fl_set = (t->fl_bitmap >> ix.fl & 1u) != 0;
    bool sl_set = (t->sl_bitmap[ix.fl] >> ix.sl & 1u) != 0;
    if (sl_set && !fl_set) { return "first-level bitmap misses a list"; }
    if (sl_set != (b != &t->null_block)) { return "second-level bitmap disagrees with a list"; }
    for (; b != &t->null_block; b = b->next_free) {
        if (!is_inside(t, b) || step(t, b) == NULL) { return "a free list leads astray"; }
        if (*count == most) { return "a free list has too many blocks"; }
        const char *wrong = check_free_block(t, b, ix);
        if (wrong) { return wrong; }
        (*count)++;
    }
    return NULL;
}

static const char *check_chain(tlsf_t *t, size_t *free_count)
{
    bool prev_free = false;
    block_t *b = first_block(t);
    for (; b != t->null_block.prev_phys; b = step(t, b)) {
        if (step(t, b) == NULL) { return "a block's size is wrong"; }
        if (is_prev_free(b) != prev_free) { return "a block's prev-free bit is wrong"; }
        prev_free = is_free(b);
        *free_count += prev_free;
    }
    if (size_of(b) != 0 || is_free(b)) { return "the end marker is wrong"; }
    return is_prev_free(b) == prev_free ? NULL : "the end marker's prev-free bit is wrong";
}

bool tlsf_check(tlsf_t *t, const char **reason)
{
    size_t in_lists = 0;
    size_t in_chain = 0;
    const char *wrong = check_chain(t, &in_chain);
    for (unsigned fl = 0; fl < t->fl_count && !wrong; fl++) {
        for (unsigned sl = 0; sl < (1u << t->sl_log2) && !wrong; sl++) {
            wrong = check_list(t, (list_index_t){fl, sl}, &in_lists, in_chain);
        }
    }
    if (!wrong && in_lists != in_chain) { wrong = "a free block is in no list"; }
    if (reason) { *reason = wrong; }
    return wrong == NULL;
}
