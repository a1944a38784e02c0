/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An object's last member is a name of 8 bytes; a longer one leaves the object.
 *
 * expect: overflow offset=16 damaged=4 size=16 found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

class Channel
{
  public:
    Channel(int number, const char *name) : number_(number)
    {
        strcpy(name_, name);
    }

  private:
    int64_t number_;
    char name_[8];
};

int main()
{
    Channel *channel = new Channel(3, BUG("ambiental42", "ambient"));
    delete channel;
    return done();
}
