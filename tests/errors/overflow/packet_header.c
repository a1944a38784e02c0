/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A packet gets room for its payload, and then the header too.
 *
 * expect: overflow offset=20 damaged=12 size=20 found=free
 * alloc:  make_packet < send_all < main
 * caller: send_all < main
 */
#include "case.h"

typedef struct {
    uint32_t source, target, length;
} header_t;

static uint8_t *make_packet(const uint8_t *payload, uint32_t length)
{
    const header_t header = {1, 2, length};
    uint8_t *packet = malloc(BUG(0, sizeof(header)) + length);
    memcpy(packet, &header, sizeof(header));
    memcpy(packet + sizeof(header), payload, length);
    return packet;
}

static void send_all(const uint8_t *payload, uint32_t length)
{
    for (uint32_t first = 0; first < length; first += 20) {
        uint8_t *packet = make_packet(payload + first, 20);
        free(packet);
    }
}

int main(void)
{
    uint8_t payload[20];
    memset(payload, 0x42, sizeof(payload));
    send_all(payload, sizeof(payload));
    return done();
}
