# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks of fake-lodged, and what machines have of them. Port 1 is always somebody else's."""
import os
import time

import gi
gi.require_version('Gio', '2.0')
from gi.repository import GLib  # noqa: E402

from fakestore import Failure, ROOT, label, variants  # noqa: E402


class Network:
    interface = 'org.lodge1.Network'

    def __init__(self, networks, name, settings):
        self.networks, self.name, self.settings, self.path = networks, name, settings, f'{ROOT}/network/{label(name)}'

    def properties(self):
        number = sorted(self.networks.all).index(self.name)
        leases = [(m.name, address.split('/')[0]) for m in self.networks.daemon.machines.values()
                  for network, _, address in m.addresses() if network == self.name]
        yes = {key: self.settings.get(key, standard) == 'yes' for key, standard in
               (('Internal', 'no'), ('NAT', 'yes'), ('DNS', 'yes'))}
        return variants({
            'Name': ('s', self.name), 'Description': ('s', self.settings.get('Description', '')), 'Labels': ('a{ss}', {}),
            'Path': ('s', '' if self.name == 'default' else f'/etc/lodge/networks/{self.name}.network'), 'Owner': ('u', os.getuid()),
            'CreatedTimestamp': ('t', 0), 'State': ('s', 'up' if leases else 'down'), 'LoadError': ('s', ''),
            'Subnets': ('as', self.settings.get('Subnet', [f'10.{number}.0.0/23'])), 'Gateways': ('as', [f'10.{number}.0.1']),
            'Bridge': ('s', self.settings.get('Bridge', f'lb-{self.name}')), **{key: ('b', on) for key, on in yes.items()},
            'MTU': ('u', int(self.settings.get('MTU', 0))), 'Machines': ('as', sorted({m for m, _ in leases})),
            'Leases': ('a(ss)', leases)})


class Networks:
    def __init__(self, daemon):
        self.daemon, self.all = daemon, {}

    def export(self):
        self.daemon.store.add(self.all, Network(self, 'default', {'Bridge': 'lodge0'}))

    def network(self, name):
        if name not in self.all:
            raise Failure('NoSuchNetwork', f"there is no network '{name}'")
        return self.all[name]

    def do_ListNetworks(self, invocation, fds, raw, properties):
        invocation.return_value(self.daemon.store.listed('a{sv}', self.all, properties))

    def do_GetNetwork(self, invocation, fds, raw, name):
        invocation.return_value(GLib.Variant('(o)', (self.network(name).path,)))

    def do_CreateNetwork(self, invocation, fds, raw, name, settings):
        if name in self.all:
            raise Failure('Exists', f"there is a network '{name}' already")
        if '10.9.0.0/16' in settings.get('Subnet', []):
            raise Failure('InvalidOption', "Subnet 10.9.0.0/16 overlaps with the host's route to 10.9.0.0/24")
        self.daemon.store.add(self.all, Network(self, name, settings))
        invocation.return_value(GLib.Variant('(o)', (self.all[name].path,)))

    def do_RemoveNetwork(self, invocation, fds, raw, name, options):
        network = self.network(name)
        if any(n == name for m in self.daemon.machines.values() for n, _, _ in m.addresses()):
            raise Failure('Busy', f"machine 'web' wants network '{name}'")
        self.daemon.store.drop(self.all, network)
        invocation.return_value(None)

    def do_CheckNetwork(self, invocation, fds, raw, options):
        invocation.return_value(GLib.Variant('(as)', (['IPv4 is not forwarded\tsysctl -w net.ipv4.ip_forward=1', 'odd\x1b[2J'],)))

    def machine(self, name, options):
        machine = self.daemon.find(name)
        machine.status_text = f'persist {options.get("Persist", False)}'
        return machine if options.get('Persist') else self.daemon.running(name)

    def do_AttachNetworkMachine(self, invocation, fds, raw, name, entry, options):
        self.network(entry.split(':')[0])
        machine = self.machine(name, options)
        if entry in machine.networks:
            raise Failure('Exists', f"machine '{name}' is in network '{entry}' already")
        machine.networks.append(entry)
        invocation.return_value(None)

    def do_DetachNetworkMachine(self, invocation, fds, raw, name, entry, options):
        self.network(entry)
        self.machine(name, options).networks.remove(entry)
        invocation.return_value(None)

    def do_AddPortMachine(self, invocation, fds, raw, name, entry, options):
        machine, (host, guest) = self.machine(name, options), entry.rsplit(':', 2)[-2:]
        if host == '1':
            raise Failure('Busy', f"machine '{name}': port 127.0.0.1:1 is taken by machine 'db'")
        first, _, last = host.partition('-')
        machine.ports.append(('tcp', '127.0.0.1', int(first), int(guest.split('-')[0]), int(last or first) - int(first) + 1))
        machine.ports.append(('tcp', '::1', *machine.ports[-1][2:]))
        invocation.return_value(None)

    def do_RemovePortMachine(self, invocation, fds, raw, name, entry, options):
        machine = self.machine(name, options)
        kept = [port for port in machine.ports if str(port[2]) != entry.split(':')[0]]
        if kept == machine.ports:
            raise Failure('NoSuchPort', f"machine '{name}' has not published {entry}")
        machine.ports = kept
        invocation.return_value(None)

    def do_AddMountMachine(self, invocation, fds, raw, name, entry, options):
        machine, (kind, _, element) = self.machine(name, options), entry.partition('=')
        source, target = ([''] + element.split(':'))[-2:] if kind != 'Tmpfs' else ('', element)
        if any(mount[2] == target for mount in machine.mounts):
            raise Failure('Exists', f"machine '{name}' has something mounted at '{target}' already")
        machine.mounts.append((kind.lower(), source, target, ''))
        invocation.return_value(None)

    def do_RemoveMountMachine(self, invocation, fds, raw, name, target, options):
        machine = self.machine(name, options)
        kept = [mount for mount in machine.mounts if mount[2] != target]
        if kept == machine.mounts:
            raise Failure('NoSuchMount', f"machine '{name}' has nothing mounted at '{target}'")
        machine.mounts = kept
        invocation.return_value(None)

    def do_SetBandwidthMachine(self, invocation, fds, raw, name, limit, options):
        self.machine(name, options).settings['Bandwidth'] = GLib.Variant('s', limit)
        invocation.return_value(None)

    def do_GetStatsMachine(self, invocation, fds, raw, name, options):
        machine = self.daemon.running(name)
        interfaces = [(inside, 4096 * 1024, 7, 0, 1024, 5, 2) for _, inside, _ in machine.addresses()]
        invocation.return_value(GLib.Variant('(a{sv})', ({
            'NetworkReceivedBytes': GLib.Variant('t', 4096 * 1024), 'NetworkSentBytes': GLib.Variant('t', 1024),
            'NetworkInterfaces': GLib.Variant('a(stttttt)', interfaces), **self.cgroup_stats()},)))

    def cgroup_stats(self):  # half a CPU is used, 2 MiB a second are written
        usec = time.monotonic_ns() // 1000
        numbers = {'MonotonicUSec': usec, 'CPUUsageUSec': usec // 2, 'MemoryCurrent': 3 << 20, 'TasksCurrent': 5, 'OOMKills': 0,
                   'IOReadBytes': 0, 'IOWrittenBytes': usec * 2 * 1024 * 1024 // 1000000, 'MemorySwapCurrent': 0}
        limits = [('MemoryMax', 1 << 30, '/machine.slice'), ('CPUQuotaPerSecUSec', 1500000, '/machine.slice/web'), ('TasksMax', 100, '/x')]
        return {
            **{key: GLib.Variant('t', value) for key, value in numbers.items()},
            'MemoryStat': GLib.Variant('a{st}', {'anon': 1 << 20, 'file': 2 << 20, 'pgfault': 12345}),
            'IODevices': GLib.Variant('a(stttttt)', [('vda', 0, 2 << 20, 0, 17, 0, 0)]),
            'CPUPressure': GLib.Variant('(dddtdddt)', (1.25, 0.5, 0.0, 61000000, 0.0, 0.0, 0.0, 0)),
            'EffectiveLimits': GLib.Variant('a(sts)', limits)}
