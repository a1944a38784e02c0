// SPDX-License-Identifier: Apache-2.0
/** Force-included (-include) into every source of a firmware target by heaptrail_sim_firmware().
 *
 *  Gives the allocation functions of libc another name in the object file: a call of malloc(), its
 *  address, and calls that the compiler makes up all become references to sim_malloc, which ends in
 *  the simulated heap. In the source nothing changes, so __func__, headers and casts stay as they
 *  are, and the host's libc keeps its own malloc. The --wrap pair of each name is renamed alike:
 *  __wrap_malloc in firmware is what `-Wl,--wrap=sim_malloc` calls.
 *
 *  Includes nothing, so that the source's own feature-test macros still come first. */
#ifndef SIM_REDIRECT_H
#define SIM_REDIRECT_H

#ifndef __ASSEMBLER__

#ifdef __cplusplus
#define SIM_NOTHROW noexcept(true)
extern "C" {
#else
#define SIM_NOTHROW
#endif

#define SIM_RENAME(type, name, args)                                                               \
    type name args SIM_NOTHROW __asm__("sim_" #name);                                              \
    type __wrap_##name args __asm__("__wrap_sim_" #name);                                          \
    type __real_##name args __asm__("__real_sim_" #name);

SIM_RENAME(void *, malloc, (__SIZE_TYPE__))
SIM_RENAME(void *, calloc, (__SIZE_TYPE__, __SIZE_TYPE__))
SIM_RENAME(void *, realloc, (void *, __SIZE_TYPE__))
SIM_RENAME(void, free, (void *))
SIM_RENAME(void, cfree, (void *))
SIM_RENAME(void *, memalign, (__SIZE_TYPE__, __SIZE_TYPE__))
SIM_RENAME(void *, aligned_alloc, (__SIZE_TYPE__, __SIZE_TYPE__))
SIM_RENAME(int, posix_memalign, (void **, __SIZE_TYPE__, __SIZE_TYPE__))
SIM_RENAME(__SIZE_TYPE__, malloc_usable_size, (void *))
SIM_RENAME(char *, strdup, (const char *))
SIM_RENAME(char *, strndup, (const char *, __SIZE_TYPE__))

SIM_RENAME(int, asprintf, (char **__restrict__, const char *__restrict__, ...))
SIM_RENAME(int, vasprintf, (char **__restrict__, const char *__restrict__, __builtin_va_list))

#undef SIM_RENAME
#undef SIM_NOTHROW

#ifdef __cplusplus
}
#endif

#endif
#endif
