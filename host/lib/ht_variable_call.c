/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Which call a line and a column mean. */
#include <string.h>
#include <strings.h>

#include "ht_variable_private.h"

#define MOST_BACK 200U /* words of a statement before the line that is asked for */
#define MOST_WORDS 2000U

bool ht_word_is_one_of(const ht_source_t *source, size_t at, const char *words)
{
    if (at >= source->count) { return false; }
    const ht_token_t *token = &source->tokens[at];
    const char *word = source->text + token->offset;
    for (const char *found = words;
         (found = memmem(found, strlen(found), word, token->length)) != NULL; found++) {
        if (found > words && found[-1] == ' ' && found[token->length] == ' ') { return true; }
    }
    return false;
}

bool ht_word_is_keyword(const ht_source_t *source, size_t at)
{
    static const char both[] =
        " if while for switch return else do case default goto sizeof alignof _Alignof typeof "
        "__typeof__ ";
    static const char cxx[] =
        " decltype catch throw delete new co_return co_yield co_await and or not ";
    return ht_word_is_one_of(source, at, both) ||
           (!source->is_c && ht_word_is_one_of(source, at, cxx));
}

bool ht_word_is_name(const ht_source_t *source, size_t at)
{
    return at < source->count && source->tokens[at].kind == HT_TOKEN_NAME;
}

/* The '<' of the template arguments that end at `at`, or `at` if there are none: only what can be
 * types and numbers is between. */
size_t ht_template_start(const ht_source_t *source, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i + 64 > at; i--) {
        if (ht_source_is(source, i, ">")) { depth++; }
        if (ht_source_is(source, i, "<") && --depth == 0) { return i; }
        bool fits = source->tokens[i].kind != HT_TOKEN_SYMBOL ||
                    ht_word_is_one_of(source, i, " < > , :: * & ( ) [ ] ... ");
        if (!fits || i == 0) { return at; }
    }
    return at;
}

/* The '>' of the template arguments that begin at `at`, or `at`. */
static size_t template_end(const ht_source_t *source, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i < source->count && i < at + 64; i++) {
        if (ht_source_is(source, i, "<")) { depth++; }
        if (ht_source_is(source, i, ">") && --depth == 0) { return i; }
        bool fits = source->tokens[i].kind != HT_TOKEN_SYMBOL ||
                    ht_word_is_one_of(source, i, " < > , :: * & ( ) [ ] ... ");
        if (!fits) { return at; }
    }
    return at;
}

/* The first word of a primary expression that ends at `at`: a name, f(...), a[...], (...), T<...>.
 */
static size_t primary_start(const ht_source_t *source, size_t at)
{
    while (at > 0) {
        const ht_token_t *token = &source->tokens[at];
        bool closes = ht_word_is_one_of(source, at, " ) ] ");
        if (closes && token->pair == HT_TOKEN_NONE) { return at; }
        size_t start = closes ? token->pair : at;
        if (!closes && ht_source_is(source, at, ">")) { start = ht_template_start(source, at); }
        if (start == at) { return at; }
        /* Brackets behind brackets, (*f)(n), are rare, and if (x) (*p)->y is not. */
        const char *others = ht_source_is(source, start, "[") ? " ) ] " : " ] > ";
        bool goes_on =
            start > 0 && !ht_word_is_keyword(source, start - 1) &&
            (ht_word_is_name(source, start - 1) || ht_word_is_one_of(source, start - 1, others));
        if (!goes_on) { return start; }
        at = start - 1;
    }
    return at;
}

size_t ht_call_chain(const ht_source_t *source, size_t name)
{
    size_t first = primary_start(source, name);
    while (first > 0 && ht_word_is_one_of(source, first - 1, " -> . :: ")) {
        bool is_global =
            ht_source_is(source, first - 1, "::") &&
            (first < 2 ||
             !(ht_word_is_name(source, first - 2) || ht_source_is(source, first - 2, ">")) ||
             ht_word_is_keyword(source, first - 2));
        if (is_global) { return first - 1; }
        bool has_object = first > 1 && (ht_word_is_name(source, first - 2) ||
                                        ht_word_is_one_of(source, first - 2, " ) ] > "));
        if (!has_object) { return first; } /* .member = in braces */
        first = primary_start(source, first - 2);
    }
    return first;
}

/* new (placement) type [n] (arguments) */
static bool new_at(const ht_source_t *source, size_t name, ht_call_t *call)
{
    size_t at = name + 1;
    size_t last = name;
    if (ht_source_is(source, at, "(") && source->tokens[at].pair != HT_TOKEN_NONE) {
        last = source->tokens[at].pair; /* or the type in brackets */
        at = last + 1;
    }
    while (at < source->count) {
        if (ht_source_is(source, at, "<")) { at = template_end(source, at); }
        if (!ht_word_is_name(source, at) && !ht_word_is_one_of(source, at, " :: * > ")) { break; }
        last = at++;
    }
    while (ht_word_is_one_of(source, at, " [ ( { ") && source->tokens[at].pair != HT_TOKEN_NONE) {
        last = source->tokens[at].pair;
        at = last + 1;
    }
    bool is_global = name > 0 && ht_source_is(source, name - 1, "::");
    *call = (ht_call_t){{is_global ? name - 1 : name, last}, name};
    return last > name;
}

/* operator new(n), as any function; operator new[](n) */
static bool operator_at(const ht_source_t *source, size_t name, ht_call_t *call)
{
    size_t open = name + 1;
    if (ht_source_is(source, open, "[") && ht_source_is(source, open + 1, "]")) { open += 2; }
    if (!ht_source_is(source, open, "(") || source->tokens[open].pair == HT_TOKEN_NONE) {
        return false;
    }
    *call = (ht_call_t){{ht_call_chain(source, name - 1), source->tokens[open].pair}, name};
    return true;
}

bool ht_call_at(const ht_source_t *source, size_t name, ht_call_t *call)
{
    if (!ht_word_is_name(source, name)) { return false; }
    if (!source->is_c && ht_source_is(source, name, "new")) {
        bool is_operator = name > 0 && ht_source_is(source, name - 1, "operator");
        return is_operator ? operator_at(source, name, call) : new_at(source, name, call);
    }
    if (ht_word_is_keyword(source, name)) { return false; }
    size_t open = name + 1;
    size_t first = ht_call_chain(source, name);
    if (ht_source_is(source, open, "<")) { open = template_end(source, open) + 1; }
    if (ht_source_is(source, open, ")") &&
        source->tokens[open].pair + 1 == name) { /* (malloc)(n) */
        first = name - 1;
        open++;
    }
    if (!ht_source_is(source, open, "(") || source->tokens[open].pair == HT_TOKEN_NONE) {
        return false;
    }
    *call = (ht_call_t){{first, source->tokens[open].pair}, name};
    return true;
}

/* --- which of several ---------------------------------------------------------------------------
 */

/* Does a name say that it allocates? */
static bool sounds_allocating(const ht_source_t *source, size_t name)
{
    static const char *const parts[] = {"alloc", "dup",    "memalign", "asprintf",
                                        "new",   "create", "make_"};
    char word[64];
    const ht_token_t *token = &source->tokens[name];
    if (token->length >= sizeof(word)) { return false; }
    memcpy(word, source->text + token->offset, token->length);
    word[token->length] = '\0';
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcasestr(word, parts[i]) != NULL) { return true; }
    }
    return false;
}

static bool is_callee(const ht_source_t *source, size_t name, const char *callee)
{
    bool is_new = strncmp(callee, "operator new", 12) == 0 || strncmp(callee, "_Zn", 3) == 0;
    return ht_source_is(source, name, is_new ? "new" : callee);
}

static bool contains(const ht_source_t *source, const ht_words_t *words, uint32_t line,
                     uint32_t column)
{
    const ht_token_t *first = &source->tokens[words->first];
    const ht_token_t *last = &source->tokens[words->last];
    bool begins_after = first->line > line || (first->line == line && first->column > column);
    bool ends_before =
        last->line < line || (last->line == line && last->column + last->length <= column);
    return !begins_after && !ends_before;
}

typedef enum { NAMED, ALLOCATING, ANY } ht_wish_t;

typedef struct {
    const ht_source_t *source;
    uint32_t line, column;
    const char *callee;
    ht_wish_t wish;
    ht_call_t best;
    size_t count;      /* calls that fit */
    bool is_at_column; /* the best one is where the column is */
} ht_choice_t;

static void consider(ht_choice_t *choice, const ht_call_t *call)
{
    bool fits = choice->wish == ANY ||
                (choice->wish == NAMED ? is_callee(choice->source, call->name, choice->callee)
                                       : sounds_allocating(choice->source, call->name));
    if (!fits) { return; }
    bool is_there =
        choice->column != 0 && contains(choice->source, &call->words, choice->line, choice->column);
    /* Calls are seen from left to right, so of two around the column the later is the inner one. */
    if (choice->count == 0 || is_there) {
        choice->best = *call;
        choice->is_at_column = is_there;
    }
    choice->count++;
}

static bool choose(ht_choice_t *choice, size_t from, size_t to)
{
    choice->count = 0;
    choice->is_at_column = false;
    for (size_t i = from; i < to; i++) {
        ht_call_t call;
        if (ht_call_at(choice->source, i, &call)) { consider(choice, &call); }
    }
    return choice->count == 1 || choice->is_at_column;
}

/* First those that have the name; then those whose name says that they allocate, macros mostly; and
 * only if nothing is known of the name, whatever is called there. */
static bool choose_by_wishes(ht_choice_t *choice, size_t from, size_t to)
{
    if (choice->callee != NULL) {
        choice->wish = NAMED;
        if (choose(choice, from, to) || choice->count > 0) {
            return choice->count == 1 || choice->is_at_column;
        }
    }
    choice->wish = ALLOCATING;
    if (choose(choice, from, to) || choice->count > 0) {
        return choice->count == 1 || choice->is_at_column;
    }
    choice->wish = ANY;
    return choice->callee == NULL && choose(choice, from, to);
}

/* The statement that a word is in, `first` and `beyond`. */
static void statement_around(const ht_source_t *source, size_t at, size_t *first, size_t *beyond)
{
    size_t from = at;
    while (from > 0 && at - from < MOST_BACK && !ht_word_is_one_of(source, from - 1, " ; { } ")) {
        from--;
    }
    size_t to = at;
    while (to < source->count && to - at < MOST_WORDS &&
           !ht_word_is_one_of(source, to, " ; { } ")) {
        to++;
    }
    *first = from;
    *beyond = to;
}

/* Is the column one of the call's statement? Else the file is not the one that was compiled. (It
 * need not be in the call: g++ may give that of the call that it is an argument of.) */
static bool fits_column(const ht_source_t *source, uint32_t line, uint32_t column,
                        const ht_call_t *call)
{
    ht_words_t statement;
    if (column == 0) { return true; }
    statement_around(source, call->name, &statement.first, &statement.last);
    if (statement.last == source->count) { statement.last--; }
    return contains(source, &statement, line, column);
}

bool ht_call_find(const ht_source_t *source, uint32_t line, uint32_t column, const char *callee,
                  ht_call_t *call)
{
    ht_choice_t choice = {.source = source, .line = line, .column = column, .callee = callee};
    size_t from = ht_source_line(source, line);
    size_t to = ht_source_line(source, line + 1);
    bool is_found = choose_by_wishes(&choice, from, to);
    bool has_words = from < source->count && source->tokens[from].line == line;
    if (!is_found && choice.count == 0 && has_words) {
        /* The line is one of a statement that has others. */
        statement_around(source, from, &from, &to);
        is_found = choose_by_wishes(&choice, from, to);
    }
    *call = choice.best;
    return is_found && fits_column(source, line, column, call);
}
