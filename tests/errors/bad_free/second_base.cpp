/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Deleted through its second base class, which has no virtual destructor: the wrong address.
 *
 * expect: bad_free offset=16 size=40 place=block found=free
 * alloc:  main
 * caller: main
 */
#include "case.h"

struct Shape {
    int64_t x = 0, y = 0;
};

struct Named {
    char name[16] = "circle";
};

struct Circle : Shape, Named {
    double radius = 1.0;
};

int main()
{
    Circle *circle = new Circle;
    Named *named = circle;
    BUG(delete named, delete circle);
    return done();
}
