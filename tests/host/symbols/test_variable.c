/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Source lines and what holds the block. The call is the word behind '@', which is taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_variable.h"

typedef struct {
    const char *source, *text; /* NULL: nothing may be derived */
} line_t;

static const line_t s_lines[] = {
    /* where it is assigned to */
    {"buf = @malloc(n);", "buf"},
    {"char *p = @strdup(x);", "p"},
    {"char **argv = @calloc(n, sizeof(*argv));", "argv"},
    {"const struct foo *const p = @malloc(sizeof(struct foo));", "p"},
    {"ctx->rx = @heap_caps_malloc(n, MALLOC_CAP_DMA);", "ctx->rx"},
    {"this->rx.data = @malloc(n);", "this->rx.data"},
    {"a[i + 1] = @malloc(n);", "a[i+1]"},
    {"a[next(i)]->b[2].c = @malloc(n);", "a[next(i)]->b[2].c"},
    {"*out = @malloc(n);", "*out"},
    {"**out = @malloc(n);", "**out"},
    {"(*out)->x = @malloc(n);", "(*out)->x"},
    {"(*out)[i] = @malloc(n);", "(*out)[i]"},
    {"*p++ = @strdup(s);", "*p++"},
    {"get_ctx(a, b)->buf = @malloc(n);", "get_ctx(a,b)->buf"},
    {"((struct foo *)ctx)->buf = @malloc(n);", "((struct foo*)ctx)->buf"},
    {"if (c) *p = @malloc(3);", "*p"},
    {"if (c) (*p)->x = @malloc(3);", "(*p)->x"},
    {"else *p = @malloc(3);", "*p"},
    {"int a = 1, *p = @malloc(3);", "p"},
    {"a = 1, *p = @malloc(3);", "*p"},
    {"for (p = @malloc(3); p; p = p->next) {}", "p"},
    {"for (char *p = @malloc(3), *q = p; q; q++) {}", "p"},
    {"a = b = @malloc(3);", "b"},
    {"p = q = NULL, r = @malloc(3);", "r"},
    {"retry: p = @malloc(3);", "p"},
    {"case 3: p = @malloc(3);", "p"},
    {"p = @realloc(p, n);", "p"},
    {"typeof(x) *p = @malloc(3);", "p"},
    {"char (*rows)[16] = @malloc(3 * 16);", "rows"},
    {"static const char *names[2] = {@strdup(\"a\"), NULL};", "names"},
    {"static const char *names[] = {NULL, @strdup(\"a\")};", "names"},
    {"struct s v = {.n = 3, .rx = @malloc(3)};", "v.rx"},
    {"v = (struct s){.n = 3, .rx = @malloc(3)};", ".rx"},
    {"v = (struct s){3, @malloc(3)};", "v"},
    {"void (*f)(int) = @malloc(3);", "f"},
    /* through casts, brackets, conditions */
    {"p = (char *)@malloc(n);", "p"},
    {"p = (struct foo *)(void *)@malloc(n);", "p"},
    {"p = ((char *)(@malloc(n)));", "p"},
    {"if ((p = @malloc(n)) == NULL) {", "p"},
    {"if (!(p = @malloc(n))) return;", "p"},
    {"if ((a = @malloc(n)) && (b = malloc(n))) {", "a"},
    {"if ((a = calloc(n)) && (b = @malloc(n))) {", "b"},
    {"while ((line = @read_line_alloc(f)) != NULL) {", "line"},
    {"ok = (p = @malloc(n)) != NULL;", "p"},
    {"p = n > 0 ? @malloc(n) : NULL;", "p"},
    {"p = n > 0 ? NULL : @malloc(n);", "p"},
    {"p = n == 3 ? q : n > 4 ? @malloc(n) : NULL;", "p"},
    {"p = q ?: @malloc(n);", "p"},
    {"p = @malloc(n) ?: q;", "p"},
    {"n > 0 ? (p = @malloc(n)) : 0;", "p"},
    {"p = (@malloc)(3);", "p"},
    /* returned */
    {"return @malloc(n);", "return"},
    {"return (char *)@malloc(n);", "return"},
    {"return p ? p : @strdup(\"\");", "return"},
    {"return(@malloc(n));", "return"},
    {"auto f = [n] { return @malloc(n); };", "return"},
    /* handed on */
    {"f(@malloc(3));", "argument of f"},
    {"list_add(&list, (void *)@malloc(3), 3);", "argument of list_add"},
    {"n = f(g(@malloc(3)));", "argument of g"},
    {"p = f(@malloc(3));", "argument of f"},
    {"ctx->ops.add(ctx, @malloc(3));", "argument of ctx->ops.add"},
    {"f(x = 3, @malloc(3));", "argument of f"},
    {"f(a, x = @malloc(3));", "x"},
    {"return f(@malloc(3));", "argument of f"},
    {"if (f(@malloc(3))) {", "argument of f"},
    /* C++ */
    {"Foo *f = @new Foo(1, g(2));", "f"},
    {"f = @new Foo;", "f"},
    {"f = @new Foo<int, 3>[n];", "f"},
    {"f = @new (std::nothrow) Foo{1};", "f"},
    {"f = ::@new char[3];", "f"},
    {"return @new Foo();", "return"},
    {"return static_cast<T *>(::operator @new(n));", "return"},
    {"p = operator @new[](n, std::nothrow);", "p"},
    {"auto &f = ns::table[3] = @new Foo();", "ns::table[3]"},
    {"int *Foo::bar = @new int;", "Foo::bar"},
    {"std::unique_ptr<Foo> p(@new Foo(3));", "p"},
    {"auto p = std::unique_ptr<Foo>(@new Foo(3));", "p"},
    {"p.reset(@new Foo(3));", "argument of p.reset"},
    {"Foo::Foo(int n) : a_(n), buf_(@new char[n]) {}", "buf_"},
    {"Foo::Foo(int n) noexcept : buf_{@new char[n]}, a_(n) {}", "buf_"},
    {"f(a, buf_(@new char[n]));", "argument of buf_"},
    {"p = static_cast<char *>(@malloc(n));", "p"},
    {"p = reinterpret_cast<Foo<int> *>(@malloc(n));", "p"},
    {"auto [a, b] = f(@malloc(n));", "argument of f"},
    {"auto f = [p = @malloc(3)] {};", "p"},
    {"x = pool->@alloc(3);", "x"},
    {"x = ns::@make_node<int>(3);", "x"},
    /* several lines, comments, strings, directives */
    {"ctx->rx =\n    (char *)\n    @malloc(\n        n);", "ctx->rx"},
    {"ctx /* a; b */ -> rx = // { ;\n    @malloc(n); // = x", "ctx->rx"},
    {"s = f(\"x = ;{\"), p = @malloc(n);", "p"},
    {"c = '{'; p = @malloc('\\'');", "p"},
    {"p = R\"x(a \" ; )x\" ? @malloc(n) : q;", "p"},
    {"x = 1;\n#define Y \\\n  z =\np = @malloc(n);", "p"},
    {"#if A\nif (x) {\n#else\nif (y) {\n#endif\n  p = @malloc(3);\n}", "p"},
    {"f(1,\n  2,\n  @malloc(3),\n  4);", "argument of f"},
    {"n = 1'000; p = @malloc(n);", "p"},
    /* through an argument */
    {"n = @asprintf(&text, \"%d\", 3);", "text"},
    {"@posix_memalign((void **)&ctx->p, 16, n);", "ctx->p"},
    {"if (@getaddrinfo(host, f(1, 2), &hints, &found) != 0) {", "found"},
    {"@asprintf(out, \"%d\", 3);", "*out"},
    {"xTaskCreate(f, \"t\", 2048, @malloc(3), 5, NULL);", "argument of xTaskCreate"},
    {"@xTaskCreate(f, \"t\", f(1, 2), g, 5, &s->task);", "s->task"},
    {"if (@xTaskCreate(f, \"t\", 2048, (void *)g, 5, NULL) != pdPASS) {", NULL},
    /* nothing that is certain */
    {"@malloc(3);", NULL},
    {"(void)@malloc(3);", NULL},
    {"ok = @malloc(3) != NULL;", NULL},
    {"ok = !@malloc(3);", NULL},
    {"ok = NULL == @malloc(3);", NULL},
    {"n = 3 + @malloc(3);", NULL},
    {"n = @malloc(3)->n;", NULL},
    {"c = *@strdup(s);", NULL},
    {"c = @strdup(s)[0];", NULL},
    {"n = (@malloc(3), 4);", NULL},
    {"x += @strdup(s);", NULL},
    {"if (@malloc(3)) {", NULL},
    {"p = @malloc(3) ? a : b;", NULL},
    {"return @malloc(3) != NULL;", NULL},
    {"throw @new Foo();", NULL},
    {"sizeof(@malloc(3));", NULL},
    {"while (@malloc(3)) {}", NULL},
    {"x = @malloc", NULL},
    {"= @malloc(3);", NULL},
    {")) = @malloc(3", NULL},
    {"}{)(][ @malloc(3);", NULL},
};

static char s_path[] = "/tmp/heaptrail-variable-XXXXXX";

static void write_source(const char *text)
{
    FILE *file = fopen(s_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The source without its mark; where the mark was; the word behind it. */
static void take_mark(const char *source, char *text, uint32_t *line, uint32_t *column,
                      char *callee)
{
    const char *mark = strchr(source, '@');
    assert_non_null(mark);
    size_t before = (size_t)(mark - source);
    memcpy(text, source, before);
    strcpy(text + before, mark + 1);
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < before; i++) {
        (*column)++;
        if (source[i] == '\n') {
            (*line)++;
            *column = 1;
        }
    }
    size_t length = strcspn(mark + 1, "() ;<[\n");
    memcpy(callee, mark + 1, length);
    callee[length] = '\0';
    if (strcmp(callee, "new") == 0) { strcpy(callee, "operator new"); }
}

static int compare(const line_t *line, ht_variable_t found, const char *how)
{
    const char *text = found.text != NULL ? found.text : "(nothing)";
    const char *wanted = line->text != NULL ? line->text : "(nothing)";
    if (strcmp(text, wanted) == 0 && (found.kind == HT_VARIABLE_NONE) == (line->text == NULL)) {
        return 0;
    }
    print_error("%s\n    %s: \"%s\" and not \"%s\"\n", line->source, how, text, wanted);
    return 1;
}

static void test_lines(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(s_lines) / sizeof(s_lines[0]); i++) {
        char text[400], callee[64];
        uint32_t line, column;
        take_mark(s_lines[i].source, text, &line, &column, callee);
        write_source(text);
        ht_variables_t *variables = ht_variables_new();
        wrong += compare(&s_lines[i], ht_variables_find(variables, s_path, line, column, callee),
                         "with column");
        wrong += compare(&s_lines[i], ht_variables_find(variables, s_path, line, column, NULL),
                         "column alone");
        ht_variables_counts_t counts;
        ht_variables_counts(variables, &counts);
        assert_int_equal(counts.asked, 2);
        assert_int_equal(counts.files, 1);
        ht_variables_free(variables);
    }
    assert_int_equal(wrong, 0);
}

static const char *find(const char *text, uint32_t line, uint32_t column, const char *callee)
{
    static char kept[200];
    write_source(text);
    ht_variables_t *variables = ht_variables_new();
    ht_variable_t found = ht_variables_find(variables, s_path, line, column, callee);
    (void)snprintf(kept, sizeof(kept), "%s", found.text != NULL ? found.text : "(nothing)");
    ht_variables_free(variables);
    return kept;
}

/* Which of several calls. */
static void test_which_call(void **state)
{
    (void)state;
    const char *two = "a = malloc(1); bb = malloc(2);";
    assert_string_equal(find(two, 1, 5, "malloc"), "a");
    assert_string_equal(find(two, 1, 21, "malloc"), "bb");
    assert_string_equal(find(two, 1, 27, "malloc"), "bb"); /* g++ means the bracket */
    assert_string_equal(find(two, 1, 0, "malloc"), "(nothing)");
    assert_string_equal(find("a = malloc(1); b = strdup(s);", 1, 0, "strdup"), "b");
    assert_string_equal(find("a = f(1); b = strdup(s);", 1, 0, NULL), "b");
    /* the source was changed since: the column is another statement's, or nobody's */
    assert_string_equal(find("f(1); a = malloc(1);", 1, 1, "malloc"), "(nothing)");
    assert_string_equal(find("a = malloc(1);", 1, 40, "malloc"), "(nothing)");
    assert_string_equal(find("a = malloc(1); f(1);", 1, 16, "malloc"), "(nothing)");
    /* one inside of the other */
    assert_string_equal(find("a = calloc(malloc(1), 2);", 1, 0, "malloc"), "argument of calloc");
    assert_string_equal(find("a = calloc(malloc(1), 2);", 1, 0, "calloc"), "a");
    assert_string_equal(find("a = calloc(malloc(1), 2);", 1, 14, NULL), "argument of calloc");
    /* behind a macro, which is named otherwise */
    assert_string_equal(find("p = MY_ALLOC(10);", 1, 5, "malloc"), "p");
    assert_string_equal(find("n = count(10);", 1, 5, "malloc"), "(nothing)");
    /* any line of the statement */
    const char *long_one = "x = 1;\nctx->rx =\n  f(\n  malloc(\n   3), 4\n  );\ny = 2;";
    for (uint32_t line = 2; line <= 6; line++) {
        assert_string_equal(find(long_one, line, 0, "malloc"), "argument of f");
    }
    assert_string_equal(find("x = 1;\n/* a malloc() */\np = malloc(3);", 2, 0, "malloc"),
                        "(nothing)");
    assert_string_equal(find(long_one, 1, 0, "malloc"), "(nothing)");
    assert_string_equal(find(long_one, 7, 0, "malloc"), "(nothing)");
    assert_string_equal(find(long_one, 99, 0, "malloc"), "(nothing)");
    assert_string_equal(find(long_one, 0, 0, "malloc"), "(nothing)");
}

/* In C new and delete are names. */
static void test_c_names(void **state)
{
    (void)state;
    static char path[sizeof(s_path) + 2];
    (void)snprintf(path, sizeof(path), "%s.c", s_path);
    write_source("char *new = malloc(3);\nthis->delete = malloc(4);\n");
    assert_int_equal(link(s_path, path), 0);
    ht_variables_t *variables = ht_variables_new();
    assert_string_equal(ht_variables_find(variables, path, 1, 0, "malloc").text, "new");
    assert_string_equal(ht_variables_find(variables, path, 2, 0, "malloc").text, "this->delete");
    assert_int_equal(ht_variables_find(variables, s_path, 1, 0, "malloc").kind, HT_VARIABLE_NONE);
    ht_variables_free(variables);
    (void)unlink(path);
}

/* Names that are longer than anybody reads are none. */
static void test_long(void **state)
{
    (void)state;
    char text[400] = "";
    for (int i = 0; i < 20; i++) {
        strcat(text, "long_name->");
    }
    strcat(text, "x = malloc(3);");
    assert_string_equal(find(text, 1, 0, "malloc"), "(nothing)");
}

/* Any text at all: pieces of C in random order, and deep nesting. */
static void test_garbage(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "(",    ")",  "[",   "]",    "{",       "}",  "=",  "malloc(",
        "new ", "x",  "->",  ".",    "::",      "?",  ":",  ",",
        ";",    "<",  ">",   "*",    "&",       "\"", "'",  "/*",
        "//",   "\n", "#if", "R\"(", "return ", "\\", "f(", "static_cast<",
        "if (", " "};
    static char text[20000];
    uint32_t seed = 7;
    ht_variables_counts_t counts;
    for (int round = 0; round < 300; round++) {
        text[0] = '\0';
        size_t length = 0;
        while (length < sizeof(text) / 20) {
            seed = seed * 1664525U + 1013904223U;
            const char *piece = pieces[(seed >> 10) % (sizeof(pieces) / sizeof(pieces[0]))];
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", piece);
        }
        write_source(text);
        ht_variables_t *variables = ht_variables_new();
        for (uint32_t line = 0; line < 60; line++) {
            (void)ht_variables_find(variables, s_path, line, line % 7,
                                    line % 2 == 0 ? "malloc" : NULL);
        }
        ht_variables_counts(variables, &counts);
        assert_int_equal(counts.asked, 60);
        ht_variables_free(variables);
    }
    memset(text, '(', sizeof(text) - 1);
    memcpy(text + sizeof(text) - 12, "malloc(3)))", 12);
    assert_string_equal(find(text, 1, 0, "malloc"), "(nothing)");
}

static void test_substitute(void **state)
{
    (void)state;
    char folder[] = "/tmp/heaptrail-sources-XXXXXX", path[200];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/a.c", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("kept = malloc(3);\n", file);
    (void)fclose(file);
    ht_variables_t *variables = ht_variables_new();
    assert_false(ht_variables_substitute(variables, "", folder));
    assert_true(ht_variables_substitute(variables, "/build/other", "/nowhere"));
    assert_true(ht_variables_substitute(variables, "/build/src/", folder));
    ht_variable_t found = ht_variables_find(variables, "/build/src/a.c", 1, 0, "malloc");
    assert_string_equal(found.text, "kept");
    assert_int_equal(found.kind, HT_VARIABLE_ASSIGNED);
    assert_int_equal(ht_variables_find(variables, "/build/srcs/a.c", 1, 0, "malloc").kind,
                     HT_VARIABLE_NONE);
    assert_int_equal(ht_variables_find(variables, NULL, 1, 0, "malloc").kind, HT_VARIABLE_NONE);
    assert_int_equal(ht_variables_find(variables, folder, 1, 0, "malloc").kind, HT_VARIABLE_NONE);
    ht_variables_counts_t counts;
    ht_variables_counts(variables, &counts);
    assert_int_equal(counts.files, 3);
    assert_int_equal(counts.unreadable_files, 2); /* srcs/a.c, and the folder */
    assert_int_equal(counts.derived, 1);
    ht_variables_free(variables);
    ht_variables_free(NULL);
    (void)unlink(path);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_which_call),
        cmocka_unit_test(test_long),    cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_c_names), cmocka_unit_test(test_substitute),
    };
    int file = mkstemp(s_path);
    if (file < 0) { return 2; }
    (void)close(file);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(s_path);
    return failed;
}
