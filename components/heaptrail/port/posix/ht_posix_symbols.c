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
 * more libraries. It allocates from the watched heap; its caller is muted meanwhile.
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

/* The objects of the process as they are now; once, the first time a name is asked for. */
static Dwfl *session(void)
{
    static Dwfl_Callbacks callbacks;
    if (s_dw.session == NULL && s_dw.ready) {
        callbacks.find_elf = s_dw.dwfl_linux_proc_find_elf;
        callbacks.find_debuginfo = find_no_debuginfo;
        s_dw.session = s_dw.dwfl_begin(&callbacks);
        if (s_dw.session != NULL && (s_dw.dwfl_linux_proc_report(s_dw.session, getpid()) != 0 ||
                                     s_dw.dwfl_report_end(s_dw.session, NULL, NULL) != 0)) {
            s_dw.ready = false;
        }
    }
    return s_dw.ready ? s_dw.session : NULL;
}

static bool add_debug_name(text_t *text, uintptr_t address)
{
    Dwfl *dwfl = session();
    Dwfl_Module *module = dwfl != NULL ? s_dw.dwfl_addrmodule(dwfl, address) : NULL;
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

#else
static void open_debuginfo(void)
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
    bool has_names = ht_posix_options.show != HT_POSIX_SHOW_TOTALS;
    if (has_names && ht_posix_options.symbols == HT_POSIX_SYMBOLS_LINES) { open_debuginfo(); }
}

static void add_object(text_t *text, const ht_elf_object_t *object)
{
    extern char *program_invocation_short_name;
    const char *name =
        object->path[0] != '\0' ? base_name(object->path) : program_invocation_short_name;
    add(text, name != NULL ? name : "?");
}

bool ht_posix_symbol(void *context, uintptr_t address, char *text, size_t size)
{
    (void)context;
    text_t out = {text, size};
    ht_elf_object_t object;
    ht_elf_symbol_t symbol;
    uintptr_t inside = address - 1U; /* the call, not what follows it */
    if (size == 0) { return false; }
    int saved_errno = errno;
    bool lines = ht_posix_options.symbols == HT_POSIX_SYMBOLS_LINES;
    bool named = lines && add_debug_name(&out, inside);
    errno = saved_errno;
    if (named) { return true; }
    if (!ht_elf_object(inside, &object)) { return false; }
    if (ht_elf_symbol_at(&object, inside, &symbol)) {
        add_function(&out, symbol.name);
        add(&out, "+");
        add_hex(&out, address - symbol.start);
        add(&out, " (");
        add_object(&out, &object);
        add(&out, ")");
    } else {
        add_object(&out, &object);
        add(&out, "+");
        add_hex(&out, address - object.base);
    }
    return true;
}
