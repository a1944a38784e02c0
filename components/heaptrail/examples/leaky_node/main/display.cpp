/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Status pages on a small panel. Pages are built when they are turned to and thrown away
 * afterwards; what they show is drawn into two frame buffers in PSRAM, or into small ones on boards
 * without it.
 */
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "esp_heap_caps.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "node.h"

namespace
{

const char *const TAG = "display";
constexpr uint32_t PAGE_PERIOD_MS = 3000;

struct Frame {
    uint16_t *pixels = nullptr;
    unsigned width = 0;
    unsigned height = 0;

    bool allocate()
    {
        width = 320;
        height = 240;
        pixels = static_cast<uint16_t *>(
            heap_caps_malloc(width * height * sizeof *pixels, MALLOC_CAP_SPIRAM | MALLOC_CAP_8BIT));
        if (pixels == nullptr) { /* no PSRAM on this board: a quarter, from internal RAM */
            width = 80;
            height = 60;
            pixels = static_cast<uint16_t *>(
                heap_caps_malloc(width * height * sizeof *pixels, MALLOC_CAP_DEFAULT));
        }
        return pixels != nullptr;
    }

    void line(unsigned y, uint16_t color)
    {
        for (unsigned x = 0; x < width; x++) {
            pixels[(y % height) * width + x] = color;
        }
    }
};

class Page
{
  public:
    virtual ~Page() = default;
    virtual void build(const sample_t &sample) = 0;

    void draw(Frame &frame) const
    {
        unsigned y = 0;
        for (const std::string &text : lines_) {
            frame.line(y, static_cast<uint16_t>(text.size() * 0x0821));
            y += 16;
        }
    }

  protected:
    void add(const char *label, long value)
    {
        std::string text(label);
        text += ": ";
        text += std::to_string(value);
        lines_.push_back(text);
    }

  private:
    std::vector<std::string> lines_;
};

class ClimatePage : public Page
{
  public:
    void build(const sample_t &sample) override
    {
        add("Temperature, 1/100 degree", sample.temperature_centi);
        add("Relative humidity, 1/1000", static_cast<long>(sample.humidity_permille));
    }
};

class NetworkPage : public Page
{
  public:
    void build(const sample_t &sample) override
    {
        add("Samples published so far", static_cast<long>(sample.sequence));
        add("Packets received so far", static_cast<long>(sample.packets_received));
        add("Bytes of heap free",
            static_cast<long>(heap_caps_get_free_size(MALLOC_CAP_DEFAULT) / 1024));
    }
};

Page *make_page(unsigned number)
{
    if (number % 2 == 0) { return new (std::nothrow) ClimatePage; }
    return new (std::nothrow) NetworkPage;
}

void show_page(unsigned number, Frame &frame)
{
    std::unique_ptr<Page> page(make_page(number));
    if (page == nullptr) {
        ESP_LOGW(TAG, "no memory for page %u", number);
        return;
    }
    page->build(telemetry_last());
    page->draw(frame);
}

void display_task(void *)
{
    static Frame frames[2];
    if (!frames[0].allocate() || !frames[1].allocate()) {
        ESP_LOGE(TAG, "no memory for frame buffers");
        vTaskDelete(nullptr);
    }
    for (unsigned turn = 0;; turn++) {
        show_page(turn, frames[turn % 2]);
        vTaskDelay(pdMS_TO_TICKS(PAGE_PERIOD_MS));
    }
}

} // namespace

esp_err_t display_start(void)
{
    return xTaskCreate(display_task, "display", 4096, nullptr, 3, nullptr) == pdPASS
               ? ESP_OK
               : ESP_ERR_NO_MEM;
}
