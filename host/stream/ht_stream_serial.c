/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Serial ports by libserialport; terminals that it does not know (a pty of an emulator, of
 * ESP-IDF's linux target, of a test) by termios alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ht_stream_private.h"

#define RESET_MS 100

bool ht_stream_is_terminal(const char *path)
{
    struct stat what;
    bool exists = stat(path, &what) == 0;
    if (exists && !S_ISCHR(what.st_mode)) { return false; }
    if (!exists) {
        /* A port that is not plugged in is a port all the same: the error says so. */
        return strncmp(path, "/dev/tty", strlen("/dev/tty")) == 0 ||
               strncmp(path, "/dev/serial/", strlen("/dev/serial/")) == 0;
    }
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { return strncmp(path, "/dev/tty", strlen("/dev/tty")) == 0; }
    bool is_terminal = isatty(fd) != 0;
    close(fd);
    return is_terminal;
}

/* Every byte as it is, both ways. */
static bool make_raw(int fd)
{
    struct termios how;
    if (tcgetattr(fd, &how) != 0) { return false; }
    cfmakeraw(&how);
    how.c_cflag |= CLOCAL | CREAD;
    return tcsetattr(fd, TCSANOW, &how) == 0;
}

static bool open_terminal(ht_stream_t *stream, char *error, size_t error_size)
{
    stream->fd = open(stream->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (stream->fd >= 0 && make_raw(stream->fd)) { return true; }
    snprintf(error, error_size, "cannot open %s: %s", stream->path, strerror(errno));
    ht_stream_close_fd(stream);
    return false;
}

/* RTS drives the chip's EN pin, DTR its boot pin, through the usual two transistors. */
static void reset_chip(struct sp_port *port)
{
    sp_set_dtr(port, SP_DTR_OFF);
    sp_set_rts(port, SP_RTS_ON);
    nanosleep(&(struct timespec){.tv_nsec = RESET_MS * 1000000L}, NULL);
    sp_set_rts(port, SP_RTS_OFF);
}

static enum sp_return configure(struct sp_port *port, uint32_t baud)
{
    enum sp_return result = sp_set_baudrate(port, (int)baud);
    if (result == SP_OK) { result = sp_set_bits(port, 8); }
    if (result == SP_OK) { result = sp_set_parity(port, SP_PARITY_NONE); }
    if (result == SP_OK) { result = sp_set_stopbits(port, 1); }
    if (result == SP_OK) { result = sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE); }
    return result;
}

static void say_why(const ht_stream_t *stream, const char *what, char *error, size_t error_size)
{
    const char *hint = "";
    if (errno == EACCES) {
        hint = " (on Debian: sudo usermod -a -G dialout $USER, then log in again)";
    }
    if (errno == ENOENT) { hint = " (is it plugged in? ls /dev/ttyUSB* /dev/ttyACM*)"; }
    if (errno == EBUSY) { hint = " (another monitor has it open)"; }
    snprintf(error, error_size, "cannot %s %s: %s%s", what, stream->path, strerror(errno), hint);
}

static void close_serial(ht_stream_t *stream)
{
    if (stream->port == NULL) { return; }
    sp_close(stream->port);
    sp_free_port(stream->port);
    stream->port = NULL;
    stream->fd = -1; /* it was the port's */
}

static bool open_port(ht_stream_t *stream, char *error, size_t error_size)
{
    struct sp_port *port = stream->port;
    if (sp_open(port, SP_MODE_READ_WRITE) != SP_OK) {
        say_why(stream, "open", error, error_size);
        sp_free_port(port);
        stream->port = NULL;
        return false;
    }
    if (configure(port, stream->options.baud) != SP_OK) {
        snprintf(error, error_size, "%s does not do %u baud", stream->path, stream->options.baud);
        close_serial(stream);
        return false;
    }
    if (stream->options.reset) { reset_chip(port); }
    sp_get_port_handle(port, &stream->fd);
    snprintf(stream->name, sizeof(stream->name), "%s at %u baud", stream->path,
             stream->options.baud);
    return true;
}

static bool open_serial(ht_stream_t *stream, char *error, size_t error_size)
{
    struct sp_port *port = NULL;
    if (access(stream->path, F_OK) != 0) {
        say_why(stream, "open", error, error_size);
        return false;
    }
    /* libserialport looks a port up in /sys/class/tty, where ptys are not. */
    if (sp_get_port_by_name(stream->path, &port) != SP_OK) {
        return open_terminal(stream, error, error_size);
    }
    stream->port = port;
    return open_port(stream, error, error_size);
}

const ht_stream_kind_t ht_stream_serial = {
    .open = open_serial, .close = close_serial, .comes_back = true};
