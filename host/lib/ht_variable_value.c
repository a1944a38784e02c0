/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * What becomes of a call's value: outwards from the call, expression by expression.
 *
 *   if ((ctx->rx = (char *)malloc(n)) == NULL)
 *                          ^^^^^^^^^          the call
 *                  ^^^^^^^^^^^^^^^^^          a cast: still the block
 *         ^^^^^^^ =                           here it stays
 */
#include <stdio.h>
#include <string.h>

#include "ht_variable_private.h"

#define MOST_STEPS 40
#define MOST_BACK 400U

/* Functions that hand the block out through an argument: which. */
static const struct {
    const char *name;
    unsigned argument;
} s_through_argument[] = {
    {"posix_memalign", 0},
    {"asprintf", 0},
    {"vasprintf", 0},
    {"getline", 0},
    {"getdelim", 0},
    {"open_memstream", 0},
    {"getaddrinfo", 3},
    {"scandir", 1},
    {"xTaskCreate", 5},
    {"esp_timer_create", 1},
    {"xTaskCreatePinnedToCore", 5},
};

/* --- words to text ------------------------------------------------------------------------------
 */

/* Without spaces but between words. False: too long to be of use. */
static bool join(const ht_source_t *source, size_t first, size_t last, char *text, size_t room)
{
    size_t length = 0;
    for (size_t i = first; i <= last && i < source->count; i++) {
        const ht_token_t *token = &source->tokens[i];
        bool needs_space =
            i > first && token->kind != HT_TOKEN_SYMBOL && token[-1].kind != HT_TOKEN_SYMBOL;
        if (length + needs_space + token->length >= room) { return false; }
        if (needs_space) { text[length++] = ' '; }
        memcpy(text + length, source->text + token->offset, token->length);
        length += token->length;
    }
    text[length] = '\0';
    return length > 0;
}

static bool say(const ht_source_t *source, size_t first, size_t last, const char *prefix,
                ht_variable_kind_t kind, ht_derived_t *derived)
{
    char text[HT_VARIABLE_ROOM - 16];
    if (!join(source, first, last, text, sizeof(text))) { return false; }
    derived->kind = kind;
    (void)snprintf(derived->text, sizeof(derived->text), "%s%s", prefix, text);
    return true;
}

/* --- what is left of "=" ------------------------------------------------------------------------
 */

static size_t pair_of(const ht_source_t *source, size_t at)
{
    uint32_t pair = source->tokens[at].pair;
    return pair == HT_TOKEN_NONE ? at : pair;
}

/* (*name) of a pointer to an array or a function: the name. */
static bool declared_pointer(const ht_source_t *source, size_t close, size_t *name)
{
    size_t open = pair_of(source, close);
    bool fits = open != close && close - open == 3 && ht_source_is(source, open + 1, "*") &&
                ht_word_is_name(source, open + 2) && open > 0 &&
                (ht_word_is_name(source, open - 1) || ht_source_is(source, open - 1, "*")) &&
                !ht_word_is_keyword(source, open - 1);
    if (fits) { *name = open + 2; }
    return fits;
}

/* Are the stars before `at` those of a declaration? They follow a type; in a list of declarations a
 * comma. */
static bool is_declaration(const ht_source_t *source, size_t stars)
{
    if (stars == 0) { return false; }
    size_t before = stars - 1;
    if (ht_source_is(source, before, ">")) { return true; }
    if (ht_source_is(source, before, ")") && pair_of(source, before) > 0) {
        return ht_word_is_one_of(source, pair_of(source, before) - 1,
                                 " typeof __typeof__ decltype ");
    }
    if (ht_word_is_name(source, before)) { return !ht_word_is_keyword(source, before); }
    if (!ht_source_is(source, before, ",")) { return false; }
    size_t first = before; /* is the statement's beginning a type and a name? */
    while (first > 0 && before - first < MOST_BACK &&
           !ht_word_is_one_of(source, first - 1, " ; { } ( ")) {
        first--;
    }
    bool two_names = ht_word_is_name(source, first) && !ht_word_is_keyword(source, first) &&
                     (ht_word_is_name(source, first + 1) || ht_source_is(source, first + 1, "*"));
    return two_names && !(first > 0 && ht_source_is(source, first - 1, "("));
}

/* The postfix expression or declarator that ends at `last`. */
static size_t target_start(const ht_source_t *source, size_t last)
{
    size_t at = last;
    while (at > 0 && ht_word_is_one_of(source, at, " ++ -- ")) {
        at--;
    }
    return ht_call_chain(source, at);
}

static bool say_target(const ht_source_t *source, size_t last, ht_derived_t *derived);

/* .member = in braces: the variable's name in front, if the braces are a variable's. */
static bool say_designated(const ht_source_t *source, size_t dot, size_t last,
                           ht_derived_t *derived)
{
    size_t at = dot;
    while (at > 0 && !ht_word_is_one_of(source, at, " { ; ")) {
        at--;
        if (ht_word_is_one_of(source, at, " } ) ] ")) { at = pair_of(source, at); }
    }
    bool is_variable = at > 1 && ht_source_is(source, at, "{") && ht_source_is(source, at - 1, "=");
    ht_derived_t outer = {0};
    if (is_variable && !say_target(source, at - 2, &outer)) { return false; }
    if (!say(source, dot, last, outer.text, HT_VARIABLE_ASSIGNED, derived)) { return false; }
    return strlen(outer.text) < sizeof(derived->text) / 2;
}

/* What is assigned to: the words up to `last`, before the "=". */
static bool say_target(const ht_source_t *source, size_t last, ht_derived_t *derived)
{
    size_t name;
    size_t closed = ht_word_is_one_of(source, last, " ] ) ") ? last : HT_TOKEN_NONE;
    if (closed != HT_TOKEN_NONE && pair_of(source, closed) > 0 &&
        declared_pointer(source, pair_of(source, closed) - 1, &name)) {
        return say(source, name, name, "", HT_VARIABLE_ASSIGNED, derived);
    }
    size_t first = target_start(source, last);
    bool fits = ht_word_is_name(source, first) || ht_word_is_one_of(source, first, " ( :: ");
    if (!fits || ht_word_is_keyword(source, first)) { return false; }
    if (first > 0 && ht_source_is(source, first - 1, ".")) {
        return say_designated(source, first - 1, last, derived);
    }
    size_t stars = first;
    while (stars > 0 && ht_word_is_one_of(source, stars - 1, " * & && ++ -- ")) {
        stars--;
    }
    bool declares = is_declaration(source, stars);
    if (declares) { /* int *names[2] = {...}: the name alone */
        while (last > first && ht_source_is(source, last, "]") && pair_of(source, last) > first) {
            last = pair_of(source, last) - 1;
        }
    }
    return say(source, declares ? first : stars, last, "", HT_VARIABLE_ASSIGNED, derived);
}

/* --- outwards -----------------------------------------------------------------------------------
 */

typedef struct {
    const ht_source_t *source;
    ht_words_t value; /* the expression whose value is the block */
    ht_derived_t *derived;
} ht_way_t;

typedef enum {
    OUTWARDS, /* the value is now that of a larger expression */
    SAID,     /* where it goes is known */
    LOST,     /* or not */
} ht_step_t;

static bool before(const ht_way_t *way, const char *words)
{
    return way->value.first > 0 && ht_word_is_one_of(way->source, way->value.first - 1, words);
}

static bool after(const ht_way_t *way, const char *words)
{
    return ht_word_is_one_of(way->source, way->value.last + 1, words);
}

/* Only what a type is written with, between brackets: (const struct x *) */
static bool is_type(const ht_source_t *source, size_t open, size_t close)
{
    for (size_t i = open + 1; i < close; i++) {
        if (!ht_word_is_name(source, i) &&
            !ht_word_is_one_of(source, i, " * & :: < > , ( ) [ ] ")) {
            return false;
        }
    }
    return close > open + 1 && ht_word_is_name(source, open + 1);
}

static ht_step_t through_cast(ht_way_t *way)
{
    size_t close = way->value.first - 1;
    size_t open = pair_of(way->source, close);
    bool is_cast = open != close && is_type(way->source, open, close) &&
                   (open == 0 || ht_word_is_keyword(way->source, open - 1) ||
                    !ht_word_is_name(way->source, open - 1));
    if (!is_cast) { return LOST; }
    way->value.first = open;
    return OUTWARDS;
}

/* A conditional's operands have its value: all of it, from what it is compared with to its last
 * operand. */
static ht_step_t through_conditional(ht_way_t *way)
{
    const ht_source_t *source = way->source;
    size_t first = way->value.first;
    size_t last = way->value.last;
    bool has_question = after(way, " ? ");
    while (first > 0 && !ht_word_is_one_of(source, first - 1, " = ( [ { } ; , return co_return ")) {
        first--;
        has_question = has_question || ht_source_is(source, first, "?");
        if (ht_word_is_one_of(source, first, " ) ] ")) { first = pair_of(source, first); }
    }
    while (last + 1 < source->count && !ht_word_is_one_of(source, last + 1, " ) ] } ; , { ")) {
        last++;
        if (ht_word_is_one_of(source, last, " ( [ ")) { last = pair_of(source, last); }
    }
    if (!has_question || (first == way->value.first && last == way->value.last)) { return LOST; }
    way->value = (ht_words_t){first, last};
    return OUTWARDS;
}

/* The bracket around the value, if it is one of several things in it; HT_TOKEN_NONE. */
static size_t bracket_around(const ht_way_t *way)
{
    for (size_t at = way->value.first; at-- > 0 && way->value.first - at < MOST_BACK;) {
        if (ht_word_is_one_of(way->source, at, " ) ] } ")) {
            if (pair_of(way->source, at) == at) { break; }
            at = pair_of(way->source, at);
        } else if (ht_word_is_one_of(way->source, at, " ( [ { ")) {
            return at;
        } else if (ht_source_is(way->source, at, ";")) {
            break;
        }
    }
    return HT_TOKEN_NONE;
}

/* buf_(new char[3]) between a constructor's ':' and its body. */
static bool is_member_initialiser(const ht_source_t *source, size_t name)
{
    for (size_t at = name; at-- > 0 && name - at < MOST_BACK;) {
        if (ht_source_is(source, at, ":")) {
            return at > 0 && ht_word_is_one_of(source, at - 1, " ) noexcept ");
        }
        if (ht_word_is_one_of(source, at, " ) } ") && pair_of(source, at) != at) {
            at = pair_of(source, at);
        } else if (!ht_word_is_name(source, at) && !ht_word_is_one_of(source, at, " , :: < > ")) {
            return false;
        }
    }
    return false;
}

/* T name(new T): a type is in front of the name. */
static bool is_declared(const ht_source_t *source, size_t name)
{
    size_t type = name;
    while (type > 0 && ht_word_is_one_of(source, type - 1, " * & ")) {
        type--;
    }
    if (type == 0 || ht_word_is_keyword(source, type - 1)) { return false; }
    if (type == name) {
        return ht_word_is_name(source, type - 1) || ht_source_is(source, type - 1, ">");
    }
    /* T *name(...): not a product, if the statement begins with it */
    return ht_word_is_name(source, type - 1) && type > 1 &&
           ht_word_is_one_of(source, type - 2, " ; { } const static struct ");
}

/* The value is handed to what is called at `open`. */
static ht_step_t into_call(ht_way_t *way, size_t open)
{
    const ht_source_t *source = way->source;
    ht_call_t call;
    size_t name = open - 1;
    if (ht_source_is(source, name, ">") && ht_template_start(source, name) > 0) {
        name = ht_template_start(source, name) - 1;
    }
    bool is_braced = ht_source_is(source, open, "{");
    if (!ht_word_is_name(source, name) || ht_word_is_keyword(source, name)) { return LOST; }
    if (is_declared(source, name) || is_member_initialiser(source, name)) {
        return say(source, name, name, "", HT_VARIABLE_ASSIGNED, way->derived) ? SAID : LOST;
    }
    if (is_braced || !ht_call_at(source, name, &call)) { return LOST; }
    if (ht_word_is_one_of(source, name,
                          " static_cast reinterpret_cast const_cast dynamic_cast unique_ptr "
                          "shared_ptr move forward ")) {
        way->value = call.words;
        return OUTWARDS;
    }
    return say(source, call.words.first, name, "argument of ", HT_VARIABLE_ARGUMENT, way->derived)
               ? SAID
               : LOST;
}

/* Out of the brackets around: ( ... ) alone, an argument, an initialiser. */
static ht_step_t out_of_brackets(ht_way_t *way)
{
    const ht_source_t *source = way->source;
    size_t open = bracket_around(way);
    if (open == HT_TOKEN_NONE || open == 0 || pair_of(source, open) == open) { return LOST; }
    bool is_alone = before(way, " ( ") && after(way, " ) ");
    bool has_callee =
        (ht_word_is_name(source, open - 1) && !ht_word_is_keyword(source, open - 1)) ||
        ht_source_is(source, open - 1, ">");
    if (ht_source_is(source, open, "{") && ht_source_is(source, open - 1, "=")) {
        return open > 1 && say_target(source, open - 2, way->derived) ? SAID : LOST;
    }
    if (ht_source_is(source, open, "[")) { return LOST; }
    if (has_callee) { return into_call(way, open); }
    bool plain = is_alone && (!ht_word_is_keyword(source, open - 1) ||
                              ht_word_is_one_of(source, open - 1, " return co_return else do "));
    bool compound = ht_source_is(source, open, "{") && ht_source_is(source, open - 1, ")");
    if (!plain && !compound) { return LOST; }
    way->value = (ht_words_t){open, pair_of(source, open)};
    return OUTWARDS;
}

static ht_step_t step(ht_way_t *way)
{
    bool at_end = after(way, " ; , ) } ] ");
    if (at_end && before(way, " return co_return ")) {
        way->derived->kind = HT_VARIABLE_RETURNED;
        (void)snprintf(way->derived->text, sizeof(way->derived->text), "return");
        return SAID;
    }
    if (before(way, " = ") && (at_end || after(way, " : "))) {
        return way->value.first > 1 && say_target(way->source, way->value.first - 2, way->derived)
                   ? SAID
                   : LOST;
    }
    if (before(way, " ) ")) { return through_cast(way); }
    if (before(way, " ? : ") || after(way, " ? ")) {
        bool is_condition =
            after(way, " ? ") && !ht_source_is(way->source, way->value.last + 2, ":");
        return is_condition ? LOST : through_conditional(way);
    }
    if (at_end && before(way, " ( , { ")) { return out_of_brackets(way); }
    return LOST;
}

/* posix_memalign(&p, ...): the argument, without its '&'. */
static bool through_argument(const ht_source_t *source, const ht_call_t *call,
                             ht_derived_t *derived)
{
    size_t argument = HT_TOKEN_NONE;
    for (size_t i = 0; i < sizeof(s_through_argument) / sizeof(s_through_argument[0]); i++) {
        if (ht_source_is(source, call->name, s_through_argument[i].name)) {
            argument = s_through_argument[i].argument;
        }
    }
    if (argument == HT_TOKEN_NONE) { return false; }
    size_t first = pair_of(source, call->words.last) + 1;
    size_t last = first;
    for (size_t at = first; at <= call->words.last; at++) {
        if (ht_word_is_one_of(source, at, " ( [ { ")) { at = pair_of(source, at); }
        bool ends = ht_source_is(source, at, ",") || at == call->words.last;
        if (ends && argument-- == 0) { break; }
        if (ends) { first = at + 1; }
        last = at;
    }
    while (first < last && ht_source_is(source, first, "(") &&
           is_type(source, first, pair_of(source, first))) {
        first = pair_of(source, first) + 1; /* (void **)&p */
    }
    if (first < last && ht_source_is(source, first, "&")) {
        return say(source, first + 1, last, "", HT_VARIABLE_ASSIGNED, derived);
    }
    if (ht_word_is_one_of(source, first, " NULL nullptr 0 ")) { return false; }
    return first <= last && say(source, first, last, "*", HT_VARIABLE_ASSIGNED, derived);
}

void ht_value_derive(const ht_source_t *source, const ht_call_t *call, ht_derived_t *derived)
{
    *derived = (ht_derived_t){.kind = HT_VARIABLE_NONE};
    if (through_argument(source, call, derived)) { return; }
    ht_way_t way = {.source = source, .value = call->words, .derived = derived};
    ht_step_t next = OUTWARDS;
    for (int i = 0; next == OUTWARDS && i < MOST_STEPS; i++) {
        next = step(&way);
    }
    if (next != SAID) { *derived = (ht_derived_t){.kind = HT_VARIABLE_NONE}; }
}
