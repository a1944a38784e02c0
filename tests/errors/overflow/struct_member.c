/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Index n of n sensors: the write begins 8 bytes behind the end.
 *
 * expect: overflow offset=72 damaged=8 size=64 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

typedef struct {
    uint16_t id;
    double value;
} sensor_t;

static void measure(sensor_t *sensors, int index, double value)
{
    sensors[index].value = value;
}

int main(void)
{
    enum { SENSORS = 4 };
    sensor_t *sensors = calloc(SENSORS, sizeof(*sensors));
    for (int number = 1; number <= SENSORS; number++) {
        measure(sensors, number - BUG(0, 1), 21.5);
    }
    free(sensors);
    return done();
}
