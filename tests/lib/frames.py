# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames of src/wire/frame.h, for tests that play lodged."""
import fcntl
import os
import pathlib
import re
import socket
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAGIC, INLINE = 0x4c444731, 16384


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


def pack(kind, fields, serial=0):
    body = b''
    for tag, value in fields:
        number = isinstance(value, int)
        data = struct.pack('<Q', value) if number else value.encode('utf-8', 'surrogateescape') + b'\0'
        body += struct.pack('<HHI', TAGS[tag], 1 if number else 2, len(data)) + data + bytes(-len(data) % 8)
    return struct.pack('<IHHIIQ', MAGIC, 1, TYPES[kind], 24 + len(body), 0, serial) + body


class Frame:
    def __init__(self, data, fds):
        kind, size, flags, self.serial = struct.unpack_from('<4x2xHIIQ', data)
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
        self.errno, self.item = frame.get('ERRNO'), frame.get('ITEM')
        super().__init__(frame.get('MESSAGE'))


def send(connection, data, fds=()):
    if len(data) > INLINE:
        memfd = os.memfd_create('order', os.MFD_ALLOW_SEALING)
        os.write(memfd, data[24:])
        fcntl.fcntl(memfd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
        data, fds = data[:12] + struct.pack('<I', 1) + data[16:24], [*fds, memfd]
    socket.send_fds(connection, [data], list(fds))


def receive(connection):
    data, fds, _, _ = socket.recv_fds(connection, INLINE, 16)
    return Frame(data, fds) if data else None
