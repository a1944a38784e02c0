/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* As program.c, in C++: names that have to be demangled, inlined members, templates, namespaces. */
#define MARK(name) __asm__ volatile(".globl " #name "\n" #name ": nop")
#define NOINLINE __attribute__((noinline, noclone))

volatile int sink;

namespace shop
{
template <typename T> class basket
{
  public:
    __attribute__((always_inline)) inline void add(T item)
    {
        sink = static_cast<int>(item);
        MARK(in_add);
    }
    NOINLINE explicit basket(int n)
    {
        sink = n;
        MARK(in_constructor);
    }
};

namespace
{
NOINLINE void hidden(const char *, unsigned n)
{
    sink = static_cast<int>(n);
    MARK(in_hidden);
}
struct till {
    struct drawer {
        __attribute__((always_inline)) inline void open() const
        {
            sink = 4;
            MARK(in_open);
        }
    };
};
} // namespace

NOINLINE void fill(basket<short> &full)
{
    full.add(5); /* call of add */
    auto twice = [](int n) __attribute__((noinline))
    {
        sink = n * 2;
        MARK(in_lambda);
    };
    twice(sink);
    hidden("", 3);
    till::drawer().open(); /* call of open */
}
} // namespace shop

int main()
{
    shop::basket<short> full(2);
    shop::fill(full);
    return 0;
}
