/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A driver returns a packet to the heap, and then notes in it how often it was sent. The next ones
 * push it out of the quarantine: that finds it.
 *
 * options: quarantine=8192
 * expect: write_after_free offset=12 damaged=2 size=60 found=quarantine
 * alloc:  make_packet < main
 * free:   transmit < main
 * caller: -
 */
#include "case.h"

typedef struct {
    uint32_t source, target, length;
    uint16_t sent;
    char payload[46];
} packet_t;

static packet_t *make_packet(void)
{
    return malloc(sizeof(packet_t));
}

static void transmit(packet_t *packet, int note)
{
    if (BUG(0, note)) { packet->sent = 0x2121; }
    free(packet);
    if (BUG(note, 0)) { packet->sent = 0x2121; }
}

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        transmit(make_packet(), i == 400);
    }
    return done();
}
