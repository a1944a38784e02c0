// SPDX-FileCopyrightText: 2026 The heaptrail authors
// SPDX-License-Identifier: Apache-2.0
// new and delete in all forms, containers, exceptions, static objects.
// With an argument also new that fails: valgrind cannot throw and ends the program.
#include <cstdio>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

static std::map<std::string, std::vector<int>> g_map = {{"made before main()", {1, 2, 3}}};

struct alignas(64) Wide {
    char bytes[128]; // a multiple of its alignment: libstdc++ would round up other sizes
};

__attribute__((noinline)) static int *make_number()
{
    return new int(42);
}

__attribute__((noinline)) static char *make_array(std::size_t size)
{
    return new char[size];
}

static int fail()
{
    int failed = 0;
    try {
        delete[] make_array(static_cast<std::size_t>(-1) / 4);
    } catch (const std::bad_alloc &) {
        failed++;
    }
    void *volatile none = ::operator new(static_cast<std::size_t>(-1) / 4, std::nothrow);
    return failed + (none == nullptr);
}

int main(int argc, char **)
{
    for (int i = 0; i < 5000; i++) {
        g_map["key " + std::to_string(i % 700) + " that is too long for the string itself"]
            .push_back(i);
    }
    int thrown = 0;
    for (int i = 0; i < 100; i++) {
        try {
            throw std::runtime_error("number " + std::to_string(i) +
                                     " of the exceptions thrown here");
        } catch (const std::exception &error) {
            thrown += error.what()[0] == 'n';
        }
    }
    int *number = make_number();
    char *array = make_array(1000);
    auto *wide = new Wide;
    auto *wides = new (std::nothrow) Wide[3];
    char *nothing = new (std::nothrow) char[100];
    std::printf("%zu %d %d %d\n", g_map.size(), thrown, *number, argc > 1 ? fail() : 0);
    delete wide;
    delete[] wides;
    delete[] nothing;
    delete number;
    (void)array; // leaked on purpose
    return 0;
}
