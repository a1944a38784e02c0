// SPDX-License-Identifier: Apache-2.0
/* C++ allocations of firmware code, before main() too, end in the simulated heap. */
#include "esp_heap_caps.h"
#include "esp_memory_utils.h"
#include "sim.h"
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

static std::vector<int> *s_early = new std::vector<int>(100);

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            std::printf("line %d: %s\n", __LINE__, #x);                                            \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

int main()
{
    CHECK(esp_ptr_internal(s_early) && esp_ptr_internal(s_early->data()));
    auto shared = std::make_shared<int>(5);
    CHECK(esp_ptr_internal(shared.get()));
    std::string text(200, 'x');
    text += "more"; /* code of libstdc++ itself */
    CHECK(esp_ptr_internal(text.data()));
    void *p = std::malloc(10);
    CHECK(esp_ptr_internal(p));
    std::free(p);
    delete s_early;
    CHECK(heap_caps_check_integrity_all(true));
    return 0;
}
