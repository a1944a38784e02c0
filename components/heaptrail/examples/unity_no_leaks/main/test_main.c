/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/* Five tests, each in a scope of its own. Two leak, and fail by the name of what leaked. */
#include "unity.h"

#include "heaptrail_test.h" /* after unity.h */
#include "inbox.h"

void setUp(void)
{
    heaptrail_test_set_up();
}

void tearDown(void)
{
    heaptrail_test_tear_down();
}

static void test_a_message_is_released(void)
{
    message_t message;
    TEST_ASSERT_TRUE(message_parse(&message, "lamp:on"));
    TEST_ASSERT_EQUAL_STRING("lamp", message.topic);
    TEST_ASSERT_EQUAL_STRING("on", message.text);
    message_release(&message);
}

/* Leaks; tearDown() finds it. */
static void test_a_long_text_is_refused(void)
{
    message_t message;
    TEST_ASSERT_FALSE(message_parse(&message, "display:far more text than the panel has room for"));
}

/* Leaks; the block finds it, and says so at its own line. */
static void test_refused_twice(void)
{
    message_t message;
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        TEST_ASSERT_FALSE(message_parse(&message, "no colon"));
    }
    HEAPTRAIL_ASSERT_NO_LEAKS()
    {
        for (int i = 0; i < 2; i++) {
            TEST_ASSERT_FALSE(message_parse(&message, "led:far more text than the panel can show"));
        }
    }
}

/* Keeps the topic for ever, as it should: one block of that function is allowed (app_main()). */
static void test_a_topic_is_kept(void)
{
    TEST_ASSERT_EQUAL_INT(0, topic_number("lamp"));
    TEST_ASSERT_EQUAL_INT(0, topic_number("lamp"));
}

/* The task's stack goes a moment later: the scope waits for it. */
static void test_a_task_ends(void)
{
    TEST_ASSERT_TRUE(inbox_parse_in_task("lamp:off"));
}

void app_main(void)
{
    const heaptrail_allowance_t topics = {.function = "topic_number", .max_blocks = 1};
    UNITY_BEGIN();
    heaptrail_allow_leak(&topics);
    RUN_TEST(test_a_message_is_released);
    RUN_TEST(test_a_long_text_is_refused);
    RUN_TEST(test_refused_twice);
    RUN_TEST(test_a_topic_is_kept);
    RUN_TEST(test_a_task_ends);
    UNITY_END();
}
