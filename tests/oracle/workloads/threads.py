# SPDX-License-Identifier: Apache-2.0
"""Threads, one after another, with nothing left to the scheduler, so that the totals repeat.

_thread and not threading: the latter keeps sets whose growth depends on when a thread's last words are said.
"""
import _thread
import json
import time

results = {}


def work(number, done):
    rows = [{"n": i, "square": str(i * i * number)} for i in range(600)]
    results[number] = len(json.dumps(json.loads(json.dumps(rows))))
    done.release()


for n in range(12):
    lock = _thread.allocate_lock()
    lock.acquire()
    _thread.start_new_thread(work, (n, lock))
    lock.acquire()
    time.sleep(0.1)  # until the thread is really gone, so that the next one finds its stack free
print(sorted(results.items()))
