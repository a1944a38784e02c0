/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Each sink: takes what it can, says so, and gets over what happens to the other end. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "heaptrail_sink.h"

#define TRIES 2000
#define PAUSE_US 1000

static size_t put(heaptrail_sink_t *sink, const char *text)
{
    return heaptrail_sink_write(sink, text, strlen(text));
}

/* Offer until it is taken, as the drain does. */
static void put_all(heaptrail_sink_t *sink, const char *text)
{
    for (int i = 0; i < TRIES && *text != '\0'; i++) {
        size_t taken = put(sink, text);
        text += taken;
        if (taken == 0) { usleep(PAUSE_US); }
    }
    assert_string_equal(text, "");
}

static void expect_read(int fd, const char *text)
{
    char got[256] = "";
    size_t have = 0;
    while (have < strlen(text)) {
        ssize_t more = read(fd, got + have, sizeof(got) - 1 - have);
        assert_true(more > 0);
        have += (size_t)more;
    }
    assert_string_equal(got, text);
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    heaptrail_sink_t sink = {0};
    uint8_t byte = 0;
    assert_int_equal(heaptrail_sink_fd(NULL, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_fd(&sink, -1), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_path(NULL, "x", false), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_path(&sink, NULL, false), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_ram(&sink, NULL, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_ram(&sink, &byte, 0), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_tcp_connect(&sink, NULL, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_tcp_connect(&sink, "", 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_tcp_connect(&sink, "127.0.0.1", 0), ESP_ERR_INVALID_ARG);
    assert_int_equal(heaptrail_sink_tcp_connect(&sink, "no.such.host.invalid", 1),
                     ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_sink_tcp_listen(NULL, 1), ESP_ERR_INVALID_ARG);
    assert_int_equal(put(&sink, "x"), 0);
    assert_int_equal(heaptrail_sink_write(NULL, "x", 1), 0);
    heaptrail_sink_close(NULL);
    heaptrail_sink_close(&sink);
    heaptrail_sink_close(&sink);
    assert_false(heaptrail_sink_status(NULL).connected);
}

/* A sink that was never opened takes nothing. */
static void test_all_zero(void **state)
{
    (void)state;
    heaptrail_sink_t sink = {0};
    assert_int_equal(put(&sink, "x"), 0);
    assert_false(heaptrail_sink_status(&sink).connected);
}

static void test_descriptor(void **state)
{
    (void)state;
    int pipe_of[2];
    heaptrail_sink_t sink;
    assert_int_equal(pipe(pipe_of), 0);
    assert_int_equal(heaptrail_sink_fd(&sink, pipe_of[1]), ESP_OK);
    assert_int_equal(put(&sink, "frame"), 5);
    expect_read(pipe_of[0], "frame");
    /* A full pipe that may not wait. */
    fcntl(pipe_of[1], F_SETFL, O_NONBLOCK);
    static const char bytes[4096];
    uint64_t sent = 5;
    size_t taken = 0;
    while ((taken = heaptrail_sink_write(&sink, bytes, sizeof(bytes))) > 0) {
        sent += taken;
    }
    assert_int_equal(heaptrail_sink_status(&sink).bytes, sent);
    assert_int_equal(heaptrail_sink_status(&sink).error, 0);
    heaptrail_sink_close(&sink);
    assert_int_equal(put(&sink, "x"), 0);
    assert_int_equal(fcntl(pipe_of[1], F_GETFD), 0); /* it was not the sink's to close */
    close(pipe_of[0]);
    close(pipe_of[1]);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = "/tmp/heaptrail_sink_XXXXXX";
    heaptrail_sink_t sink;
    close(mkstemp(path));
    assert_int_equal(heaptrail_sink_path(&sink, path, false), ESP_OK);
    assert_int_equal(put(&sink, "one"), 3);
    heaptrail_sink_close(&sink);
    assert_int_equal(heaptrail_sink_path(&sink, path, true), ESP_OK);
    assert_int_equal(put(&sink, "two"), 3);
    heaptrail_sink_close(&sink);
    int fd = open(path, O_RDONLY);
    expect_read(fd, "onetwo");
    close(fd);
    assert_int_equal(heaptrail_sink_path(&sink, path, false), ESP_OK);
    heaptrail_sink_close(&sink);
    fd = open(path, O_RDONLY);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    unlink(path);
    assert_int_equal(heaptrail_sink_path(&sink, "/nonexistent/trace", false), ESP_ERR_NOT_FOUND);
    assert_int_equal(heaptrail_sink_status(&sink).error, ENOENT);
    assert_int_equal(put(&sink, "x"), 0);
}

static void test_full_disk(void **state)
{
    (void)state;
    heaptrail_sink_t sink;
    assert_int_equal(heaptrail_sink_path(&sink, "/dev/full", false), ESP_OK);
    assert_int_equal(put(&sink, "x"), 0);
    assert_int_equal(heaptrail_sink_status(&sink).error, ENOSPC);
    heaptrail_sink_close(&sink);
}

static void test_ram(void **state)
{
    (void)state;
    char memory[9] = "........";
    heaptrail_sink_t sink;
    assert_int_equal(heaptrail_sink_ram(&sink, memory, 8), ESP_OK);
    assert_true(heaptrail_sink_status(&sink).connected);
    assert_int_equal(put(&sink, "abcde"), 5);
    assert_int_equal(put(&sink, "fghij"), 3);
    assert_int_equal(put(&sink, "k"), 0);
    assert_string_equal(memory, "abcdefgh");
    assert_int_equal(heaptrail_sink_status(&sink).bytes, 8);
}

/* --- TCP --- */

static int listen_at(uint16_t *port)
{
    struct sockaddr_in own = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(*port)};
    socklen_t size = sizeof(own);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    assert_int_equal(bind(fd, (struct sockaddr *)&own, size), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    *port = ntohs(own.sin_port);
    return fd;
}

/* A program with more descriptors than an fd_set has bits. */
static void test_a_high_descriptor(void **state)
{
    (void)state;
    uint16_t port = 0;
    heaptrail_sink_t sink;
    struct rlimit most;
    int fds[FD_SETSIZE];
    int count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
    if (most.rlim_max < 2U * FD_SETSIZE) { skip(); }
    const struct rlimit before = most;
    most.rlim_cur = 2U * FD_SETSIZE;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &most), 0);
    int listener = listen_at(&port);
    assert_int_equal(heaptrail_sink_tcp_connect(&sink, "127.0.0.1", port), ESP_OK);
    do {
        fds[count] = dup(listener);
    } while (fds[count++] < FD_SETSIZE - 1);
    assert_int_equal(put(&sink, "hello"), 0);
    assert_int_equal(heaptrail_sink_status(&sink).error, EMFILE);
    heaptrail_sink_close(&sink);
    while (count > 0) {
        close(fds[--count]);
    }
    close(listener);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_the_device_calls(void **state)
{
    (void)state;
    uint16_t port = 0;
    heaptrail_sink_t sink;
    int listener = listen_at(&port);
    assert_int_equal(heaptrail_sink_tcp_connect(&sink, "127.0.0.1", port), ESP_OK);
    assert_false(heaptrail_sink_status(&sink).connected);
    put_all(&sink, "hello");
    int desk = accept(listener, NULL, NULL);
    expect_read(desk, "hello");
    assert_true(heaptrail_sink_status(&sink).connected);
    /* What the desk types does not pile up, and harms nothing. */
    assert_int_equal(write(desk, "keys", 4), 4);
    put_all(&sink, "more");
    expect_read(desk, "more");
    /* The desk goes away, and nobody listens for a while. */
    close(desk);
    close(listener);
    for (int i = 0; i < 20; i++) {
        put(&sink, "lost");
        usleep(PAUSE_US);
    }
    assert_false(heaptrail_sink_status(&sink).connected);
    assert_int_equal(heaptrail_sink_status(&sink).error, ECONNREFUSED);
    listener = listen_at(&port);
    put_all(&sink, "again");
    desk = accept(listener, NULL, NULL);
    expect_read(desk, "again");
    assert_int_equal(heaptrail_sink_status(&sink).connections, 2);
    heaptrail_sink_close(&sink);
    char byte = 0;
    assert_int_equal(read(desk, &byte, 1), 0);
    close(desk);
    close(listener);
}

static int call(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static uint16_t free_port(void)
{
    uint16_t port = 0;
    close(listen_at(&port));
    return port;
}

static void test_the_device_listens(void **state)
{
    (void)state;
    heaptrail_sink_t sink;
    heaptrail_sink_t other;
    uint16_t port = free_port();
    assert_int_equal(heaptrail_sink_tcp_listen(&sink, port), ESP_OK);
    assert_int_equal(put(&sink, "nobody"), 0);
    assert_int_equal(heaptrail_sink_tcp_listen(&other, port), ESP_FAIL);
    assert_int_equal(heaptrail_sink_status(&other).error, EADDRINUSE);
    for (uint32_t round = 1; round <= 2; round++) {
        int desk = call(port);
        put_all(&sink, "frames");
        expect_read(desk, "frames");
        assert_int_equal(heaptrail_sink_status(&sink).connections, round);
        close(desk);
    }
    heaptrail_sink_close(&sink);
    assert_int_equal(put(&sink, "x"), 0);
}

/* A desk that does not read: the sink takes what the network holds, and then nothing. */
static void test_a_slow_desk(void **state)
{
    (void)state;
    static const char bytes[65536];
    heaptrail_sink_t sink;
    uint16_t port = free_port();
    assert_int_equal(heaptrail_sink_tcp_listen(&sink, port), ESP_OK);
    int desk = call(port);
    put_all(&sink, "x");
    int refusals = 0;
    for (int i = 0; i < TRIES && refusals < 20; i++) {
        size_t taken = heaptrail_sink_write(&sink, bytes, sizeof(bytes));
        refusals = taken == 0 ? refusals + 1 : 0;
        if (taken == 0) { usleep(PAUSE_US); }
    }
    assert_int_equal(refusals, 20);
    assert_true(heaptrail_sink_status(&sink).connected);
    assert_int_equal(heaptrail_sink_status(&sink).error, 0);
    heaptrail_sink_close(&sink);
    close(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_arguments),  cmocka_unit_test(test_all_zero),
        cmocka_unit_test(test_descriptor),       cmocka_unit_test(test_file),
        cmocka_unit_test(test_full_disk),        cmocka_unit_test(test_ram),
        cmocka_unit_test(test_the_device_calls), cmocka_unit_test(test_the_device_listens),
        cmocka_unit_test(test_a_slow_desk),      cmocka_unit_test(test_a_high_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
