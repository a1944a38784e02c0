/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A window is deleted by its close button; then its title is set.
 *
 * expect: write_after_free offset=8 damaged=8 size=24 found=exit
 * alloc:  main
 * free:   Window::close < main
 */
#include "case.h"

class Window
{
  public:
    virtual ~Window() = default;
    void close()
    {
        delete this;
    }
    void set_title(const char *title)
    {
        memcpy(title_, title, 8);
    }

  private:
    char title_[16] = "";
};

int main()
{
    Window *window = new Window;
    if (BUG(false, true)) { window->set_title("closing!"); }
    window->close();
    if (BUG(true, false)) { window->set_title("closing!"); }
    return done();
}
