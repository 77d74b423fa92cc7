# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stopwatch (client.c) and what else the measurements read of the host."""
import glob
import os
import re
import subprocess
import time

PROGRAMS = '/usr/lib/lodge-tests/bench'
CGROUPS = '/sys/fs/cgroup'
PATIENCE = 20  # s for one container


class Failure(Exception):
    """One sample could not be taken; it is counted and shown."""


class Stopwatch:
    def __init__(self):
        self.process = subprocess.Popen([f'{PROGRAMS}/client'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        """(begin, end) in ns"""
        self.process.stdin.write('\t'.join(map(str, words)) + '\n')
        self.process.stdin.flush()
        begin, end, result = self.process.stdout.readline().rstrip('\n').split(' ', 2)
        if result != 'ok':
            raise Failure(f'{" ".join(map(str, words[:3]))}: {result}')
        return int(begin), int(end)


def read(path):
    with open(path, encoding='utf8', errors='replace') as f:
        return f.read()


def sh(*argv, ok=True):
    """Not measured."""
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    if ok and result.returncode:
        raise Failure(f'{" ".join(argv[:4])}: {result.stderr.strip()[-300:] or result.returncode}')
    return result.stdout


def processes(cgroup):
    """The pids in all cgroups below a path with wildcards."""
    for path in glob.glob(f'{CGROUPS}/{cgroup}'):
        for directory, _, _ in os.walk(path):
            try:
                yield from map(int, read(f'{directory}/cgroup.procs').split())
            except OSError:
                pass


def field(status, name):
    match = re.search(rf'^{name}:\s*(.*)$', status, re.MULTILINE)
    return match.group(1).split() if match else []


def leader(cgroup):
    """The pid of PID 1 of the container in a cgroup."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for pid in processes(cgroup):
            try:
                inside = field(read(f'/proc/{pid}/status'), 'NSpid')
            except OSError:
                continue
            if len(inside) > 1 and inside[-1] == '1':
                return pid
        time.sleep(0.002)
    raise Failure(f'no PID 1 of a container in {cgroup}')


def stamp(cgroup, mapped):
    """When PID 1 of the container in a cgroup ran its first instruction; stamp.c says so by its name."""
    pid = leader(cgroup)
    if is_mapped(pid) != mapped:
        raise Failure(f'PID 1 in {cgroup} has the user ids {read(f"/proc/{pid}/uid_map").strip()}')
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        match = re.fullmatch(r's([0-9a-f]{8,14})\n', read(f'/proc/{pid}/comm'))
        if match:
            return int(match.group(1), 16)
        time.sleep(0.001)
    raise Failure(f'PID 1 in {cgroup} shows no time')


def is_mapped(pid):
    return read(f'/proc/{pid}/uid_map').split()[:2] != ['0', '0']


def memory_of(pid):
    """(PSS, USS) in KiB"""
    rollup = read(f'/proc/{pid}/smaps_rollup')
    value = {key: int(n) for key, n in re.findall(r'^(\w+):\s+(\d+) kB', rollup, re.MULTILINE)}
    return value['Pss'], value['Private_Clean'] + value['Private_Dirty']


def charge():
    """(all, of it kernel) in KiB that the memory controller counts for this host; None where there is none"""
    try:
        return tuple(int(read(f'/srv/bench-memory/memory.{name}usage_in_bytes')) / 1024 for name in ('', 'kmem.'))
    except OSError:
        return None
