# SPDX-License-Identifier: LGPL-2.1-or-later
"""lodged's side of a job: a store of its own, the socket, the order, and what comes back from the real lodge-import."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/lib'))
import frames  # noqa: E402
from frames import Failed  # noqa: E402

UID, LIMIT = 0x5a5a0000, 512 << 20
STORE = ('layers', 'blobs', 'images', 'machines', 'volumes', 'incoming', 'trash')


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
        self.peak = 0  # kB of memory that the last job was seen to need

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        shutil.rmtree(self.top)

    def watch(self, pid):
        """ru_maxrss would be of no use: it begins with what this process has"""
        try:
            while found := re.search(r'^VmHWM:\s*(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text(), re.MULTILINE):
                self.peak = max(self.peak, int(found[1]))
                time.sleep(0.002)
        except OSError:
            pass

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
        self.peak = 0
        threading.Thread(target=self.watch, args=(process.pid,), daemon=True).start()
        connection, _ = self.socket.accept()
        hello = frames.receive(connection)
        assert hello.kind == 'WORK' and hello.get('NAME') == job, hello.fields
        fields = [('ARG', f'{key}={value}') for key, value in args]
        fields += [('ARG', f'uid={UID}'), ('ARG', f'limit-bytes={LIMIT}'), ('ARG', 'limit-entries=250000')]
        fields += [('HAVE', digest) for digest in (self.have() if have is None else have)]
        frames.send(connection, frames.pack('ORDER', fields), fds)
        return process, connection, incoming

    def run(self, args, fds=(), have=None):
        """One whole job, with what lodged does on the way: layers are moved into the store as they come."""
        process, connection, incoming = self.start(args, fds, have)
        progress = []
        try:
            while frame := frames.receive(connection):
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
