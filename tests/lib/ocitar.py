# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tar archives byte for byte, the good ones and the bad ones. Python's own tarfile writes only what is right.

    tar = Tar()
    tar.dir('etc')                                        # pax headers come by themselves where ustar has no room
    tar.file('etc/motd', b'hello', mtime=1700000000.5, xattrs={'user.a': b'1'})
    tar.file('../x', b'', fields={'size': b'garbage'})    # a field of the header as it is to be
    data = tar.bytes()                                    # with two blocks of zeros at the end

Times are given as int seconds, as 'SECONDS.FRACTION' (kept as it is) or as a tuple (seconds, nanoseconds).
"""
import struct

BLOCK = 512
MTIME = 1700000000
FIELDS = (('name', 100), ('mode', 8), ('uid', 8), ('gid', 8), ('size', 12), ('mtime', 12), ('checksum', 8), ('type', 1),
          ('link', 100), ('magic', 8), ('uname', 32), ('gname', 32), ('major', 8), ('minor', 8), ('prefix', 155),
          ('pad', 12))
USTAR, GNU = b'ustar\x0000', b'ustar  \0'
CHUNK = 1 << 20


def octal(value, width):
    return b'%0*o\0' % (width - 1, value)


def base256(value, width):
    """The number as GNU tar writes those that octal digits have no room for."""
    return bytes([0x80 if value >= 0 else 0xff]) + (value & (1 << 8 * (width - 1)) - 1).to_bytes(width - 1, 'big')


def number(value, width):
    return octal(value, width) if 0 <= value < 8 ** (width - 1) else base256(value, width)


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def checksum(block):
    return sum(block) - sum(block[148:156]) + 8 * 32


def raw_header(**values):
    """512 bytes of these fields, as bytes; what is not given is empty. The checksum is computed unless it is given."""
    block = b''.join(values.get(name, b'')[:width].ljust(width, b'\0') for name, width in FIELDS)
    if 'checksum' not in values:
        block = block[:148] + b'%06o\0 ' % checksum(block) + block[156:]
    return block


def header(name, size=0, mode=0o644, uid=0, gid=0, mtime=MTIME, kind=b'0', link=b'', magic=USTAR, device=(0, 0), prefix=b'',
           fields=None):
    values = {'name': name, 'mode': octal(mode, 8), 'uid': octal(uid, 8), 'gid': octal(gid, 8), 'size': octal(size, 12),
              'mtime': octal(mtime, 12), 'type': kind, 'link': link, 'magic': magic, 'prefix': prefix}
    if kind in b'34' or magic == USTAR:
        values |= {'major': octal(device[0], 8), 'minor': octal(device[1], 8)}
    return raw_header(**values | (fields or {}))


def pax_record(key, value):
    """LENGTH KEY=VALUE; the length counts itself."""
    rest = b' %s=%s\n' % (key, value)
    length = len(rest) + 1
    while len(b'%d' % length) + len(rest) != length:
        length = len(b'%d' % length) + len(rest)
    return b'%d' % length + rest


def pax_header(records, kind=b'x', name=b'PaxHeaders/x'):
    """records: {key: value} or the bytes themselves"""
    if isinstance(records, dict):
        records = b''.join(pax_record(to_bytes(key), to_bytes(value)) for key, value in records.items())
    return header(name, len(records), kind=kind) + padded(records)


def to_bytes(text):
    return text if isinstance(text, bytes) else str(text).encode('utf-8', 'surrogateescape')


def seconds_of(mtime):
    """The whole seconds of a time, for the header's own field, and the text of the pax record if it needs one."""
    if isinstance(mtime, tuple):
        mtime = f'{mtime[0]}.{mtime[1]:09d}' if mtime[0] >= 0 or not mtime[1] else \
            f'-{-mtime[0] - 1}.{1000000000 - mtime[1]:09d}'
    if isinstance(mtime, int):
        return (mtime, None) if 0 <= mtime < 8 ** 11 else (0, str(mtime))
    whole = mtime.split('.')[0]
    return (int(whole) % 8 ** 11 if whole.isdigit() else 0), mtime


class Tar:
    def __init__(self):
        self.parts = []

    def raw(self, data):
        self.parts.append(data)
        return self

    def bytes(self, end=2):
        return b''.join(self.parts) + bytes(end * BLOCK)

    def entry(self, name, kind, data=b'', mode=0o644, uid=0, gid=0, mtime=MTIME, link=b'', device=(0, 0), xattrs=None, pax=None,
              size=None, fields=None, magic=USTAR):
        """One entry. xattrs: {name: bytes}; pax: more records, which win; fields: raw bytes for fields of the header."""
        name, link, records = to_bytes(name), to_bytes(link), {}
        whole, exact = seconds_of(mtime)
        size = len(data) if size is None else size
        if len(name) > 100:
            records['path'] = name
        if len(link) > 100:
            records['linkpath'] = link
        for key, value, limit in (('uid', uid, 8 ** 7), ('gid', gid, 8 ** 7), ('size', size, 8 ** 11)):
            if not 0 <= value < limit:
                records[key] = value
        if exact is not None:
            records['mtime'] = exact
        records |= {b'SCHILY.xattr.' + to_bytes(key): value for key, value in (xattrs or {}).items()}
        records |= pax or {}
        if records:
            self.raw(pax_header(records))
        self.raw(header(name[:100], 0 if size >= 8 ** 11 or size < 0 else size, mode, uid if 'uid' not in records else 0,
                        gid if 'gid' not in records else 0, whole, kind, link[:100], magic, device, fields=fields))
        return self.raw(padded(data))

    def file(self, name, data=b'', **options):
        return self.entry(name, b'0', data, **options)

    def dir(self, name, mode=0o755, **options):
        name = to_bytes(name)
        return self.entry(name if name.endswith(b'/') else name + b'/', b'5', mode=mode, **options)

    def symlink(self, name, target, **options):
        return self.entry(name, b'2', link=target, **{'mode': 0o777} | options)

    def hardlink(self, name, target, **options):
        return self.entry(name, b'1', link=target, **options)

    def char(self, name, major, minor, **options):
        return self.entry(name, b'3', device=(major, minor), **options)

    def block(self, name, major, minor, **options):
        return self.entry(name, b'4', device=(major, minor), **options)

    def fifo(self, name, **options):
        return self.entry(name, b'6', **options)

    def whiteout(self, path):
        path = to_bytes(path)
        parent, _, base = path.rpartition(b'/')
        return self.file((parent + b'/' if parent else b'') + b'.wh.' + base)

    def opaque(self, path):
        path = to_bytes(path).rstrip(b'/')
        return self.file((path + b'/' if path else b'') + b'.wh..wh..opq')

    def gnu_long(self, name, kind, data=b'', link=b'', **options):
        """An entry with the long names of GNU tar, `L` and `K`, instead of pax records."""
        for letter, text in ((b'K', to_bytes(link)), (b'L', to_bytes(name))):
            if len(text) > 100:
                self.raw(header(b'././@LongLink', len(text) + 1, kind=letter, magic=GNU) + padded(text + b'\0'))
        return self.entry(to_bytes(name)[:100], kind, data, link=to_bytes(link)[:100], magic=GNU, **options)

    def ustar_prefix(self, prefix, name, data=b'', **options):
        return self.entry(name, b'0', data, fields={'prefix': to_bytes(prefix)}, **options)

    # The sparse formats: `pieces` is a list of (offset, data), `size` what the file is long. As GNU tar does, an empty piece
    # at the end says where a hole at the end ends.

    @staticmethod
    def with_end(pieces, size):
        end = pieces[-1][0] + len(pieces[-1][1]) if pieces else 0
        return pieces + [(size, b'')] if end < size else pieces

    def sparse_old(self, name, pieces, size, **options):
        """GNU's own, type S: 4 pieces in the header, 21 in each block after it"""
        pieces = self.with_end(pieces, size)
        packed = [number(offset, 12) + number(len(data), 12) for offset, data in pieces]
        tail = b'\0' * 41 + b''.join(packed[:4]).ljust(96, b'\0') + bytes([len(packed) > 4]) + number(size, 12)
        blocks = []
        for i in range(4, len(packed), 21):
            blocks.append(b''.join(packed[i:i + 21]).ljust(504, b'\0') + bytes([len(packed) > i + 21]) + bytes(7))
        data = b''.join(piece for _, piece in pieces)
        # the header's rest lies where ustar has the prefix: atime, ctime, offset, longnames, a hole, the pieces, ...
        values = {'prefix': tail[:155], 'pad': tail[155:]}
        self.entry(name, b'S', b'', size=len(data), magic=GNU, fields=values, **options)
        return self.raw(b''.join(blocks)).raw(padded(data))

    def sparse_01(self, name, pieces, size, **options):
        pieces = self.with_end(pieces, size)
        spots = ','.join(f'{offset},{len(data)}' for offset, data in pieces)
        pax = {'GNU.sparse.size': size, 'GNU.sparse.numblocks': len(pieces), 'GNU.sparse.name': name, 'GNU.sparse.map': spots}
        return self.file('GNUSparseFile.0/x', b''.join(data for _, data in pieces), pax=pax, **options)

    def sparse_00(self, name, pieces, size, **options):
        pieces = self.with_end(pieces, size)
        records = [pax_record(b'GNU.sparse.size', b'%d' % size), pax_record(b'GNU.sparse.numblocks', b'%d' % len(pieces))]
        for offset, data in pieces:  # two records a piece, under the same two keys
            records += [pax_record(b'GNU.sparse.offset', b'%d' % offset),
                        pax_record(b'GNU.sparse.numbytes', b'%d' % len(data))]
        self.raw(pax_header(b''.join(records)))
        return self.file(name, b''.join(data for _, data in pieces), **options)

    def sparse_10(self, name, pieces, size, spots=None, **options):
        """the map is in front of the data, in decimal lines; `spots`: another map than that of the pieces"""
        pieces = self.with_end(pieces, size)
        if spots is None:
            spots = b''.join(b'%d\n' % number for number in
                             [len(pieces)] + [n for offset, data in pieces for n in (offset, len(data))])
        pax = {'GNU.sparse.major': 1, 'GNU.sparse.minor': 0, 'GNU.sparse.name': name, 'GNU.sparse.realsize': size}
        return self.file('GNUSparseFile.0/x', padded(spots) + b''.join(data for _, data in pieces), pax=pax, **options)


def capability(permitted, effective=True, revision=2):
    """security.capability of a file: VFS_CAP_REVISION_2"""
    return struct.pack('<IIIII', revision << 24 | effective, permitted & 0xffffffff, 0, permitted >> 32, 0)


# tag, permissions, id (only for a named user or group)
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32


def acl(*entries):
    """system.posix_acl_*: entries (tag, permissions[, id])"""
    packed = [struct.pack('<HHI', entry[0], entry[1], entry[2] if len(entry) > 2 else 0xffffffff) for entry in entries]
    return struct.pack('<I', 2) + b''.join(packed)
