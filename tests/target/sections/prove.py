#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# UNFINISHED: interrupt scenarios only; wants /tmp/list.txt, the output of "sweep list".
import subprocess,concurrent.futures as cf
bad={'claim_error','read_error','done_error','report_error'}
sc=[];pl=[]
for l in open('/tmp/list.txt'):
    w=l.split()
    if w[0]=='scenario' and w[2]=='interrupt' and w[1] not in bad: sc.append((w[1],set(w[3:])))
    elif w[0]=='place' and w[1] not in pl: pl.append(w[1])
def run(p):
    used=[(len(s),n) for n,s in sc if p in s]
    for _,n in sorted(used):
        r=subprocess.run(['timeout','-k','1','15','tests/target/run','--icount','7','build/64/rv32/rv32imac_sweep',n,p],capture_output=True,text=True)
        if r.returncode!=0: return p,'caught by '+n+' rc=%d '%r.returncode
    return p,'NOT EXECUTED' if not used else 'MISSED by '+','.join(n for _,n in sorted(used))
with cf.ThreadPoolExecutor(2) as ex:
    for p,r in ex.map(run,pl): print(p,r,flush=True)
