/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Names for return addresses, at report time only:
 *
 *   main (src/main.c:42)             with debug information (libdw, if it is installed)
 *   lua_newstate+0x3a (liblua.so.5)  from the symbols
 *   liblua.so.5+0x1f3a               else: `addr2line -e liblua.so.5 0x1f3a` takes it from there
 *
 * libdw is opened when a report is near, and not linked: the watched program should not get a dozen
 * more libraries. What it allocates is heaptrail's own (ht_posix_own.h), as its caller is muted.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ht_posix.h"
#include "ht_posix_elf.h"

#ifdef HT_POSIX_LIBDW
#include <elfutils/libdwfl.h>
#endif

/* A demangler where there is one: in every C++ program. */
char *demangle(const char *name, char *buffer, size_t *length,
               int *status) __asm__("__cxa_demangle") __attribute__((weak));

/* Text that is cut where it gets too long, always terminated. */
typedef struct {
    char *at;
    size_t room; /* with the terminating zero */
} text_t;

static void add(text_t *text, const char *more)
{
    for (; *more != '\0' && text->room > 1; more++) {
        *text->at++ = *more;
        text->room--;
    }
    *text->at = '\0';
}

static void add_hex(text_t *text, uintptr_t number)
{
    char digits[2 * sizeof(number) + 3];
    size_t at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[number & 15U];
        number >>= 4;
    } while (number != 0);
    digits[--at] = 'x';
    digits[--at] = '0';
    add(text, digits + at);
}

static void add_decimal(text_t *text, unsigned number)
{
    char digits[16];
    size_t at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10U);
        number /= 10U;
    } while (number != 0);
    add(text, digits + at);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void add_function(text_t *text, const char *name)
{
    char *plain = NULL;
    int status = -1;
    if (demangle != NULL && name[0] == '_' && name[1] == 'Z') {
        plain = demangle(name, NULL, NULL, &status);
    }
    add(text, plain != NULL && status == 0 ? plain : name);
    free(plain);
}

/* --- libdw ---------------------------------------------------------------------------------------
 */

#ifdef HT_POSIX_LIBDW

#define FUNCTIONS(X)                                                                               \
    X(dwfl_begin)                                                                                  \
    X(dwfl_report_begin)                                                                           \
    X(dwfl_linux_proc_report)                                                                      \
    X(dwfl_report_end)                                                                             \
    X(dwfl_addrmodule)                                                                             \
    X(dwfl_module_addrinfo)                                                                        \
    X(dwfl_module_getsrc)                                                                          \
    X(dwfl_lineinfo)                                                                               \
    X(dwfl_linux_proc_find_elf)

#define DECLARE(name) __typeof__(&name) name;
static struct {
    FUNCTIONS(DECLARE)
    bool tried;
    bool ready;
    Dwfl *session;
    uintptr_t unknown; /* start of an object that was looked for in vain */
} s_dw;

/* Only what is in the files themselves: a search elsewhere may ask a server on the network. */
static int find_no_debuginfo(Dwfl_Module *module, void **userdata, const char *name,
                             Dwarf_Addr base, const char *file, const char *link, GElf_Word crc,
                             char **debug_file)
{
    (void)module, (void)userdata, (void)name, (void)base, (void)file, (void)link, (void)crc,
        (void)debug_file;
    return -1;
}

static bool load(void)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) { return false; }
#define LOAD(name)                                                                                 \
    *(void **)&s_dw.name = dlsym(library, #name);                                                  \
    if (s_dw.name == NULL) { return false; }
    FUNCTIONS(LOAD)
    return true;
}

static void open_debuginfo(void)
{
    if (!s_dw.tried) {
        s_dw.tried = true;
        s_dw.ready = load();
    }
}

/* Tell the session the objects of the process as they are now. */
static void list_objects(void)
{
    if (s_dw.session == NULL || s_dw.dwfl_linux_proc_report(s_dw.session, getpid()) != 0 ||
        s_dw.dwfl_report_end(s_dw.session, NULL, NULL) != 0) {
        s_dw.ready = false;
    }
}

/* The object that an address lies in, for libdw. The list of objects is read the first time, and
 * again for an object that was loaded since. */
static Dwfl_Module *module_of(uintptr_t address)
{
    static Dwfl_Callbacks callbacks;
    ht_elf_object_t object;
    if (s_dw.session == NULL && s_dw.ready) {
        callbacks.find_elf = s_dw.dwfl_linux_proc_find_elf;
        callbacks.find_debuginfo = find_no_debuginfo;
        s_dw.session = s_dw.dwfl_begin(&callbacks);
        list_objects();
    }
    if (!s_dw.ready) { return NULL; }
    Dwfl_Module *module = s_dw.dwfl_addrmodule(s_dw.session, address);
    if (module == NULL && ht_elf_object(address, &object) && object.start != s_dw.unknown) {
        s_dw.unknown = object.start;
        s_dw.dwfl_report_begin(s_dw.session);
        list_objects();
        module = s_dw.ready ? s_dw.dwfl_addrmodule(s_dw.session, address) : NULL;
    }
    return module;
}

static bool add_debug_name(text_t *text, uintptr_t address)
{
    Dwfl_Module *module = module_of(address);
    if (module == NULL) { return false; }
    GElf_Off offset = 0;
    GElf_Sym symbol;
    const char *name =
        s_dw.dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
    int line_number = 0;
    Dwfl_Line *line = s_dw.dwfl_module_getsrc(module, address);
    const char *file =
        line != NULL ? s_dw.dwfl_lineinfo(line, NULL, &line_number, NULL, NULL, NULL) : NULL;
    if (name == NULL) { return false; }
    add_function(text, name);
    if (file == NULL) { /* a symbol that is not exported, so ht_posix_elf.h does not know it */
        add(text, "+");
        add_hex(text, offset + 1U);
        return true;
    }
    add(text, " (");
    add(text, base_name(file));
    add(text, ":");
    add_decimal(text, (unsigned)line_number);
    add(text, ")");
    return true;
}

static void forget_debuginfo(void)
{
    s_dw.ready = false;
}

#else
static void open_debuginfo(void)
{
}

static void forget_debuginfo(void)
{
}

static bool add_debug_name(text_t *text, uintptr_t address)
{
    (void)text, (void)address;
    return false;
}
#endif

/* ------------------------------------------------------------------------------------------------
 */

void ht_posix_symbols_open(void)
{
    bool has_names = ht_posix_options.show != HT_POSIX_SHOW_TOTALS ||
                     ht_posix_options.checks != HT_POSIX_CHECKS_OFF;
    if (has_names && ht_posix_options.symbols == HT_POSIX_SYMBOLS_LINES) { open_debuginfo(); }
}

static void add_object(text_t *text, const ht_elf_object_t *object)
{
    extern char *program_invocation_short_name;
    const char *name =
        object->path[0] != '\0' ? base_name(object->path) : program_invocation_short_name;
    add(text, name != NULL ? name : "?");
}

/* One thread at a time is in libdw. Not the one that is in there already: a free() of libdw's may
 * find an error. */
static struct {
    ht_port_lock_t lock;
    const ht_posix_thread_t *owner;
} s_turn;

void ht_posix_symbols_forked(void)
{
    if (s_turn.lock.taken == 0) { return; }
    forget_debuginfo(); /* its session is half changed */
    s_turn.owner = NULL;
    s_turn.lock.taken = 0;
}

/* What libdw knows of the code before an address. */
static bool add_line(text_t *text, uintptr_t inside, const ht_posix_thread_t *self)
{
    if (__atomic_load_n(&s_turn.owner, __ATOMIC_RELAXED) == self) { return false; }
    ht_port_irq_t irq = ht_port_lock(&s_turn.lock);
    __atomic_store_n(&s_turn.owner, self, __ATOMIC_RELAXED);
    bool named = add_debug_name(text, inside);
    __atomic_store_n(&s_turn.owner, NULL, __ATOMIC_RELAXED);
    ht_port_unlock(&s_turn.lock, irq);
    return named;
}

static bool add_name(text_t *text, uintptr_t address, const ht_posix_thread_t *self)
{
    ht_elf_object_t object;
    ht_elf_symbol_t symbol;
    uintptr_t inside = address - 1U; /* the call, not what follows it */
    bool lines = ht_posix_options.symbols == HT_POSIX_SYMBOLS_LINES;
    if (lines && add_line(text, inside, self)) { return true; }
    if (!ht_elf_object(inside, &object)) { return false; }
    if (ht_elf_symbol_at(&object, inside, &symbol)) {
        add_function(text, symbol.name);
        add(text, "+");
        add_hex(text, address - symbol.start);
        add(text, " (");
        add_object(text, &object);
        add(text, ")");
    } else {
        add_object(text, &object);
        add(text, "+");
        add_hex(text, address - object.base);
    }
    return true;
}

bool ht_posix_symbol(void *context, uintptr_t address, char *text, size_t size)
{
    (void)context;
    if (size == 0) { return false; }
    text_t out = {text, size};
    int saved_errno = errno;
    ht_posix_thread_t *self = ht_posix_thread_self();
    if (self == NULL) { return false; }
    self->busy++; /* what names need is not the program's */
    bool named = add_name(&out, address, self);
    self->busy--;
    errno = saved_errno;
    return named;
}
