/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "reach.h"

#include <string.h>

uint32_t reach_random(reach_graph_t *graph, uint32_t n)
{
    graph->seed ^= graph->seed << 13;
    graph->seed ^= graph->seed >> 17;
    graph->seed ^= graph->seed << 5;
    return graph->seed % n;
}

void reach_begin(reach_graph_t *graph, uint32_t seed)
{
    memset(graph, 0, sizeof(*graph));
    graph->seed = seed;
    graph->count = 1U + reach_random(graph, REACH_MAX - 1U);
    for (uint32_t i = 0; i < graph->count; i++) {
        graph->words[i] = reach_random(graph, 12);
    }
}

/* Half of the pointers are to starts, the others into a block and just behind it. */
static reach_link_t choose(reach_graph_t *graph)
{
    reach_link_t link = {.to = reach_random(graph, graph->count)};
    uint32_t kind = reach_random(graph, 10);
    uint32_t bytes = graph->words[link.to] * (uint32_t)sizeof(uintptr_t);
    if (kind < 5U || (kind < 8U && bytes == 0)) {
        link.kind = REACH_START;
    } else if (kind < 7U) {
        link.kind = REACH_MIDDLE;
        link.offset = 1U + reach_random(graph, bytes - 1U);
    } else if (kind < 8U) {
        link.kind = REACH_BEHIND;
        link.offset = bytes;
    } else {
        link.offset = reach_random(graph, 1000);
    }
    return link;
}

reach_link_t reach_link(reach_graph_t *graph, uint32_t from)
{
    reach_link_t link = choose(graph);
    bool *start = from < REACH_MAX ? graph->start[from] : graph->root_start;
    bool *any = from < REACH_MAX ? graph->any[from] : graph->root_any;
    if (link.kind == REACH_START) { start[link.to] = true; }
    if (link.kind == REACH_START || link.kind == REACH_MIDDLE) { any[link.to] = true; }
    return link;
}

static bool join(bool *to, bool more)
{
    bool changes = more && !*to;
    *to = *to || more;
    return changes;
}

static void solve_fates(reach_graph_t *graph)
{
    bool reached[REACH_MAX];
    bool maybe[REACH_MAX];
    memcpy(reached, graph->root_start, sizeof(reached));
    memcpy(maybe, graph->root_any, sizeof(maybe));
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < graph->count; i++) {
            for (uint32_t j = 0; j < graph->count; j++) {
                changed |= join(&reached[j], reached[i] && graph->start[i][j]);
                changed |= join(&maybe[j], (reached[i] || maybe[i]) && graph->any[i][j]);
            }
        }
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        graph->fate[i] = reached[i] ? REACH_REACHABLE : maybe[i] ? REACH_POSSIBLE : REACH_LOST;
    }
}

static void solve_holds(reach_graph_t *graph)
{
    uint32_t count = graph->count;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count; j++) {
            bool both = graph->fate[i] == REACH_LOST && graph->fate[j] == REACH_LOST;
            graph->holds[i][j] = both && graph->any[i][j];
        }
    }
    for (uint32_t k = 0; k < count; k++) { /* Warshall (1962) */
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t j = 0; graph->holds[i][k] && j < count; j++) {
                (void)join(&graph->holds[i][j], graph->holds[k][j]);
            }
        }
    }
}

void reach_solve(reach_graph_t *graph)
{
    solve_fates(graph);
    solve_holds(graph);
}

/* Who points to a leader is in a ring with it, and no leader. */
static bool leads(const reach_graph_t *graph, const reach_t *got, uint32_t i)
{
    for (uint32_t j = 0; j < graph->count; j++) {
        bool holder = j != i && graph->fate[j] == REACH_LOST && graph->any[j][i];
        if (holder && (!graph->holds[i][j] || got[j] != REACH_INDIRECT)) { return false; }
    }
    return true;
}

const char *reach_compare(const reach_graph_t *graph, const reach_t *got, const uint32_t *leader,
                          uint32_t *which)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        *which = i;
        reach_t fate = got[i] == REACH_INDIRECT ? REACH_LOST : got[i];
        if (fate != graph->fate[i]) { return "another fate"; }
        if (got[i] == REACH_LOST && !leads(graph, got, i)) { return "leads, and is held"; }
        if (got[i] != REACH_INDIRECT) { continue; }
        if (leader[i] >= graph->count || got[leader[i]] != REACH_LOST) {
            return "its leader is none";
        }
        if (!graph->holds[leader[i]][i]) { return "its leader does not hold it"; }
    }
    return NULL;
}
