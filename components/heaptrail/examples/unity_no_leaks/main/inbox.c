/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "inbox.h"

#include <stdlib.h>
#include <string.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define TEXT_MAX 32

bool message_parse(message_t *message, const char *line)
{
    const char *colon = strchr(line, ':');
    if (colon == NULL) { return false; }
    char *topic = strndup(line, (size_t)(colon - line));
    if (strlen(colon + 1) > TEXT_MAX) { return false; /* the mistake: topic is not freed */ }
    message->topic = topic;
    message->text = strdup(colon + 1);
    return true;
}

void message_release(message_t *message)
{
    free(message->topic);
    free(message->text);
}

int topic_number(const char *topic)
{
    static char *s_topics[8];
    for (int i = 0; i < 8; i++) {
        if (s_topics[i] == NULL) { s_topics[i] = strdup(topic); }
        if (s_topics[i] != NULL && strcmp(s_topics[i], topic) == 0) { return i; }
    }
    return -1;
}

typedef struct {
    const char *line;
    TaskHandle_t asker;
    bool parsed;
} job_t;

static void parse_job(void *arg)
{
    job_t *job = arg;
    message_t message;
    job->parsed = message_parse(&message, job->line);
    if (job->parsed) { message_release(&message); }
    xTaskNotifyGive(job->asker);
    vTaskDelete(NULL); /* the idle task frees the stack, when it comes to it */
}

bool inbox_parse_in_task(const char *line)
{
    job_t job = {line, xTaskGetCurrentTaskHandle(), false};
    if (xTaskCreate(parse_job, "parse", 3072, &job, 5, NULL) != pdPASS) { return false; }
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    return job.parsed;
}
