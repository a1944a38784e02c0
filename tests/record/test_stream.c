/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Each kind of stream: bytes come, it vanishes, it comes back, it is not there at all. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ht_stream.h"

#define WAIT_MS 5000

static char s_error[HT_STREAM_ERROR_MAX];

static ht_stream_t *open_source(const char *name, const ht_stream_options_t *options)
{
    ht_stream_t *stream = ht_stream_open(name, options, s_error, sizeof(s_error));
    if (stream == NULL) { fail_msg("%s", s_error); }
    return stream;
}

/* Read until `length` bytes are there. */
static void expect_bytes(ht_stream_t *stream, const void *bytes, size_t length)
{
    uint8_t got[256];
    size_t have = 0;
    while (have < length) {
        size_t more = 0;
        assert_int_equal(ht_stream_read(stream, got + have, sizeof(got) - have, WAIT_MS, &more),
                         HT_STREAM_BYTES);
        have += more;
    }
    assert_int_equal(have, length);
    assert_memory_equal(got, bytes, length);
}

static ht_stream_state_t read_state(ht_stream_t *stream, int timeout_ms)
{
    uint8_t byte = 0;
    size_t length = 0;
    return ht_stream_read(stream, &byte, 1, timeout_ms, &length);
}

/* --- files --- */

static void make_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = "/tmp/heaptrail_stream_in_XXXXXX";
    make_file(path, "trace");
    ht_stream_t *stream = open_source(path, NULL);
    expect_bytes(stream, "trace", 5);
    assert_int_equal(read_state(stream, WAIT_MS), HT_STREAM_END);
    assert_false(ht_stream_reopen(stream));
    assert_false(ht_stream_write(stream, (const uint8_t *)"x", 1));
    ht_stream_free(stream);
    unlink(path);
}

static void test_file_that_grows(void **state)
{
    (void)state;
    char path[] = "/tmp/heaptrail_stream_in_XXXXXX";
    make_file(path, "one");
    ht_stream_t *stream = open_source(path, &(ht_stream_options_t){.follow = true});
    expect_bytes(stream, "one", 3);
    assert_int_equal(read_state(stream, 10), HT_STREAM_NOTHING);
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "two", 3), 3);
    close(fd);
    expect_bytes(stream, "two", 3);
    ht_stream_free(stream);
    unlink(path);
}

static void expect_error(const char *name, const char *words)
{
    assert_null(ht_stream_open(name, NULL, s_error, sizeof(s_error)));
    if (strstr(s_error, words) == NULL) { fail_msg("'%s' does not say '%s'", s_error, words); }
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    expect_error("/nonexistent/trace", "No such file");
    expect_error("/tmp", "is a directory");
    expect_error("/dev/ttyUSB97", "is it plugged in?");
    expect_error("tcp:", "tcp:HOST:PORT");
    expect_error("tcp:1234", "tcp:HOST:PORT");
    expect_error("listen:", "listen:PORT");
    expect_error("tcp:127.0.0.1:no-such-service", "tcp:127.0.0.1:no-such-service");
    expect_error("", "No such file");
}

/* --- terminals --- */

static void test_terminal(void **state)
{
    (void)state;
    int master = -1;
    int slave = -1;
    char path[128];
    assert_int_equal(openpty(&master, &slave, path, NULL, NULL), 0);
    ht_stream_t *stream = open_source(path, NULL);
    close(slave);
    /* Raw: nothing of this is changed or waits for the end of a line. */
    static const uint8_t bytes[] = {0, '\r', '\n', 0x03, 0x04, 0x11, 0x13, 0x7f, 0xff, 'x'};
    assert_int_equal(write(master, bytes, sizeof(bytes)), sizeof(bytes));
    expect_bytes(stream, bytes, sizeof(bytes));
    assert_true(ht_stream_write(stream, (const uint8_t *)"\n", 1));
    char key = 0;
    assert_int_equal(read(master, &key, 1), 1);
    assert_int_equal(key, '\n');
    close(master);
    assert_int_equal(read_state(stream, WAIT_MS), HT_STREAM_GONE);
    assert_int_equal(read_state(stream, 0), HT_STREAM_GONE);
    assert_false(ht_stream_reopen(stream));
    ht_stream_free(stream);
}

/* A link that points to another terminal after the first one is gone, as udev's links do. */
static void test_terminal_that_comes_back(void **state)
{
    (void)state;
    char link[] = "/tmp/heaptrail_link_XXXXXX";
    close(mkstemp(link));
    for (int round = 0; round < 2; round++) {
        static ht_stream_t *stream;
        int master = -1;
        int slave = -1;
        char path[128];
        assert_int_equal(openpty(&master, &slave, path, NULL, NULL), 0);
        unlink(link);
        assert_int_equal(symlink(path, link), 0);
        if (round == 0) {
            stream = open_source(link, NULL);
        } else {
            assert_true(ht_stream_reopen(stream));
        }
        close(slave);
        assert_int_equal(write(master, "again", 5), 5);
        expect_bytes(stream, "again", 5);
        close(master);
        assert_int_equal(read_state(stream, WAIT_MS), HT_STREAM_GONE);
        if (round == 1) { ht_stream_free(stream); }
    }
    unlink(link);
}

/* --- TCP --- */

static int listen_anywhere(uint16_t *port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(own);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    *port = ntohs(own.sin_port);
    return fd;
}

static void test_tcp_that_is_called(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = listen_anywhere(&port);
    char name[64];
    snprintf(name, sizeof(name), "tcp:127.0.0.1:%u", port);
    ht_stream_t *stream = open_source(name, NULL);
    for (int round = 0; round < 2; round++) {
        int device = accept(listener, NULL, NULL);
        assert_int_equal(write(device, "hello", 5), 5);
        expect_bytes(stream, "hello", 5);
        close(device);
        assert_int_equal(read_state(stream, WAIT_MS), HT_STREAM_GONE);
        if (round == 0) { assert_true(ht_stream_reopen(stream)); }
    }
    close(listener);
    assert_false(ht_stream_reopen(stream)); /* nobody listens */
    ht_stream_free(stream);
    expect_error(name, "Connection refused");
}

static int call(const ht_stream_t *stream)
{
    const char *colon = strrchr(ht_stream_name(stream), ':');
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)atoi(colon + 1))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void test_tcp_that_calls(void **state)
{
    (void)state;
    ht_stream_t *stream = open_source("listen:127.0.0.1:0", NULL);
    assert_int_equal(read_state(stream, 0), HT_STREAM_GONE); /* nobody called yet */
    assert_false(ht_stream_reopen(stream));
    for (int round = 0; round < 2; round++) {
        int device = call(stream);
        assert_true(ht_stream_reopen(stream));
        assert_int_equal(write(device, "hello", 5), 5);
        expect_bytes(stream, "hello", 5);
        assert_true(ht_stream_write(stream, (const uint8_t *)"k", 1));
        close(device);
        assert_int_equal(read_state(stream, WAIT_MS), HT_STREAM_GONE);
    }
    expect_error(ht_stream_name(stream), "in use");
    ht_stream_free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_that_grows),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_terminal_that_comes_back),
        cmocka_unit_test(test_tcp_that_is_called),
        cmocka_unit_test(test_tcp_that_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
