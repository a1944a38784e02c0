# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
#
# heaptrail_relay: who listens to a decoder in a thread of his own.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
add_library(heaptrail_relay STATIC ${CMAKE_CURRENT_LIST_DIR}/ht_relay.c)
target_link_libraries(heaptrail_relay PRIVATE heaptrail_warnings PUBLIC heaptrail_decode Threads::Threads)
