#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench.py [--n N] [--machines N] [PART...]: the measurements, inside the host that tests/bench/run boots."""
import argparse
import json
import os
import re
import time

import files
import hosting
import images
import network
import peers
from report import Table
from stopwatch import (PROGRAMS, Failure, Stopwatch, charge, leader, memory_of, processes, read, sh, stamp)

MS = 1e6
HOT, COLD = 0.003, 0.150  # s between starts
SETTLE = 0.3


class Bench:
    def __init__(self, options):
        self.watch, self.options, self.tables = Stopwatch(), options, []

    def rounds(self, usual):
        return self.options.n or usual

    def table(self, *args, **kwargs):
        self.tables.append(Table(*args, **kwargs))
        return self.tables[-1]

    def prepare(self, chosen, count):
        for peer in chosen:
            peer.prepare(count)
        sh('systemctl', 'daemon-reload')
        known = [peer for peer in chosen if isinstance(peer, peers.Lodge)]
        end = time.monotonic() + 60
        for peer in known:  # lodged sees the definitions by itself
            while peer.machine(count - 1) not in sh('lodgectl', 'list', ok=False):
                if time.monotonic() > end:
                    raise Failure(f'lodged does not know {peer.machine(count - 1)}')
                time.sleep(0.1)

    def end(self, peer, i):
        """Not measured."""
        try:
            self.watch.ask(*peer.end(i))
        except Failure as failure:
            print(f'{peer.name}: stop: {failure}', flush=True)
        peer.after(i)

    # --- start ------------------------------------------------------------------------------------------------

    def started(self, table, name, peer, i, before=None):
        """Starts container i and adds call -> first instruction; where a peer notes when its supervisor was executed, adds
        what came before to `before` and what comes after to `table`. Whether it runs."""
        try:
            begin, _ = self.watch.ask(*peer.begin(i))
            at = stamp(peer.cgroup(i), peer.mapped)
            if hasattr(peer, 'at'):
                executed = int(read(peer.at(i)))
                if name and before:
                    before.add(name, (executed - begin) / MS)
                begin = executed
            if name:
                table.add(name, (at - begin) / MS)
            return True
        except (Failure, OSError) as failure:
            if name:
                table.fail(name, failure)
            return False

    def start_rounds(self, table, chosen, rounds, burst, gap, before=None):
        """In each round each peer starts `burst` containers, `gap` s apart; of several the first is not counted."""
        for _ in range(rounds):
            table.note_load()
            for peer in chosen:
                for i in range(burst):
                    time.sleep(gap)
                    self.started(table, peer.name if burst == 1 or i else None, peer, i, before)
                for i in range(burst):
                    self.end(peer, i)
                time.sleep(0.02)

    def start(self):
        chosen = [peers.Floor('start'), peers.FloorMasks('start'), peers.FloorSettings('start'), peers.Lodge('start'),
                  peers.LodgeUnit('start'), peers.Nspawn('start'), peers.Podman('start')]
        self.prepare(chosen, 3)
        for what, burst, gap in (('hot, 3 ms apart', 3, HOT), ('cold, 150 ms apart', 1, COLD)):
            table = self.table(f'start: D-Bus call -> first instruction of PID 1, {what}', 'floor')
            for peer in chosen:
                table.row(peer.name, peer.what)
            self.start_rounds(table, chosen, self.rounds(20 if burst > 1 else 30), burst, gap)
            table.ratio_at_most('lodge', 'floor', 1.2, 'lodge / bare unit with the same isolation')
            table.ratio_at_most('lodge', 'nspawn', 0.3, 'lodge / nspawn as a service')
            table.show()

    def shim(self):
        chosen = [peers.FloorAt('shim'), peers.FloorMasksAt('shim'), peers.LodgeAt('shim'), peers.Crun('shim')]
        self.prepare(chosen, 3)
        for what, burst, gap in (('hot', 3, HOT), ('cold', 1, COLD)):
            table = self.table(f'shim: execution of the supervisor -> first instruction of PID 1, {what}', 'floor-at')
            before = self.table(f'shim: D-Bus call -> execution of the supervisor, {what}', 'floor-at')
            for peer in chosen:
                table.row(peer.name, peer.what)
                if hasattr(peer, 'at'):
                    before.row(peer.name, 'systemd alone' if isinstance(peer, peers.Floor) else 'lodged, then systemd')
            self.start_rounds(table, chosen, self.rounds(20 if burst > 1 else 30), burst, gap, before)
            before.loads = table.loads
            table.ratio_at_most('lodge-shim', 'floor-at', 1.3, 'shim / isolation alone')
            table.ratio_at_most('lodge-shim', 'crun', 1.0, 'shim / crun run')
            table.show()
            before.show()

    # --- boot and stop ----------------------------------------------------------------------------------------

    def boot(self):
        chosen = [peers.Floor('boot'), peers.Lodge('boot'), peers.NspawnBoot('boot'), peers.Machinectl('boot'),
                  peers.Podman('boot'), peers.Lxc('boot')]
        self.prepare(chosen, 1)
        table = self.table('boot: call -> Debian 13 has finished booting (its own FinishTimestampMonotonic)', 'floor')
        for peer in chosen:
            table.row(peer.name, peer.what)
        for _ in range(self.rounds(8)):
            table.note_load()
            for peer in chosen:
                try:
                    begin, _ = self.watch.ask(*peer.begin(0))
                    table.add(peer.name, (finished(leader(peer.cgroup(0))) * 1000 - begin) / MS)
                except (Failure, OSError) as failure:
                    table.fail(peer.name, failure)
                self.kill(peer)
                time.sleep(0.2)
        table.ratio_at_most('lodge', 'floor', 1.08, 'lodge / same tree under floor')
        table.show()

    def kill(self, peer):
        try:
            os.kill(leader(peer.cgroup(0)), 9)
        except (Failure, OSError):
            pass
        self.end(peer, 0)

    def stop(self):
        chosen = [peers.Floor('stop'), peers.Lodge('stop'), peers.Nspawn('stop')]
        self.prepare(chosen, 1)
        table = self.table('stop: end of a killed PID 1 -> unit inactive', 'floor')
        for peer in chosen:
            table.row(peer.name, peer.what)
        for _ in range(self.rounds(30)):
            table.note_load()
            for peer in chosen:
                try:
                    self.watch.ask(*peer.begin(0))
                    pid = leader(peer.cgroup(0))
                    time.sleep(0.05)
                    begin, end = self.watch.ask('end', pid, peer.unit(0))
                    table.add(peer.name, (end - begin) / MS)
                except (Failure, OSError) as failure:
                    table.fail(peer.name, failure)
                sh('systemctl', 'reset-failed', peer.unit(0), ok=False)
                self.end(peer, 0)
        table.at_most('lodge', 6, 'lodge beyond the end of its PID 1')
        table.show()

    # --- exec and run -----------------------------------------------------------------------------------------

    def commands(self, table, rows, rounds):
        """rows: name -> (what, words)"""
        for name, (what, _) in rows.items():
            table.row(name, what)
        for _ in range(rounds):
            table.note_load()
            for name, (_, words) in rows.items():
                time.sleep(0.003)
                try:
                    begin, end = self.watch.ask(*words)
                    table.add(name, (end - begin) / MS)
                except Failure as failure:
                    table.fail(name, failure)

    def exec(self):
        lodge, crun, podman = peers.Lodge('exec'), peers.Crun('exec'), peers.Podman('exec')
        nspawn = peers.NspawnBoot('exec')
        chosen = [lodge, crun, podman, nspawn]
        self.prepare(chosen, 1)
        try:
            for peer in chosen:
                self.watch.ask(*peer.begin(0))
            finished(leader(nspawn.cgroup(0)))
            self.exec_in(lodge, crun, podman)
        finally:
            for peer in chosen:
                self.end(peer, 0)

    def exec_in(self, lodge, crun, podman):
        pid = leader(lodge.cgroup(0))
        cgroup = '/sys/fs/cgroup' + read(f'/proc/{pid}/cgroup').strip().split('::', 1)[1]
        cgroup += '/exec'
        os.makedirs(cgroup, exist_ok=True)
        machine = lodge.machine(0)
        table = self.table('exec: true in a running machine', 'enter')
        self.commands(table, {
            'enter': ('enter.c as a command: pidfd, setns, clone3 into the cgroup, execve, wait',
                      ('run', f'{PROGRAMS}/enter', pid, cgroup, '/bin/true')),
            'lodge-call': ('Exec() of lodged over D-Bus until the process has ended; no lodgectl',
                           ('exec', machine, '/bin/true')),
            'lodgectl': ('lodgectl exec, whole command', ('run', 'lodgectl', 'exec', machine, '/bin/true')),
            'lodgectl-version': ('lodgectl --version: what its start alone takes', ('run', 'lodgectl', '--version')),
            'crun': ('crun exec', ('run', 'crun', 'exec', crun.container(0), '/bin/true')),
            'podman': ('podman exec', ('run', 'podman', 'exec', podman.container(0), '/bin/true')),
            'systemd-run-M': ('systemd-run --machine, systemd and bus in the guest',
                              ('run', 'systemd-run', '-q', '--wait', '-M', 'ns-0', 'true')),
            'machinectl-shell': ('machinectl shell, systemd and bus in the guest',
                                 ('run', 'machinectl', '-q', 'shell', 'ns-0', '/bin/true')),
        }, self.rounds(40))
        table.at_most('lodgectl', 8, 'lodgectl exec')
        table.ratio_at_most('lodge-call', 'enter', 1.3, 'daemon and shim / pidfd + setns + exec')
        table.show()

    def run(self):
        crun = peers.Crun('run')
        self.prepare([crun, peers.Podman('run')], 1)
        floor = ('run', f'{PROGRAMS}/floor', f'{peers.RUN}/command', f'{peers.TREES}/bench', f'{peers.WORK}/floor-run',
                 peers.BASE, '/bin/true')
        table = self.table('run: true in a new machine that is gone afterwards, whole command', 'floor')
        rows = {
            'floor': ('floor.c as a command, no unit; its upper directory stays', floor),
            'lodgectl': ('lodgectl run: create, unit, attach, remove', ('run', 'lodgectl', 'run', 'bench', '/bin/true')),
            'systemd-run': ('systemd-run --wait, a plain service',
                            ('run', 'systemd-run', '-q', '--wait', '--collect', f'{peers.TREES}/bench/bin/busybox', 'true')),
            'nspawn': ('systemd-nspawn as a command, -U, registered',
                       ('run', 'systemd-nspawn', '-q', '-M', 'ns-run', '--private-users=pick', '--private-users-ownership=map',
                        '--private-network', '--read-only', '--settings=no', '--link-journal=no', '--console=pipe',
                        '-D', f'{peers.TREES}/bench', '/bin/true')),
            'podman': ('podman run --rm, no user namespace',
                       ('run', 'podman', 'run', '--rm', '--network=none', '--pids-limit=0', '--rootfs', f'{peers.TREES}/bench:O', '/bin/true')),
        }
        for name, (what, _) in rows.items():
            table.row(name, what)
        for _ in range(self.rounds(20)):
            sh('rm', '-rf', f'{peers.WORK}/floor-run')
            self.commands(table, rows, 1)
        table.show()

    # --- memory and scale -------------------------------------------------------------------------------------

    def batch(self, words, count, jobs=8):
        begin, end = self.watch.ask('batch', jobs, count, *(str(word) for word in words))
        return (end - begin) / 1e9

    def memory(self):
        count = self.options.machines or 200
        chosen = [peers.Floor('memory'), peers.Lodge('memory'), peers.Nspawn('memory'), peers.Podman('memory'),
                  peers.Service('memory')]
        self.prepare(chosen, count)
        table = self.table(f'memory: each of {count} idle machines, PID 1 itself not counted', 'floor PSS', 'KiB')
        for peer in chosen:
            before, daemon = settled_charge(), daemon_pss()
            try:
                self.batch(peer.begin('{}'), count)
                note_memory(table, peer, count, before, daemon)
            except Failure as failure:
                table.row(f'{peer.name} PSS', peer.what)
                table.fail(f'{peer.name} PSS', failure)
            self.clear(peer, count)
        table.note_load()
        table.at_most('lodge PSS', 150, 'supervisor')
        table.at_most('lodge charge', 600, 'memory cgroup charge, PID 1 and all')
        table.at_most('lodged idle', 8192, 'lodged without machines')
        table.at_most('lodged growth', 4, 'lodged per machine')
        table.show()

    def clear(self, peer, count):
        try:
            self.batch(peer.end('{}'), count)
        except Failure as failure:
            print(f'{peer.name}: {failure}', flush=True)
        for i in range(count):
            peer.after(i)

    def scale(self):
        count = self.options.machines or 1000
        lodge = peers.Lodge('scale')
        slow = min(count, 200)
        chosen = [(peers.Floor('scale'), count, ('ls', '/run/systemd/units')), (lodge, count, ('lodgectl', 'list')),
                  (peers.Service('scale'), count, ('systemctl', 'list-units', '--no-pager', 'service-scale@*')),
                  (peers.Crun('scale'), count, ('crun', 'list')), (peers.Podman('scale'), slow, ('podman', 'ps')),
                  (peers.Nspawn('scale'), slow, ('machinectl', 'list', '--no-pager'))]
        for peer, n, _ in chosen:
            self.prepare([peer], n)
        single = [peers.Lodge('single')]
        self.prepare(single, 3)
        speed = self.table(f'scale: {count} idle containers, 8 at a time, one run ({slow} for podman and nspawn)', 'floor start',
                           '1/s')
        lists = self.table(f'scale: list with {count} running, whole command ({slow} for podman and nspawn)', 'crun')
        latency = self.table(f'scale: start of one machine with {count} running', 'none')
        latency.row('none', 'lodge, no other machine running')
        latency.row('many', f'lodge, {count} others running')
        self.single(latency, 'none', single[0])
        for peer, n, words in chosen:
            for verb in ('start', 'stop'):
                speed.row(f'{peer.name} {verb}', f'{peer.what}; {n} of them')
            lists.row(peer.name, ' '.join(words))
            speed.note_load()
            try:
                speed.add(f'{peer.name} start', n / self.batch(peer.begin('{}'), n))
            except Failure as failure:
                speed.fail(f'{peer.name} start', failure)
            self.commands_of(lists, peer.name, words)
            if peer is lodge:
                self.single(latency, 'many', single[0])
            try:
                speed.add(f'{peer.name} stop', n / self.batch(peer.end('{}'), n))
            except Failure as failure:
                speed.fail(f'{peer.name} stop', failure)
            for i in range(n):
                peer.after(i)
        speed.at_least('lodge start', 40, 'starts')
        speed.at_least('lodge stop', 100, 'stops')
        lists.at_most('lodge', 25, 'list')
        latency.ratio_at_most('many', 'none', 1.3, f'start with {count} running / with none')
        for table in (speed, lists, latency):
            table.show()

    def single(self, table, name, peer):
        for _ in range(self.rounds(20)):
            table.note_load()
            time.sleep(COLD)
            self.started(table, name, peer, 0)
            self.end(peer, 0)

    def commands_of(self, table, name, words):
        self.requests(table, name, 'run', *words)

    def requests(self, table, name, *words):
        for _ in range(self.rounds(20)):
            table.note_load()
            try:
                begin, end = self.watch.ask(*words)
                table.add(name, (end - begin) / MS)
            except Failure as failure:
                table.fail(name, failure)


def finished(pid):
    """When the systemd that is `pid` had booted, in µs of CLOCK_MONOTONIC"""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        value = sh('nsenter', '-t', str(pid), '-a', 'systemctl', 'show', '-P', 'FinishTimestampMonotonic', ok=False).strip()
        if value.isdigit() and int(value):
            return int(value)
        time.sleep(0.05)
    raise Failure('the guest has not finished booting')


def lodged():
    pid = sh('systemctl', 'show', '-P', 'MainPID', 'lodged.service').strip()
    return int(pid) if pid.isdigit() and int(pid) else None


def daemon_pss():
    sh('lodgectl', 'list')  # it is started by the bus
    return memory_of(lodged())[0]


def settled_charge():
    time.sleep(SETTLE * 4)
    return charge()


def note_memory(table, peer, count, before, daemon):
    time.sleep(SETTLE)
    own = [pid for i in range(count) for pid in processes(peer.cgroup(i))]
    own += conmons(peer) if peer.name == 'podman' else []
    payload = {leader(peer.cgroup(i)) for i in range(count)} if peer.name != 'service' else set(own)
    pss = uss = 0
    for pid in set(own) - payload:
        p, u = memory_of(pid)
        pss, uss = pss + p, uss + u
    for which, value in (('PSS', pss), ('USS', uss)):
        table.row(f'{peer.name} {which}', 'its supervisors: ' + peer.what if which == 'PSS' else '')
        table.add(f'{peer.name} {which}', value / count)
    if before:
        after = settled_charge()
        for which, value in zip(('charge', 'kernel'), (after[0] - before[0], after[1] - before[1])):
            table.row(f'{peer.name} {which}', 'v1 memory controller over the whole host, PID 1 in it')
            table.add(f'{peer.name} {which}', value / count)
    if peer.name == 'lodge':
        table.row('lodged idle', 'PSS of the daemon with the definitions, none running')
        table.add('lodged idle', daemon)
        table.row('lodged growth', 'PSS of the daemon for each machine that runs')
        table.add('lodged growth', (daemon_pss() - daemon) / count)


def conmons(peer):
    """conmon is in a cgroup of its own"""
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            if read(f'/proc/{pid}/comm') == 'conmon\n' and re.search(rf'bench-{peer.kind}-', read(f'/proc/{pid}/cmdline')):
                yield int(pid)
        except OSError:
            pass


PARTS = ('start', 'shim', 'boot', 'stop', 'exec', 'run', 'memory', 'scale')
IMAGE_PARTS = ('unpack', 'layers', 'images', 'share')
FILE_PARTS = ('copy', 'commit')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('parts', nargs='*')
    parser.add_argument('--n', type=int)
    parser.add_argument('--machines', type=int)
    bench = Bench(parser.parse_args())
    peers.setup()
    for part in bench.options.parts or PARTS + IMAGE_PARTS + FILE_PARTS + ('network', 'hosting'):
        if part in IMAGE_PARTS:
            getattr(images, part)(bench)
        elif part in FILE_PARTS:
            getattr(files, part)(bench)
        elif part == 'network':
            network.network(bench)
        elif part == 'hosting':
            hosting.hosting(bench)
        else:
            getattr(bench, part)()
        with open('/var/lib/lodge/bench.json', 'w', encoding='utf8') as f:
            json.dump([table.data() for table in bench.tables], f, indent=1)
    targets = [target for table in bench.tables for target in table.targets]
    print(f'{sum(t["met"] is True for t in targets)} targets met, {sum(t["met"] is False for t in targets)} missed, '
          f'{sum(t["met"] is None for t in targets)} not measured')


main()
