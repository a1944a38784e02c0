# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
"""Threads that allocate all the time, while the process is asked for reports; with "block", they take no signals."""
import os
import signal
import sys
import threading
import time

stop = False


def work():
    if sys.argv[1] == "block":
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while not stop:
        [bytes(600) for _ in range(50)]


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
time.sleep(0.1)
for _ in range(5):
    os.kill(os.getpid(), signal.SIGUSR2)
    time.sleep(0.05)
stop = True
for thread in threads:
    thread.join()
print("done")
