# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements of the network: what it adds to a start and a stop, and how fast it is. A function of the Bench.

Throughput is iperf3's, one stream, by the host's program in the container's network: the same for all peers. Each path has
its turn in each round."""
import json
import os
import re
import subprocess
import time

import peers
from stopwatch import Failure, leader, sh

MS, COLD = 1e6, 0.150
SECONDS = '1.5'
LODGE_PORT, PODMAN_PORT = 18001, 18002
UPLINK, OUTSIDE = '192.0.2.1', '192.0.2.2'
SERVERS = []


class LodgeNone(peers.Lodge):
    name, what = 'lodge', 'StartMachine, no network but loopback'


class LodgeNet(peers.Lodge):
    name, what, settings = 'lodge-net', 'StartMachine, Network=default; another machine is in it', '[Network]\nNetwork=default\n'


class LodgeFirst(LodgeNet):
    name, what = 'lodge-first', 'the same, the first machine in it: bridge, rules and names are made and taken away'


class LodgePort(LodgeNet):
    name = 'lodge-port'
    settings = f'[Network]\nNetwork=default\nPublish={LODGE_PORT}:5201 {UPLINK}:{LODGE_PORT}:5201\n'


class Nspawn(peers.Nspawn):
    what = 'systemd-nspawn as a service, --private-network'


class NspawnVeth(peers.Nspawn):
    name, what = 'nspawn-veth', 'the same with --network-veth: no address, no bridge'
    command = peers.NSPAWN.replace('--private-network', '--network-veth') + f'--read-only -D {peers.TREES}/bench /stamp'


class Podman(peers.Podman):
    what = 'podman run -d, --network=none'


class PodmanBridge(peers.Podman):
    name, what, network = 'podman-net', 'the same with --network=podman: netavark, bridge, NAT', ('--network=podman',)

    def container(self, i):
        return f'bench-net-{self.kind}-{i}'


class PodmanPort(PodmanBridge):
    network = ('--network=podman', f'--publish=127.0.0.1:{PODMAN_PORT}:5201', f'--publish={UPLINK}:{PODMAN_PORT}:5201')

    def container(self, i):
        return f'bench-port-{self.kind}-{i}'


# --- start and stop --------------------------------------------------------------------------------------------------

def timed_end(bench, table, name, peer):
    try:
        begin, end = bench.watch.ask(*peer.end(0))
        table.add(name, (end - begin) / MS)
    except Failure as failure:
        table.fail(name, failure)
    peer.after(0)


def start_and_stop(bench):
    chosen = [LodgeNone('network'), LodgeNet('network'), Nspawn('network'), NspawnVeth('network'), Podman('network'),
              PodmanBridge('network')]
    other = LodgeNet('other')
    bench.prepare(chosen + [other], 1)
    bench.watch.ask(*other.begin(0))
    starts = bench.table('network: D-Bus call or command -> first instruction of PID 1, 150 ms apart', 'lodge')
    stops = bench.table('network: stop, call or command until it returns', 'lodge')
    for table in (starts, stops):
        for peer in chosen:
            table.row(peer.name, peer.what)
    for _ in range(bench.rounds(40)):
        starts.note_load()
        for peer in chosen:
            time.sleep(COLD)
            bench.started(starts, peer.name, peer, 0)
            timed_end(bench, stops, peer.name, peer)
    bench.end(other, 0)
    first(bench, starts, stops)
    stops.loads = starts.loads
    for table, what in ((starts, 'start'), (stops, 'stop')):
        table.difference_at_most('lodge-net', 'lodge', 5, f'what the network adds to a {what}')
        table.show()


def first(bench, starts, stops):
    peer = LodgeFirst('network')
    bench.prepare([peer], 1)
    for table in (starts, stops):
        table.row(peer.name, peer.what)
    for _ in range(bench.rounds(40) // 4):
        time.sleep(2)  # the network of before is torn down
        bench.started(starts, peer.name, peer, 0)
        timed_end(bench, stops, peer.name, peer)


# --- throughput ------------------------------------------------------------------------------------------------------

def within(pid, *argv):
    return ('nsenter', f'--net=/proc/{pid}/ns/net', *argv) if pid else argv


def make_outside():
    for words in ('ip netns add outside', 'ip link add name uplink type veth peer name eth0 netns outside',
                  f'ip addr add {UPLINK}/24 dev uplink', 'ip link set dev uplink up', f'ip -n outside addr add {OUTSIDE}/24 dev eth0',
                  'ip -n outside link set dev lo up', 'ip -n outside link set dev eth0 up'):
        sh(*words.split())


def serve(pid):
    SERVERS.append(subprocess.Popen(within(pid, 'iperf3', '-s', '-p', '5201'), stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def address_in(pid):
    """The first IPv4 address in the network of a process, but for loopback"""
    for link in json.loads(sh(*within(pid, 'ip', '-j', '-4', 'addr'))):
        for address in link['addr_info']:
            if link['ifname'] != 'lo':
                return address['local']
    return None  # its rows then show what iperf3 says


def rate(client, address, port, options):
    """Gbit/s; a server that has not done with the one before is asked again"""
    for _ in range(3):
        try:
            return once(client, address, port, options)
        except Failure as failure:
            if not re.search('busy|control message', str(failure)):
                raise
            last = failure
            time.sleep(0.3)
    raise last


def once(client, address, port, options):
    text = sh(*client, 'iperf3', '-J', '-t', SECONDS, '-c', address or 'nowhere.invalid', '-p', str(port), *options, ok=False)
    try:
        result = json.loads(text)
        return result['end']['sum_received']['bits_per_second'] / 1e9
    except ValueError:
        raise Failure(text.strip()[-200:] or 'iperf3 printed nothing') from None
    except KeyError:
        raise Failure(result.get('error', 'iperf3 gave no rate')) from None


def paths(lodge, podman):
    """name -> (what, client, address, port, options); lodge and podman: pids of two containers each"""
    outside = ('ip', 'netns', 'exec', 'outside')
    rows = {'loopback': ('host to itself', (), '127.0.0.1', 5201, ()),
            'outside': ('outside to the host, over a veth', outside, UPLINK, 5201, ())}
    for name, pids, port in (('lodge', lodge, LODGE_PORT), ('podman', podman, PODMAN_PORT)):
        inside = address_in(pids[0])
        rows |= {
            f'{name} in': ('host to machine', (), inside, 5201, ()),
            f'{name} out': ('machine to host', (), inside, 5201, ('-R',)),
            f'{name} peer': ('machine to machine', within(pids[1]), inside, 5201, ()),
            f'{name} port': ('host to the port published on 127.0.0.1', (), '127.0.0.1', port, ()),
            f'{name} outside': ('outside to a published port', outside, UPLINK, port, ()),
        }
    rows['lodge ::1'] = ('host to the port published on ::1', (), '::1', LODGE_PORT, ())
    return rows


def throughput(bench):
    make_outside()
    first_lodge, second_lodge = LodgePort('tcp'), LodgeNet('tcp')
    first_podman, second_podman = PodmanPort('tcp'), PodmanBridge('tcp')
    chosen = [first_lodge, second_lodge, first_podman, second_podman]
    bench.prepare(chosen, 1)
    table = bench.table('network: TCP, one stream', 'loopback', 'Gbit/s')
    try:
        for peer in chosen:
            bench.watch.ask(*peer.begin(0))
        pids = [leader(peer.cgroup(0)) for peer in chosen]
        for pid in (None, pids[0], pids[2]):
            serve(pid)
        time.sleep(0.5)
        measure(bench, table, paths(pids[:2], pids[2:]))
    finally:
        for server in SERVERS:
            server.kill()
            server.wait()
        for peer in chosen:
            bench.end(peer, 0)
    for way in ('in', 'out'):
        table.ratio_at_least(f'lodge {way}', f'podman {way}', 1.3, f'host and machine, {way}: lodge / podman bridge')
    table.ratio_at_least('lodge peer', 'podman peer', 1.0, 'machine to machine: lodge / podman bridge')
    # a connection to 127.0.0.1 is led elsewhere, but keeps the packet sizes of lo
    table.ratio_at_least('lodge port', 'lodge in', 0.9, 'published port / plain path, from the host over 127.0.0.1')
    table.ratio_at_least('lodge outside', 'outside', 0.9, 'published port / a port of the host, from outside')
    table.show()


def measure(bench, table, rows):
    for name, (what, *_) in rows.items():
        table.row(name, what)
    for _ in range(bench.rounds(12)):
        table.note_load()
        for name, (_, client, address, port, options) in rows.items():
            try:
                table.add(name, rate(client, address, port, options))
            except Failure as failure:
                table.fail(name, failure)


def network(bench):
    os.makedirs(peers.RUN, exist_ok=True)
    start_and_stop(bench)
    throughput(bench)
