/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * @file unity.h
 * The names of Unity (ThrowTheSwitch) that our tests and examples use, and its lines of output:
 * Debian has no package of it. As there, a failed assertion jumps out of the test, and tearDown()
 * runs after it. Not Unity: docs/verified.md says what ran with the real one.
 */
#ifndef UNITY_FRAMEWORK_H
#define UNITY_FRAMEWORK_H

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

typedef unsigned int UNITY_LINE_TYPE;

struct UNITY_STORAGE_T {
    const char *TestFile;
    const char *CurrentTestName;
    UNITY_LINE_TYPE CurrentTestLineNumber;
    unsigned NumberOfTests;
    unsigned TestFailures;
    unsigned TestIgnores;
    unsigned CurrentTestFailed;
    unsigned CurrentTestIgnored;
    jmp_buf AbortFrame;
};

/* Weak, so that every file of a program may define it. */
__attribute__((weak)) struct UNITY_STORAGE_T Unity;

void setUp(void);
void tearDown(void);

#define UNITY_OUTPUT_CHAR(c) (void)putchar(c)

static inline void tiny_unity_line(UNITY_LINE_TYPE line, const char *result)
{
    printf("%s:%u:%s:%s", Unity.TestFile, line, Unity.CurrentTestName, result);
}

static inline void tiny_unity_end(unsigned *counter, const char *result, const char *message,
                                  UNITY_LINE_TYPE line)
{
    if (Unity.CurrentTestFailed == 0 && Unity.CurrentTestIgnored == 0) {
        tiny_unity_line(line, result);
        if (message != NULL) { printf(":%s%s", message[0] == ' ' ? "" : " ", message); }
        *counter = 1;
    }
    longjmp(Unity.AbortFrame, 1);
}

#define UNITY_TEST_FAIL(line, message)                                                             \
    tiny_unity_end(&Unity.CurrentTestFailed, "FAIL", (message), (UNITY_LINE_TYPE)(line))
#define TEST_FAIL_MESSAGE(message) UNITY_TEST_FAIL(__LINE__, (message))
#define TEST_IGNORE_MESSAGE(message)                                                               \
    tiny_unity_end(&Unity.CurrentTestIgnored, "IGNORE", (message), __LINE__)
#define TEST_ASSERT_MESSAGE(x, message)                                                            \
    do {                                                                                           \
        if (!(x)) { UNITY_TEST_FAIL(__LINE__, message); }                                          \
    } while (0)
#define TEST_ASSERT_TRUE(x) TEST_ASSERT_MESSAGE((x), " Expected TRUE Was FALSE")
#define TEST_ASSERT_FALSE(x) TEST_ASSERT_MESSAGE(!(x), " Expected FALSE Was TRUE")
#define TEST_ASSERT_EQUAL_INT(a, b) TEST_ASSERT_MESSAGE((a) == (b), " Expected " #a " Was " #b)
#define TEST_ASSERT_EQUAL_STRING(a, b)                                                             \
    TEST_ASSERT_MESSAGE(strcmp((a), (b)) == 0, " Expected " #a " Was " #b)

static inline void tiny_unity_run(void (*fn)(void), const char *name, int line)
{
    Unity.CurrentTestName = name;
    Unity.CurrentTestLineNumber = (UNITY_LINE_TYPE)line;
    Unity.NumberOfTests++;
    if (setjmp(Unity.AbortFrame) == 0) {
        setUp();
        fn();
    }
    if (setjmp(Unity.AbortFrame) == 0) { tearDown(); }
    if (Unity.CurrentTestIgnored != 0) {
        Unity.TestIgnores++;
    } else if (Unity.CurrentTestFailed == 0) {
        tiny_unity_line(Unity.CurrentTestLineNumber, "PASS");
    } else {
        Unity.TestFailures++;
    }
    Unity.CurrentTestFailed = 0;
    Unity.CurrentTestIgnored = 0;
    putchar('\n');
}

static inline int tiny_unity_summary(void)
{
    printf("\n-----------------------\n%u Tests %u Failures %u Ignored \n%s\n", Unity.NumberOfTests,
           Unity.TestFailures, Unity.TestIgnores, Unity.TestFailures == 0 ? "OK" : "FAIL");
    return (int)Unity.TestFailures;
}

#define RUN_TEST(fn) tiny_unity_run(fn, #fn, __LINE__)
#define UNITY_BEGIN() (Unity.TestFile = __FILE__)
#define UNITY_END() tiny_unity_summary()

#endif
