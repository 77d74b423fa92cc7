# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a host of many machines costs: 1,000 are defined, 300 of them run. A function of the Bench."""
import json
import time

import peers
from stopwatch import Failure, memory_of, processes, read, sh

RUNNING = 300
GENERATE = 'd=$(mktemp -d) && /usr/lib/systemd/system-generators/lodge-generator $d $d $d; rm -r $d'
SETTLE, IDLE = 5, 20  # s: until what was begun has ended; in which nothing happens


def main_pid(service):
    pid = sh('systemctl', 'show', '-P', 'MainPID', service).strip()
    return int(pid) if pid.isdigit() and int(pid) else None


def switches(pids):
    """How often they went to sleep of their own will: 0 more means that nothing woke them."""
    return sum(int(line.split()[1]) for pid in pids for line in read(f'/proc/{pid}/status').splitlines()
               if line.startswith('voluntary_ctxt_switches'))


def wake_ups(table, name, what, pids):
    table.row(name, what)
    before = switches(pids)
    time.sleep(IDLE)
    table.add(name, (switches(pids) - before) / IDLE)


def idle(bench, lodge, running):
    table = bench.table(f'hosting: wake-ups a second while nothing happens, over {IDLE} s', None, '1/s')
    time.sleep(SETTLE)
    supervisors = [pid for i in range(running) for pid in processes(f'{lodge.cgroup(i)}/supervisor')]
    wake_ups(table, 'lodged', 'the daemon', [main_pid('lodged.service')])
    wake_ups(table, 'shims', f'{len(supervisors)} supervisors together', supervisors)
    table.note_load()
    table.at_most('lodged', 0, 'lodged asleep')
    table.at_most('shims', 0, 'supervisors asleep')
    return table


def flooded(bench, machine):
    """Root's calls while 200 clients of others have 20 calls each waiting, again and again."""
    table = bench.table('hosting: root\'s calls while others make 4,000 at a time', None)
    output = sh('/usr/share/lodge-tests/tests/clients/flood', '200', '20', machine, ok=False)
    samples = json.loads(output.rpartition('samples: ')[2] or '{}')
    for verb in ('list', 'start', 'stop'):
        table.row(verb, f'lodgectl {verb}, whole command')
        for ms in samples.get(verb, []):
            table.add(verb, ms)
    table.note_load()
    for verb in samples:
        table.at_most(verb, 250, verb)
    return table


def hosting(bench):
    defined = bench.options.machines or 1000
    running = min(RUNNING, defined)
    lodge = peers.Lodge('hosting')
    bench.prepare([lodge], defined)
    lists = bench.table(f'hosting: {defined} machines defined, {running} running', None)
    memory = bench.table('hosting: PSS of lodged', None, 'KiB')
    rows = (('list', 'lodgectl list, whole command', ('run', 'lodgectl', 'list')),
            ('objects', 'GetManagedObjects over the system bus', ('objects',)),
            ('generator', 'lodge-generator, and what makes and removes its directory', ('run', 'sh', '-c', GENERATE)),
            ('reload', 'systemctl daemon-reload, all generators and units', ('run', 'systemctl', 'daemon-reload')))
    try:
        bench.batch(lodge.begin('{}'), running)
    except Failure as failure:
        print(f'hosting: {failure}', flush=True)
    for name, what, words in rows:
        lists.row(name, what)
        bench.requests(lists, name, *words)
    memory.row('lodged', 'with all of them')
    memory.add('lodged', memory_of(main_pid('lodged.service'))[0])
    memory.note_load()
    lists.at_most('list', 50, 'list')
    lists.at_most('objects', 30, 'GetManagedObjects')
    memory.at_most('lodged', 40 * 1024, 'lodged')
    asleep = idle(bench, lodge, running)
    bench.clear(lodge, running)
    for table in (lists, memory, asleep, flooded(bench, lodge.machine(0))):
        table.show()
