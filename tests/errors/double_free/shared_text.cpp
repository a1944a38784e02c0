/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A class with an owned pointer and no copy constructor: two objects, one text.
 *
 * expect: double_free size=12 found=free
 * alloc:  Text::Text < main
 * free:   Text::~Text < main
 * caller: Text::~Text < main
 */
#include "case.h"

class Text
{
  public:
    explicit Text(const char *text) : text_(new char[strlen(text) + 1])
    {
        strcpy(text_, text);
    }
    Text(const Text &other) : text_(BUG(other.text_, new char[strlen(other.text_) + 1]))
    {
        if (text_ != other.text_) { strcpy(text_, other.text_); }
    }
    ~Text()
    {
        delete[] text_;
    }

  private:
    char *text_;
};

int main()
{
    Text text("hello world");
    Text copy(text);
    return done();
}
