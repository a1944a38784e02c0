// SPDX-License-Identifier: Apache-2.0
/* C++ allocation on the chip: operator new is malloc, and failure aborts, exceptions being off. It
 * is defined for the whole program, libstdc++ included, so that what one side makes the other may
 * delete. */
#include "sim.h"
#include <cstdlib>
#include <new>

static void *make(std::size_t size)
{
    void *p = sim_malloc(size ? size : 1);
    if (p == nullptr) { std::abort(); }
    return p;
}

void *operator new(std::size_t size)
{
    return make(size);
}
void *operator new[](std::size_t size)
{
    return make(size);
}
void *operator new(std::size_t size, const std::nothrow_t &) noexcept
{
    return sim_malloc(size ? size : 1);
}
void *operator new[](std::size_t size, const std::nothrow_t &) noexcept
{
    return sim_malloc(size ? size : 1);
}
void *operator new(std::size_t size, std::align_val_t align)
{
    return sim_memalign(static_cast<std::size_t>(align), size ? size : 1);
}
void *operator new[](std::size_t size, std::align_val_t align)
{
    return sim_memalign(static_cast<std::size_t>(align), size ? size : 1);
}
void operator delete(void *p) noexcept
{
    sim_free(p);
}
void operator delete[](void *p) noexcept
{
    sim_free(p);
}
void operator delete(void *p, std::size_t) noexcept
{
    sim_free(p);
}
void operator delete[](void *p, std::size_t) noexcept
{
    sim_free(p);
}
void operator delete(void *p, const std::nothrow_t &) noexcept
{
    sim_free(p);
}
void operator delete[](void *p, const std::nothrow_t &) noexcept
{
    sim_free(p);
}
void operator delete(void *p, std::align_val_t) noexcept
{
    sim_free(p);
}
void operator delete[](void *p, std::align_val_t) noexcept
{
    sim_free(p);
}
void operator delete(void *p, std::size_t, std::align_val_t) noexcept
{
    sim_free(p);
}
void operator delete[](void *p, std::size_t, std::align_val_t) noexcept
{
    sim_free(p);
}
