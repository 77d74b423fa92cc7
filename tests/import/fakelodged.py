# SPDX-License-Identifier: LGPL-2.1-or-later
"""lodged's side of a job: a store of its own, the socket, the order, and what comes back from the real lodge-import."""
import fcntl
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAGIC, INLINE = 0x4c444731, 16384
UID, LIMIT = 0x5a5a0000, 512 << 20
STORE = ('layers', 'blobs', 'images', 'machines', 'volumes', 'incoming', 'trash')


def enum(name):
    """The names of an enum of wire/frame.h and base/fault.h, numbered as the compiler does"""
    header = 'src/base/fault.h' if name == 'FaultCode' else 'src/wire/frame.h'
    body = re.search(r'enum %s \{(.*?)\} %s;' % (name, name), (ROOT / header).read_text(), re.DOTALL).group(1)
    body = re.sub(r'/\*.*?\*/', '', body, flags=re.DOTALL)
    names = [word.split('=')[0].strip() for word in body.split(',') if word.strip()]
    first = 0 if name == 'FaultCode' else 1
    return {entry.split('_', 1)[1]: i + first for i, entry in enumerate(names)}


TYPES, TAGS, FAULTS = enum('FrameType'), enum('FrameTag'), enum('FaultCode')
TYPE_NAMES = {number: name for name, number in TYPES.items()}
TAG_NAMES = {number: name for name, number in TAGS.items()}


def pack(kind, fields):
    body = b''
    for tag, value in fields:
        number = isinstance(value, int)
        data = struct.pack('<Q', value) if number else value.encode('utf-8', 'surrogateescape') + b'\0'
        body += struct.pack('<HHI', TAGS[tag], 1 if number else 2, len(data)) + data + bytes(-len(data) % 8)
    return struct.pack('<IHHIIQ', MAGIC, 1, TYPES[kind], 24 + len(body), 0, 0) + body


class Frame:
    def __init__(self, data, fds):
        kind, size, flags = struct.unpack_from('<4x2xHII', data)
        if flags & 1:
            data += os.pread(fds[-1], size, 0)  # the fields are in a memfd
        for fd in fds:
            os.close(fd)
        self.kind, self.fields, at = TYPE_NAMES[kind], [], 24
        while at < size:
            tag, what, length = struct.unpack_from('<HHI', data, at)
            value = data[at + 8:at + 8 + length]
            self.fields.append((TAG_NAMES[tag], struct.unpack('<Q', value)[0] if what == 1
                                else value[:-1].decode('utf-8', 'surrogateescape')))
            at += 8 + length + -length % 8

    def get(self, tag):
        return next((value for name, value in self.fields if name == tag), None)

    def all(self, tag):
        return [value for name, value in self.fields if name == tag]


class Failed(Exception):
    def __init__(self, frame):
        self.code = next((name for name, number in FAULTS.items() if number == frame.get('CODE')), '?')
        self.errno = frame.get('ERRNO')
        super().__init__(frame.get('MESSAGE'))


class Outcome:
    def __init__(self, frame, progress, incoming):
        self.record, self.digest = frame.get('RECORD'), frame.get('DIGEST')
        self.message, self.lines = frame.get('MESSAGE'), frame.all('LINE')
        self.progress, self.incoming = progress, incoming

    def values(self, key):
        return re.findall(rf'^{key}=(.*)$', self.record, re.MULTILINE)


class Lodged:
    """A store in a temporary directory on tmpfs, where whiteouts and user attributes can be made."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='lodge-import.', dir='/dev/shm'))
        self.store, self.jobs = self.top / 'store', 0
        for name in STORE:
            (self.store / name).mkdir(mode=0o700, parents=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(str(self.top / 'shim.sock'))
        self.socket.listen()
        self.on_progress = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        shutil.rmtree(self.top)

    def have(self):
        return ['sha256:' + path.name[7:] for path in (self.store / 'layers').iterdir()]

    def start(self, args, fds=(), have=None):
        """The program with its order; returns (process, connection, incoming)"""
        self.jobs += 1
        job = f'{self.jobs:016x}'
        incoming = self.store / 'incoming' / job
        incoming.mkdir(mode=0o700)
        # a leak check needs files that the sandbox takes away
        environment = os.environ | {'ASAN_OPTIONS': 'detect_leaks=0'}
        self.process = process = subprocess.Popen(
            [self.program, f'--socket={self.top}/shim.sock', f'--store={self.store}', job], env=environment)
        connection, _ = self.socket.accept()
        hello = self.receive(connection)
        assert hello.kind == 'WORK' and hello.get('NAME') == job, hello.fields
        fields = [('ARG', f'{key}={value}') for key, value in args]
        fields += [('ARG', f'uid={UID}'), ('ARG', f'limit-bytes={LIMIT}'), ('ARG', 'limit-entries=150000')]
        fields += [('HAVE', digest) for digest in (self.have() if have is None else have)]
        self.send(connection, pack('ORDER', fields), fds)
        return process, connection, incoming

    @staticmethod
    def send(connection, data, fds):
        if len(data) > INLINE:
            memfd = os.memfd_create('order', os.MFD_ALLOW_SEALING)
            os.write(memfd, data[24:])
            fcntl.fcntl(memfd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
            data, fds = data[:12] + struct.pack('<I', 1) + data[16:24], [*fds, memfd]
        socket.send_fds(connection, [data], list(fds))

    @staticmethod
    def receive(connection):
        data, fds, _, _ = socket.recv_fds(connection, INLINE, 16)
        return Frame(data, fds) if data else None

    def run(self, args, fds=(), have=None):
        """One whole job, with what lodged does on the way: layers are moved into the store as they come."""
        process, connection, incoming = self.start(args, fds, have)
        progress = []
        try:
            while frame := self.receive(connection):
                if frame.kind == 'PROGRESS':
                    progress.append(frame)
                    if self.on_progress:
                        self.on_progress(frame)
                elif frame.kind == 'LAYER':
                    name = frame.get('DIGEST').replace(':', '-')
                    if not (self.store / 'layers' / name).exists():
                        (incoming / 'layers' / name).rename(self.store / 'layers' / name)
                else:
                    break
        finally:
            connection.close()
            status = process.wait(60)
        if frame is None:
            raise RuntimeError(f'lodge-import ended with {status} and said nothing')
        if frame.kind == 'ERROR':
            shutil.rmtree(incoming)
            raise Failed(frame)
        assert frame.kind == 'RESULT' and status == 0, (frame.kind, status)
        return Outcome(frame, progress, incoming)

    def take(self, outcome, file='image'):
        """What lodged does at last: blobs, then the record"""
        blobs = outcome.incoming / 'blobs'
        for blob in blobs.iterdir() if blobs.exists() else ():
            blob.rename(self.store / 'blobs' / blob.name)
        (self.store / 'images' / f'{file}.oci').write_text(outcome.record)

    def source(self, path):
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def import_path(self, path, name='test', have=None, **more):
        fd = self.source(path)
        try:
            return self.run([('op', 'import'), ('name', name), ('source-fd', 0), *more.items()], [fd], have)
        finally:
            os.close(fd)
