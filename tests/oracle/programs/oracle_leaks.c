/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Blocks whose fate is known. Each is made by a function of its own, whose name is the block's in
 * every tool's report; what it has to be is in leaks.py.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct node {
    struct node *a, *b;
    char rest[48];
} node_t;

#define NOINLINE __attribute__((noinline, noclone))
#define MAKER(name)                                                                                \
    NOINLINE static node_t *make_##name(void)                                                      \
    {                                                                                              \
        node_t *volatile made = calloc(1, sizeof(node_t));                                         \
        return made;                                                                               \
    }
/* clang-format off */
#define MAKERS(X) \
    X(lone) X(list_1) X(list_2) X(list_3) X(push_1) X(push_2) X(push_3) X(tree) X(tree_left) \
    X(tree_right) X(tree_leaf) X(ring_1) X(ring_2) X(ring_3) X(self) X(middle) X(middle_child) \
    X(bss) X(data) X(bss_child) X(middle_of_child) X(tls) X(specific) X(stack) X(other_stack) \
    X(other_register) X(other_tls) X(other_dead) X(past_end) X(in_mmap) X(in_freed) X(of_big) \
    X(hidden) X(at_last_byte) X(shared_1) X(shared_2) X(shared_child) X(mid_of_lost) \
    X(holds_mid) X(from_thread) X(unaligned) X(of_atexit) X(before_page) X(in_page) X(behind_page) \
    X(of_lost_pages)
/* clang-format on */

MAKERS(MAKER)

/* volatile: the compiler must not see that nobody reads them. */
static node_t *volatile s_bss;
static node_t *volatile s_data = (node_t *)&s_bss;
static char *volatile s_middle;
static char *volatile s_last_byte;
static char *volatile s_past;
static node_t *volatile s_atexit;
static __thread node_t *volatile s_tls;
static pthread_key_t s_key;
static node_t *volatile *s_mapped;
static volatile uintptr_t s_hidden;
static volatile char s_unaligned[24] __attribute__((aligned(8)));
static pthread_barrier_t s_ready;
static int s_pipe[2];
static node_t *volatile *volatile s_pages; /* nobody reads it */

NOINLINE static void *make_big(void)
{
    void *volatile made = calloc(1, 1 << 20);
    return made;
}

/* What functions left on the stack, and in registers, must not keep anything. */
NOINLINE static void clear(void)
{
    volatile char bytes[65536];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0;
    }
#if defined(__x86_64__)
    /* clang-format off */
    __asm__ volatile(
        "xor %%eax,%%eax; xor %%ecx,%%ecx; xor %%edx,%%edx; xor %%esi,%%esi; xor %%edi,%%edi;"
        "xor %%r8d,%%r8d; xor %%r9d,%%r9d; xor %%r10d,%%r10d; xor %%r11d,%%r11d; xor %%ebx,%%ebx;"
        "xor %%r12d,%%r12d; xor %%r13d,%%r13d; xor %%r14d,%%r14d; xor %%r15d,%%r15d;"
        "pxor %%xmm0,%%xmm0; pxor %%xmm1,%%xmm1; pxor %%xmm2,%%xmm2; pxor %%xmm3,%%xmm3;"
        "pxor %%xmm4,%%xmm4; pxor %%xmm5,%%xmm5; pxor %%xmm6,%%xmm6; pxor %%xmm7,%%xmm7" ::
            : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
              "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
    /* clang-format on */
#endif
}

NOINLINE static void lose(void)
{
    (void)make_lone();
    node_t *one = make_list_1(); /* the head lies first */
    one->a = make_list_2();
    one->a->a = make_list_3();
    node_t *last = make_push_1(); /* and here last, as in a list that grows at its head */
    node_t *middle = make_push_2();
    middle->a = last;
    node_t *head = make_push_3();
    head->a = middle;
    node_t *tree = make_tree();
    tree->a = make_tree_left();
    tree->b = make_tree_right();
    tree->b->b = make_tree_leaf();
    node_t *ring = make_ring_1();
    ring->a = make_ring_2();
    ring->a->a = make_ring_3();
    ring->a->a->b = ring;
    node_t *self = make_self();
    self->b = self;
    node_t *shared = make_shared_1();
    node_t *shared_too = make_shared_2();
    shared->a = shared_too->b = make_shared_child();
    node_t *holds = make_holds_mid();
    holds->a = (node_t *)((char *)make_mid_of_lost() + 8);
    node_t **big = make_big();
    big[1000] = make_of_big();
    node_t *freed = malloc(sizeof(node_t));
    freed->rest[0] = 1;
    *(node_t **)(void *)(freed->rest + 24) = make_in_freed();
    free(freed);
}

NOINLINE static void keep(void)
{
    s_bss = make_bss();
    s_bss->a = make_bss_child();
    s_bss->b = (node_t *)((char *)make_middle_of_child() + 16);
    s_data = make_data();
    s_middle = (char *)make_middle() + 1;
    ((node_t *)(void *)(s_middle - 1))->b = make_middle_child();
    s_last_byte = (char *)make_at_last_byte() + sizeof(node_t) - 1;
    s_past = (char *)make_past_end() + sizeof(node_t);
    s_tls = make_tls();
    pthread_setspecific(s_key, make_specific());
    s_mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    s_mapped[600] = make_in_mmap();
    s_hidden = (uintptr_t)make_hidden() ^ UINTPTR_MAX;
    node_t *unaligned = make_unaligned();
    memcpy((char *)(uintptr_t)s_unaligned + 3, &unaligned, sizeof(unaligned));
}

#define PAGE_WORDS (4096 / sizeof(node_t *))
#define PAGES_MAKER(name)                                                                          \
    NOINLINE static node_t *volatile *make_##name(void)                                            \
    {                                                                                              \
        void *made = NULL;                                                                         \
        if (posix_memalign(&made, 4096, 5 * 4096) != 0) { abort(); }                               \
        memset(made, 0, 5 * 4096);                                                                 \
        return made;                                                                               \
    }
PAGES_MAKER(pages)
PAGES_MAKER(lost_pages)

/* A page in the midst of a block may not be read: no fault; what only it holds is lost. */
NOINLINE static void protect(void)
{
    node_t *volatile *pages = make_pages();
    pages[PAGE_WORDS - 1] = make_before_page();
    pages[2 * PAGE_WORDS + 7] = make_in_page();
    pages[4 * PAGE_WORDS] = make_behind_page();
    s_pages = pages;
    if (mprotect((void *)(uintptr_t)(pages + PAGE_WORDS), 3 * 4096, PROT_NONE) != 0) { abort(); }
    pages = make_lost_pages();
    pages[4 * PAGE_WORDS + 1] = make_of_lost_pages();
    if (mprotect((void *)(uintptr_t)pages, 4096, PROT_NONE) != 0) { abort(); }
}

NOINLINE static void hold_for_a_while(void)
{
    node_t *volatile held = make_other_dead();
    (void)held;
}

/* Far below what the thread will use: no call overwrites it. */
NOINLINE static void leave_dead(void)
{
    volatile char deep[30000];
    deep[0] = 0;
    hold_for_a_while();
    deep[1] = deep[0];
}

NOINLINE static void lose_in_thread(void)
{
    (void)make_from_thread();
}

/* Reads for ever, with a pointer in a register that the kernel keeps and no function saves. */
NOINLINE static void wait_with_register(node_t *kept)
{
#if defined(__x86_64__)
    char byte;
    register node_t *in_register __asm__("r15") = kept;
    kept = NULL;
    long number = 0; /* read */
    __asm__ volatile("syscall"
                     : "+a"(number), "+r"(in_register)
                     : "D"((long)s_pipe[0]), "S"(&byte), "d"(1L)
                     : "rcx", "r11", "memory");
    __asm__ volatile("" ::"r"(in_register));
#else
    char byte;
    node_t *volatile on_stack = kept;
    (void)!read(s_pipe[0], &byte, 1);
    (void)on_stack;
#endif
}

static void *other(void *argument)
{
    (void)argument;
    node_t *volatile on_stack = make_other_stack();
    s_tls = make_other_tls();
    lose_in_thread();
    clear();
    leave_dead();
    pthread_barrier_wait(&s_ready);
    wait_with_register(make_other_register());
    return on_stack;
}

static void at_exit(void)
{
    s_atexit = make_of_atexit();
    clear();
}

int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_key_create(&s_key, NULL);
    pthread_barrier_init(&s_ready, NULL, 2);
    if (pipe(s_pipe) != 0) { return 2; }
    atexit(at_exit);
    node_t *volatile on_stack = make_stack();
    lose();
    keep();
    if (argc > 1 && strcmp(argv[1], "protect") == 0) { protect(); }
    clear();
    pthread_create(&thread, NULL, other, NULL);
    pthread_barrier_wait(&s_ready);
    usleep(50000);
    clear();
    exit(on_stack == NULL);
}
