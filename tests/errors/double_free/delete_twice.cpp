/*
 * SPDX-FileCopyrightText: 2026 The heaptrail authors
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Two owners of one object, both of whom delete it.
 *
 * expect: double_free size=32 found=free
 * alloc:  main
 * free:   Owner::clear < main
 * caller: Owner::clear < main
 */
#include "case.h"

struct Sprite {
    double x, y, width, height;
};

struct Owner {
    Sprite *sprite;
    void clear()
    {
        delete sprite;
        sprite = nullptr;
    }
};

int main()
{
    Owner scene = {new Sprite};
    Owner layer = {BUG(scene.sprite, nullptr)};
    scene.clear();
    layer.clear();
    return done();
}
