# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host for lodge-net that is a network namespace, machines that are others, and lodged's end of the socket."""
import os
import pathlib
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/lib'))
import frames  # noqa: E402
from frames import Failed  # noqa: E402, F401

SOCKET = '/run/lodge/shim.sock'
CLIENTS = ROOT / 'tests/clients'
INTERNAL, NAT, NAMES = 1, 2, 4
WAIT = 10


def run(*command, netns=None, check=True):
    """In the host, or in the namespace NETNS. Return: what it prints, errors included."""
    enter = ['ip', 'netns', 'exec', netns] if netns else []
    done = subprocess.run([*enter, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)
    assert not check or done.returncode == 0, f'{command}: {done.stdout}'
    return done.stdout


def ip(*words, netns=None):
    return run('ip', *(['-n', netns] if netns else []), *words)


def wait_until(condition, what, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'not within {seconds} s: {what}'
        time.sleep(0.02)


def exists(link):
    return os.path.isdir(f'/sys/class/net/{link}')


def sysctl(name, value):
    pathlib.Path('/proc/sys', name).write_text(str(value))


# --- lodged ------------------------------------------------------------------------------------------------------

class Lodged:
    def __init__(self, program):
        self.program, self.process, self.link, self.serial = program, None, None, 0
        os.makedirs('/run/lodge', exist_ok=True)
        pathlib.Path(SOCKET).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(SOCKET)
        self.listener.listen()
        self.listener.settimeout(WAIT)
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program], stderr=subprocess.PIPE, text=True)
        self.accept()

    def accept(self):
        self.link = self.listener.accept()[0]
        self.link.settimeout(WAIT)
        hello = frames.receive(self.link)
        assert hello.kind == 'NETWORK_HELLO', hello.kind

    def send(self, kind, *fields):
        self.serial += 1
        frames.send(self.link, frames.pack(kind, list(fields), self.serial))

    def ask(self, kind, *fields):
        self.send(kind, *fields)
        answer = frames.receive(self.link)
        assert answer.serial == self.serial
        if answer.kind == 'ERROR':
            raise Failed(answer)
        assert answer.kind == 'DONE', answer.kind
        return answer

    def sync(self, *sets):
        self.ask('NETWORK_SYNC', ('BEGIN', 1))
        for kind, *fields in sets:
            self.ask(kind, *fields)
        self.ask('NETWORK_SYNC', ('BEGIN', 0))

    def unset(self, *members, networks=()):
        for name in members:
            self.ask('MEMBER_UNSET', ('NAME', name))
        for name in networks:
            self.ask('NETWORK_UNSET', ('NAME', name))

    def kill(self):
        self.process.kill()
        self.process.communicate()
        self.link.close()

    def close(self):
        """Return: what it has said"""
        if self.process.poll() is None:
            self.process.terminate()
        said = self.process.communicate(timeout=WAIT)[1]
        self.link.close()
        self.listener.close()
        return said


def network(name, bridge, *gateways, mac=0x020000000001, flags=NAT | NAMES, mtu=0):
    return ('NETWORK_SET', ('NAME', name), ('LINK', bridge), ('MAC', mac), ('MTU', mtu), ('FLAGS', flags),
            *[('ADDRESS', gateway) for gateway in gateways])


def port(text, *targets):
    return [('PORT', text), *[('TARGET', target) for target in targets]]


def member(name, net, mac, *addresses, ports=(), egress=None, rate=0):
    return ('MEMBER_SET', ('NAME', name), ('RATE', rate), ('FLAGS', int(egress is not None)),
            *[('EGRESS', rule) for rule in egress or ()],
            ('LINK', f've-{name}'), ('NETWORK', net), ('MAC', mac), *[('ADDRESS', address) for address in addresses],
            *[field for fields in ports for field in fields])


# --- namespaces --------------------------------------------------------------------------------------------------

class Place:
    """A namespace and what runs in it"""

    def __init__(self, name):
        self.name, self.servers = name, []
        ip('netns', 'add', name)
        ip('link', 'set', 'lo', 'up', netns=name)

    def run(self, *command, check=True):
        return run(*command, netns=self.name, check=check)

    def client(self, tool, *words):
        """A server of tests/clients, once it is ready"""
        server = subprocess.Popen(['ip', 'netns', 'exec', self.name, sys.executable, '-B', CLIENTS / tool, *words],
                                  stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        assert server.stdout.readline() == 'ready\n'
        return server

    def serve(self, protocol, address, ports):
        return self.client('traffic', 'serve', protocol, address, ports, self.name)

    def ask(self, protocol, address, number):
        return self.run(sys.executable, '-B', CLIENTS / 'traffic', 'ask', protocol, address, str(number), '1',
                        check=False).strip()

    def send(self, *words):
        self.run(sys.executable, '-B', CLIENTS / 'frames', 'send', 'host0', *words)

    def end_servers(self):
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()
        self.servers = []

    def close(self):
        self.end_servers()
        ip('netns', 'delete', self.name)


class Host:
    """Asks from the host itself, as a Place does"""

    @staticmethod
    def ask(protocol, address, number):
        return run(sys.executable, '-B', CLIENTS / 'traffic', 'ask', protocol, address, str(number), '1', check=False).strip()


class Machine(Place):
    """A namespace with a veth in a bridge, as lodge-shim makes it"""

    def __init__(self, name, bridge, mac, *addresses, gateways=()):
        super().__init__(name)
        self.mac = ':'.join(f'{mac:012x}'[i:i + 2] for i in range(0, 12, 2))
        ip('link', 'add', f've-{name}', 'type', 'veth', 'peer', 'name', 'host0', 'address', self.mac, 'netns', name)
        ip('link', 'set', f've-{name}', 'master', bridge, 'up')
        for address in addresses:
            ip('address', 'add', address, 'dev', 'host0', *(['nodad'] if ':' in address else []), netns=name)
        ip('link', 'set', 'host0', 'up', netns=name)
        for gateway in gateways:
            ip('route', 'add', 'default', 'via', gateway, netns=name)

    def close(self):
        self.end_servers()
        ip('link', 'delete', f've-{self.name}')
        super().close()


class Outside(Place):
    """Somebody in the network that the host is in, by its interface eth0"""

    def __init__(self):
        super().__init__('outside')
        ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'host0', 'netns', 'outside')
        for address, there in (('192.0.2.1/24', '192.0.2.2/24'), ('2001:db8::1/64', '2001:db8::2/64')):
            nodad = ['nodad'] if ':' in address else []
            ip('address', 'add', address, 'dev', 'eth0', *nodad)
            ip('address', 'add', there, 'dev', 'host0', *nodad, netns='outside')
        ip('link', 'set', 'eth0', 'up')
        ip('link', 'set', 'host0', 'up', netns='outside')

    def close(self):
        self.end_servers()
        ip('link', 'delete', 'eth0')
        super().close()
