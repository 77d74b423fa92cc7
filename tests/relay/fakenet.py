# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host of its own for lodge-relay: network namespaces with a bridge and guests, lodged's side, and a resolver."""
import contextlib
import ctypes
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/lib'))
import frames  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
TYPES = {'A': 1, 'NS': 2, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'ANY': 255}
WAIT = 5


def ip(*args):
    subprocess.run(['ip', *args], check=True)


@contextlib.contextmanager
def inside(guest):
    """Sockets that are made here are the guest's (and a subprocess runs there)"""
    home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{guest}', os.O_RDONLY)
    try:
        if LIBC.setns(there, CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), 'setns')
        yield
    finally:
        LIBC.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


def add_bridge(name, *addresses):
    ip('link', 'add', name, 'type', 'bridge')
    for address in addresses:
        ip('address', 'add', address, 'dev', name, *(['nodad'] if ':' in address else []))
    ip('link', 'set', name, 'up')


def add_guest(name, bridge, *addresses):
    ip('netns', 'add', name)
    ip('link', 'add', f've-{name}', 'type', 'veth', 'peer', 'name', 'host0', 'netns', name)
    ip('link', 'set', f've-{name}', 'master', bridge, 'up')
    for address in addresses:
        ip('-n', name, 'address', 'add', address, 'dev', 'host0', *(['nodad'] if ':' in address else []))
    ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('-n', name, 'link', 'set', 'host0', 'up')


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def wait_until(condition, what):
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'not within {WAIT} s: {what}')
        time.sleep(0.01)


# --- lodged ------------------------------------------------------------------------------------------------------

class Refused(Exception):
    def __init__(self, frame):
        self.failed = frames.Failed(frame)
        super().__init__(str(self.failed))


class Lodged:
    """The socket, and what is said over it."""

    def __init__(self, program, *options):
        self.directory = tempfile.TemporaryDirectory(prefix='lodge-relay.')
        self.path = self.directory.name + '/shim.sock'
        self.resolv_conf = pathlib.Path(self.directory.name, 'resolv.conf')
        self.resolv_conf.write_text('nameserver 127.0.0.1\n')
        self.serial, self.connection = 0, None
        self.listen()
        self.process = subprocess.Popen([os.path.abspath(program), f'--socket={self.path}',
                                         f'--resolv-conf={self.resolv_conf}', *options],
                                        stderr=subprocess.PIPE, text=True)
        self.accept()

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(WAIT)

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(WAIT)
        hello = frames.receive(self.connection)
        assert hello.kind == 'NETWORK_HELLO', hello.kind

    def go_away(self):
        self.connection.close()
        self.listener.close()
        os.unlink(self.path)

    def send(self, kind, *fields):
        self.serial += 1
        frames.send(self.connection, frames.pack(kind, list(fields), self.serial))
        return self.serial

    def ask(self, kind, *fields):
        serial = self.send(kind, *fields)
        reply = frames.receive(self.connection)
        assert reply.serial == serial, (reply.serial, serial)
        if reply.kind == 'ERROR':
            raise Refused(reply)
        assert reply.kind == 'DONE', reply.kind

    def sync(self, *sets):
        self.send('NETWORK_SYNC', ('BEGIN', 1))
        for kind, *fields in sets:
            self.ask(kind, *fields)
        self.ask('NETWORK_SYNC', ('BEGIN', 0))

    def network(self, name, *gateways, flags=6):
        self.ask(*network(name, *gateways, flags=flags))

    def member(self, name, *fields):
        self.ask('MEMBER_SET', ('NAME', name), *fields)

    def close(self):
        if self.connection:
            self.connection.close()
        self.listener.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.errors = self.process.communicate(timeout=WAIT)[1]
        self.directory.cleanup()
        return self.process.returncode


def network(name, *gateways, flags=6):
    return ('NETWORK_SET', ('NAME', name), ('LINK', 'lb-' + name), ('FLAGS', flags),
            *[('ADDRESS', gateway) for gateway in gateways])


def link(net, *addresses):
    return [('LINK', 've-x'), ('NETWORK', net), *[('ADDRESS', address) for address in addresses]]


def port(text, *targets):
    return [('PORT', text), *[('TARGET', target) for target in targets]]


# --- DNS ---------------------------------------------------------------------------------------------------------

def wire_name(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\0'


def question(name, kind, identity=0x1234, flags=0x0100, edns=0):
    message = struct.pack('>6H', identity, flags, 1, 0, 0, 1 if edns else 0)
    message += wire_name(name) + struct.pack('>2H', TYPES[kind], 1)
    return message + (b'\0' + struct.pack('>2HIH', 41, edns, 0, 0) if edns else b'')


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def read_name(message, at):
    labels = []
    while message[at]:
        if message[at] >= 0xc0:
            at = struct.unpack_from('>H', message, at)[0] & 0x3fff
            continue
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return '.'.join(labels)


class Reply:
    def __init__(self, message):
        self.message = message
        self.id, self.flags, questions, answers, _, self.n_more = struct.unpack_from('>6H', message)
        self.code, self.truncated, self.values, at = self.flags & 15, bool(self.flags & 0x200), [], 12
        for _ in range(questions):
            at = skip_name(message, at) + 4
        for _ in range(answers):
            at = skip_name(message, at)
            kind, _, self.ttl, size = struct.unpack_from('>2HIH', message, at)
            at += 10
            if kind in (1, 28):
                self.values.append(socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, message[at:at + size]))
            elif kind == 12:
                self.values.append(read_name(message, at))
            at += size


def receive_exactly(connection, n):
    data = b''
    while len(data) < n:
        more = connection.recv(n - len(data))
        if not more:
            raise EOFError(f'{len(data)} of {n} bytes')
        data += more
    return data


def ask_stream(connection, message):
    connection.sendall(struct.pack('>H', len(message)) + message)
    return receive_exactly(connection, struct.unpack('>H', receive_exactly(connection, 2))[0])


def ask(guest, server, message, stream=False, timeout=WAIT):
    """A question of a guest's; None: no answer"""
    with inside(guest):
        s = socket.socket(family_of(server), socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    with s:
        s.settimeout(timeout)
        s.connect((server, 53))
        with contextlib.suppress(TimeoutError, EOFError):
            if stream:
                return Reply(ask_stream(s, message))
            for patience in (timeout / 4, timeout):  # datagrams may get lost
                s.settimeout(patience)
                s.send(message)
                with contextlib.suppress(TimeoutError):
                    return Reply(s.recv(65535))
    return None


class Resolver:
    """A resolver of the host's at ADDRESS, port 53: answers as `behave(query, send)` says, and notes what it was asked."""

    def __init__(self, address='127.0.0.1', behave=None):
        self.asked, self.sources, self.behave = [], [], behave or (lambda query, send: send(self.answer(query)))
        self.datagram = socket.socket(family_of(address), socket.SOCK_DGRAM)
        self.datagram.bind((address, 53))
        self.stream = socket.socket(family_of(address), socket.SOCK_STREAM)
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.stream.bind((address, 53))
        self.stream.listen()
        self.stop, self.stopped = os.pipe()[::-1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @staticmethod
    def answer(query, address='192.0.2.1', code=0, flags=0, n=1):
        end = skip_name(query, 12) + 4
        answers = 0 if code else n
        record = struct.pack('>3HIH', 0xc00c, 1, 1, 60, 4) + socket.inet_aton(address)
        return query[:2] + struct.pack('>5H', 0x8180 | flags | code, 1, answers, 0, 0) + query[12:end] + record * answers

    def run(self):
        while True:
            ready, _, _ = select.select([self.datagram, self.stream, self.stopped], [], [])
            if self.stopped in ready:
                return
            if self.datagram in ready:
                query, client = self.datagram.recvfrom(65535)
                self.note(query, client)
                self.behave(query, lambda reply, client=client: self.datagram.sendto(reply, client))
            if self.stream in ready:
                connection, client = self.stream.accept()
                with connection, contextlib.suppress(EOFError, OSError):
                    connection.settimeout(WAIT)
                    query = receive_exactly(connection, struct.unpack('>H', receive_exactly(connection, 2))[0])
                    self.note(query, client)
                    self.behave(query, lambda reply: connection.sendall(struct.pack('>H', len(reply)) + reply))

    def note(self, query, client):
        self.asked.append(read_name(query, 12))
        self.sources.append((client[1], query[:2]))

    def close(self):
        os.write(self.stop, b'x')
        self.thread.join()
        for s in (self.datagram, self.stream):
            s.close()
        os.close(self.stop)
        os.close(self.stopped)
