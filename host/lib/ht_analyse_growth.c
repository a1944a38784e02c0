/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Does it keep growing? A line through the samples, and how sure it is. */
#include <math.h>
#include <stdlib.h>

#include "ht_analyse.h"
#include "ht_strings.h"

/* --- Student's t --------------------------------------------------------------------------------
 */

/* Lentz's continued fraction of the incomplete beta function (Numerical Recipes, 6.4). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 300; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
        d = 1.0 + even * d;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = 1.0 + even / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
        d = 1.0 + odd * d;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = 1.0 + odd / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1.0) < 1e-14) { break; }
    }
    return h;
}

static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0.0) { return 0.0; }
    if (x >= 1.0) { return 1.0; }
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1.0) / (a + b + 2.0)) { return front * beta_fraction(a, b, x) / a; }
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double ht_student(double t, double freedom)
{
    if (freedom <= 0.0 || isnan(t)) { return 0.5; }
    if (isinf(t)) { return t > 0 ? 1.0 : 0.0; }
    double tail = 0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t));
    return t > 0 ? 1.0 - tail : tail;
}

/* --- the line -----------------------------------------------------------------------------------
 */

typedef struct {
    double x, y, xx, xy, yy; /* means, and sums of squared distances from them */
} moments_t;

static moments_t moments(const double *x, const double *y, size_t n)
{
    moments_t m = {0};
    for (size_t i = 0; i < n; i++) {
        m.x += x[i] / (double)n;
        m.y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        m.xx += (x[i] - m.x) * (x[i] - m.x);
        m.xy += (x[i] - m.x) * (y[i] - m.y);
        m.yy += (y[i] - m.y) * (y[i] - m.y);
    }
    return m;
}

/* Samples that count: those of which the next one is not a copy. */
static double effective_samples(const double *x, const double *y, size_t n, const ht_fit_t *fit)
{
    double squares = 0, products = 0, before = 0;
    for (size_t i = 0; i < n; i++) {
        double residual = y[i] - fit->intercept - fit->slope * x[i];
        squares += residual * residual;
        products += i == 0 ? 0 : residual * before;
        before = residual;
    }
    double r = squares > 0 ? products / squares : 0;
    r = r < 0 ? 0 : r;
    return (double)n * (1.0 - r) / (1.0 + r);
}

ht_fit_t ht_fit(const double *x, const double *y, size_t n)
{
    ht_fit_t fit = {0};
    if (n < 3) { return fit; }
    moments_t m = moments(x, y, n);
    if (m.xx <= 0) { return fit; }
    fit.slope = m.xy / m.xx;
    fit.intercept = m.y - fit.slope * m.x;
    double rest = m.yy - fit.slope * m.xy;
    rest = rest < 1e-9 * m.yy ? 0 : rest;
    fit.r2 = m.yy > 0 ? 1.0 - rest / m.yy : 0;
    fit.effective = effective_samples(x, y, n, &fit);
    if (fit.slope == 0.0) { return fit; }
    double freedom = fit.effective - 2.0;
    double error = freedom > 0 ? sqrt(rest / freedom / m.xx) : INFINITY;
    fit.t = error > 0 ? fit.slope / error : copysign(INFINITY, fit.slope);
    fit.confidence = freedom > 0 ? ht_student(fit.t, freedom) : 0;
    return fit;
}

/* --- all origins --------------------------------------------------------------------------------
 */

typedef struct {
    double x[HT_SERIES_POINTS], y[HT_SERIES_POINTS];
    uint32_t count;
} samples_t;

static uint64_t sample(const ht_series_t *series, uint32_t at, uint32_t origin)
{
    if (origin == UINT32_MAX) { return series->total[at]; }
    return origin < series->origins[at] ? series->by_origin[at][origin] : 0;
}

/* Of an origin, or of all (UINT32_MAX). */
static samples_t after_warm_up(const ht_series_t *series, uint32_t origin)
{
    samples_t samples = {.count = 0};
    for (uint32_t at = series->count / 4U; at < series->count; at++) {
        samples.x[samples.count] = (double)at * (double)series->step_us / 1e6;
        samples.y[samples.count++] = (double)sample(series, at, origin);
    }
    return samples;
}

static ht_growth_t growth_of(const samples_t *samples, ht_row_t origin)
{
    ht_growth_t growth = {.origin = origin};
    growth.fit = ht_fit(samples->x, samples->y, samples->count);
    growth.bytes_per_hour = growth.fit.slope * 3600.0;
    growth.first_bytes = (uint64_t)samples->y[0];
    growth.last_bytes = (uint64_t)samples->y[samples->count - 1U];
    return growth;
}

/* A rise, and still one in the second half: a step up is none. */
static bool keeps_growing(const samples_t *samples, const ht_growth_t *growth)
{
    uint32_t half = samples->count / 2U;
    if (growth->fit.slope <= 0 || growth->fit.confidence < HT_GROWTH_CONFIDENCE ||
        growth->last_bytes <= growth->first_bytes) {
        return false;
    }
    ht_fit_t late = ht_fit(&samples->x[half], &samples->y[half], samples->count - half);
    return late.slope > 0 && samples->y[samples->count - 1U] > samples->y[half];
}

static int compare(const void *a, const void *b)
{
    const ht_growth_t *one = a, *two = b;
    if (one->bytes_per_hour > two->bytes_per_hour) { return -1; }
    if (one->bytes_per_hour < two->bytes_per_hour) { return 1; }
    return one->origin < two->origin ? -1 : 1;
}

static bool add(ht_growths_t *growths, const ht_growth_t *growth)
{
    if (!ht_array_room((void **)&growths->row, &growths->capacity, growths->count,
                       sizeof(*growths->row))) {
        return false;
    }
    growths->row[growths->count++] = *growth;
    return true;
}

bool ht_growth(ht_growths_t *growths, const ht_model_view_t *view,
               bool (*wanted)(void *context, ht_row_t origin), void *context)
{
    const ht_series_t *series = view->series;
    samples_t all = after_warm_up(series, UINT32_MAX);
    *growths = (ht_growths_t){.samples = all.count};
    if (all.count < HT_GROWTH_SAMPLES) { return true; }
    growths->from_us = series->first_us + series->count / 4U * series->step_us;
    growths->to_us = series->first_us + (series->count - 1U) * series->step_us;
    growths->total = growth_of(&all, UINT32_MAX);
    for (uint32_t o = 0; o < view->origins; o++) {
        if (view->origin[o].live_bytes == 0 || (wanted != NULL && !wanted(context, o))) {
            continue;
        }
        samples_t samples = after_warm_up(series, o);
        ht_growth_t growth = growth_of(&samples, o);
        if (keeps_growing(&samples, &growth) && !add(growths, &growth)) { return false; }
    }
    if (growths->count != 0) {
        qsort(growths->row, growths->count, sizeof(*growths->row), compare);
    }
    return true;
}

void ht_growths_free(ht_growths_t *growths)
{
    free(growths->row);
    *growths = (ht_growths_t){0};
}
