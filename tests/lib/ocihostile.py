# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile images: each case of oci.md 6 and security.md 4, with the outcome it must have.

outcome: refuse (with a message that matches `reason`), accept (then check() looks at the tree that came of it), or either
(refused, or accepted and as check() wants it). No case may write or change anything outside the new layer: what they try
to make there has `pwned` in its name, what they try to reach is CANARY.
"""
import os
import random
import stat

import ocitar
from oci import INDEX, LAYER_TYPES, MANIFEST, NAME, Image, Layer, Layout, archive_of, compress, deflated, digest
from oci import docker_save, to_json
from ocitar import BLOCK, Tar, header, pax_header, pax_record

CANARY = '/srv/lodge-canary'  # a directory with the file `keep`
UP = '../' * 30 + 'srv/lodge-canary'
ZEROS = bytes(1 << 20)


# --- what an accepted tree must be like: functions of its root that give an error or nothing --------------------------

def is_file(path, content=None):
    def check(root):
        where = os.path.join(root, path)
        if not os.path.lexists(where) or not stat.S_ISREG(os.lstat(where).st_mode):
            return f'{path} is no regular file'
        if content is not None and open(where, 'rb').read() != content:
            return f'{path} has another content'
        return None
    return check


def is_link(path):
    return lambda root: None if os.path.islink(os.path.join(root, path)) else f'{path} is no symlink'


def is_dir(path):
    def check(root):
        where = os.path.join(root, path)
        return None if os.path.isdir(where) and not os.path.islink(where) else f'{path} is no directory'
    return check


def absent(path):
    return lambda root: f'{path} is there' if os.path.lexists(os.path.join(root, path)) else None


def no_xattrs(path, *prefixes):
    def check(root):
        for name in os.listxattr(os.path.join(root, path), follow_symlinks=False):
            if name.startswith(prefixes):
                return f'{path} has {name}'
        return None
    return check


def sparse_file(path, size, most):
    def check(root):
        found = os.lstat(os.path.join(root, path))
        if found.st_size != size:
            return f'{path} is {found.st_size} bytes long'
        return None if found.st_blocks * 512 <= most else f'{path} takes {found.st_blocks * 512} bytes'
    return check


class Case:
    def __init__(self, outcome, what, make, *checks, reason='.'):
        self.outcome, self.what, self.build, self.checks, self.reason = outcome, what, make, checks, reason

    def make(self):
        return self.build()

    def check(self, root):
        return [error for error in (check(root) for check in self.checks) if error]


CASES = {}
AMOUNTS = {}  # more of them, which take so many files that a store on a disk would be busy with nothing else


def base():
    """A good lower layer, so that a bad one has something to spoil"""
    tar = Tar().dir('.').dir('etc').file('etc/passwd', b'root:x:0:0::/:/bin/sh\n').dir('d').file('d/keep', b'keep')
    tar.file('keep', b'keep').dir('bin').file('bin/sh', b'#!', mode=0o755)
    return tar


def case(name, outcome, what, steps, *checks, reason='.', lower=(), end=2):
    """A case of a bad layer: steps writes into its Tar, above the good one and those of `lower`"""
    def make():
        layers = []
        for write in (*lower, steps):
            tar = Tar()
            write(tar)
            layers.append(Layer(tar.bytes(end if write is steps else 2)))
        return Image([Layer(base().bytes())] + layers)
    CASES[name] = Case(outcome, what, make, *checks, reason=reason)


def whole(name, outcome, what, make, *checks, reason='.'):
    CASES[name] = Case(outcome, what, make, *checks, reason=reason)


LOWER_IS_WHOLE = (is_file('keep', b'keep'), is_file('d/keep', b'keep'), is_file('etc/passwd'))

# --- paths ------------------------------------------------------------------------------------------------------------

case('dotdot', 'either', 'a file above the root', lambda t: t.file('../pwned', b'x').file('../../pwned', b'x'),
     absent('../pwned'), *LOWER_IS_WHOLE)
case('dotdot-mid', 'either', 'up in the middle of a path',
     lambda t: t.dir('a').file('a/../../pwned', b'x').file(f'a/{UP}/pwned', b'x'), absent('../pwned'), *LOWER_IS_WHOLE)
case('dotdot-end', 'either', 'directories named ..', lambda t: t.dir('..', 0o777).dir('a/..', 0o777), *LOWER_IS_WHOLE)
case('absolute', 'either', 'absolute paths', lambda t: t.file(CANARY + '/pwned', b'x').file('//pwned', b'x'), *LOWER_IS_WHOLE)
case('empty-name', 'either', 'an entry without a name', lambda t: t.file('', b'x'), *LOWER_IS_WHOLE)
case('root-as-file', 'refuse', 'the root as a file', lambda t: t.file('.', b'x').file('./', b'x'))
case('root-as-link', 'refuse', 'the root as a symlink, then a file',
     lambda t: t.symlink('.', CANARY).symlink('./', CANARY).file('pwned', b'x'))
case('nul-in-path', 'refuse', 'a zero byte in the path of a pax record',
     lambda t: t.file('x', b'', pax={'path': b'a\0/../../pwned'}))
case('name-256', 'refuse', 'a name of 256 bytes', lambda t: t.file('n' * 256, b''), reason='nnn|long|ENAMETOOLONG')
case('name-300', 'refuse', 'a name of 300 bytes', lambda t: t.dir('d' * 300))
case('path-5000', 'refuse', 'a path of 5000 bytes', lambda t: t.file('p/' * 2500 + 'x', b''))
case('deep-600', 'refuse', 'a tree 600 levels deep, of short steps',
     lambda t: [t.dir('/'.join(['d'] * i)) for i in range(1, 601)], reason='deep|level|depth|nest|long')
case('deep-3000', 'refuse', 'a tree 3000 levels deep', lambda t: t.file('d/' * 3000 + 'x', b''))
case('newline-name', 'accept', 'control characters in names',
     lambda t: t.file('new\nline', b'').file('\x1b[2Jesc', b'').file(b'\xff\xfe', b''),
     is_file('new\nline'), is_file('\x1b[2Jesc'), *LOWER_IS_WHOLE)

# --- links ------------------------------------------------------------------------------------------------------------

case('symlink-abs-write', 'either', 'a file through an absolute symlink', lambda t: t.symlink('l', CANARY).file('l/pwned', b'x'))
case('symlink-rel-write', 'either', 'a file through a relative symlink', lambda t: t.symlink('l', UP).file('l/pwned', b'x'))
case('symlink-up-write', 'either', 'a file beside the tree through a symlink',
     lambda t: t.symlink('l', '..').file('l/pwned', b'x').symlink('m', '../..').file('m/pwned', b'x'), absent('../pwned'))
case('symlink-chain', 'either', 'a file through a chain of symlinks',
     lambda t: t.symlink('a', 'b').symlink('b', 'c').symlink('c', CANARY).file('a/pwned', b'x'))
case('symlink-dir-through', 'either', 'a directory made through a symlink',
     lambda t: t.symlink('l', CANARY).dir('l/pwned').dir('l', 0o777))
case('symlink-loop', 'either', 'a symlink to itself as a parent', lambda t: t.symlink('l', 'l').file('l/pwned', b'x'))
case('symlink-cross-layer', 'accept', 'a file below what a lower layer has as a symlink', lambda t: t.file('l/pwned', b'x'),
     is_file('l/pwned'), lower=[lambda t: t.symlink('l', CANARY)])
case('symlink-replaced-dir', 'accept', 'a directory that becomes a symlink, then a file below it',
     lambda t: t.file('d/pwned', b'x'), is_file('d/pwned'), lower=[lambda t: t.symlink('d', CANARY)])
case('symlink-file-write', 'accept', 'a file over a symlink', lambda t: t.symlink('f', CANARY + '/keep').file('f', b'new'),
     is_file('f', b'new'))
case('dup-dir-symlink', 'either', 'a directory, then a symlink of its name, then a file',
     lambda t: t.dir('x').file('x/a', b'').symlink('x', CANARY).file('x/pwned', b''))
case('dup-symlink-dir', 'accept', 'a symlink, then a directory of its name',
     lambda t: t.symlink('s', CANARY).dir('s', 0o777).file('s/a', b''), is_dir('s'), is_file('s/a'))
case('chmod-via-symlink', 'either', 'attributes through a symlink',
     lambda t: t.symlink('s', CANARY + '/keep', mode=0o4777, uid=1000, xattrs={'user.pwned': b'1'}), is_link('s'))
case('symlink-empty', 'refuse', 'a symlink to nothing', lambda t: t.symlink('s', ''))
case('symlink-5000', 'refuse', 'a symlink target of 5000 bytes', lambda t: t.symlink('s', 'x' * 5000))
case('hardlink-abs', 'refuse', 'a hardlink to an absolute path', lambda t: t.hardlink('pwned', CANARY + '/keep'))
case('hardlink-dotdot', 'refuse', 'a hardlink above the root', lambda t: t.hardlink('pwned', UP + '/keep'))
case('hardlink-via-symlink', 'refuse', 'a hardlink through a symlink',
     lambda t: t.symlink('l', CANARY).hardlink('pwned', 'l/keep'))
case('hardlink-missing', 'refuse', 'a hardlink to what is not there', lambda t: t.hardlink('pwned', 'nowhere'))
case('hardlink-self', 'refuse', 'a hardlink to itself', lambda t: t.hardlink('pwned', 'pwned'))
case('hardlink-dir', 'refuse', 'a hardlink to a directory', lambda t: t.dir('x').hardlink('pwned', 'x'))
case('hardlink-root', 'refuse', 'a hardlink to the root', lambda t: t.hardlink('pwned', '.'))
case('hardlink-to-symlink', 'accept', 'a hardlink to a symlink', lambda t: t.symlink('s', CANARY + '/keep').hardlink('h', 's'),
     is_link('h'), is_link('s'))
case('hardlink-write-through', 'accept', 'a file over a hardlink to a symlink',
     lambda t: t.symlink('s', CANARY + '/keep').hardlink('h', 's').file('h', b'new'), is_file('h', b'new'), is_link('s'))
case('hardlink-lower-layer', 'either', 'a hardlink to a file of a lower layer', lambda t: t.hardlink('h', 'keep'),
     is_file('h', b'keep'), *LOWER_IS_WHOLE)
case('hardlink-with-data', 'either', 'a hardlink with content', lambda t: t.file('a', b'a').hardlink('h', 'a', data=b'b' * 600),
     is_file('h'))

# --- whiteouts --------------------------------------------------------------------------------------------------------

case('wh-escape', 'either', 'a whiteout above the root',
     lambda t: t.file('../.wh.keep').file(f'{UP}/.wh.keep').file(f'../../.wh.{"lodge"}'), *LOWER_IS_WHOLE)
case('wh-via-symlink', 'either', 'a whiteout through a symlink', lambda t: t.symlink('l', CANARY).file('l/.wh.keep'))
case('opq-via-symlink', 'either', 'an opaque marker through a symlink', lambda t: t.symlink('l', CANARY).opaque('l'))
case('wh-dot', 'refuse', 'a whiteout of .', lambda t: t.file('.wh..'))
case('wh-dotdot', 'refuse', 'a whiteout of ..', lambda t: t.dir('x').file('x/.wh...'))
case('wh-empty', 'refuse', 'a whiteout of nothing', lambda t: t.file('.wh.'))
case('wh-same-layer', 'accept', 'a whiteout of what the same layer has',
     lambda t: t.file('n', b'n').whiteout('n').whiteout('m').file('m', b'm'), is_file('n', b'n'), is_file('m', b'm'))
case('opq-root', 'accept', 'an opaque root', lambda t: t.opaque('').file('new', b''), is_file('new'), absent('keep'),
     absent('etc'))
case('wh-is-dir', 'either', 'a whiteout that is a directory', lambda t: t.dir('.wh.keep'), absent('.wh.keep'))
case('wh-is-link', 'either', 'a whiteout that is a symlink', lambda t: t.symlink('.wh.keep', CANARY), absent('.wh.keep'))
case('wh-slash', 'either', 'a whiteout with a slash behind it, and one of a path',
     lambda t: t.file('.wh.keep/', b'').file('.wh.d/.wh.keep', b''), absent('.wh.keep'), absent('.wh.d'))
case('wh-parent', 'either', 'a file below a whiteout', lambda t: t.file('.wh.d/pwned', b''), absent('.wh.d'))
case('wh-unknown-meta', 'accept', 'metadata of aufs', lambda t: t.dir('.wh..wh.plnk').file('.wh..wh.plnk/1.2', b'')
     .file('.wh..wh.aufs', b'').dir('.wh..wh.orph'), absent('.wh..wh.plnk'), absent('.wh..wh.aufs'), *LOWER_IS_WHOLE)
case('wh-hardlink', 'either', 'a hardlink as a whiteout, and to one',
     lambda t: t.file('.wh.keep').hardlink('h', '.wh.keep'), absent('.wh.keep'))
case('raw-chardev00', 'accept', 'a device 0:0, which an overlay takes as a whiteout', lambda t: t.char('keep', 0, 0)
     .dir('d').char('d/keep', 0, 0), *LOWER_IS_WHOLE)
case('hardlink-chardev00', 'either', 'a hardlink to a device 0:0', lambda t: t.char('x', 0, 0).hardlink('keep', 'x'),
     *LOWER_IS_WHOLE)
for prefix in ('trusted', 'user'):
    attributes = {'opaque': b'y', 'redirect': b'/etc', 'metacopy': b'', 'origin': b'x', 'whiteout': b'', 'whiteouts': b''}
    for key, value in attributes.items():
        case(f'{prefix}-overlay-{key}', 'accept', f'the attribute {prefix}.overlay.{key}',
             lambda t, name=f'{prefix}.overlay.{key}', value=value: t.dir('d', xattrs={name: value}).file(
                 'keep', b'', xattrs={name: value}),
             is_file('d/keep', b'keep'), is_file('keep', b''), no_xattrs('d', 'trusted.', 'user.overlay.'))
case('xattr-names', 'either', 'xattrs with odd names', lambda t: t.file('x', b'', xattrs={'': b'', 'user.': b'x'}),
     *LOWER_IS_WHOLE)
case('xattr-dangerous', 'either', 'xattrs that are the host\'s affair',
     lambda t: t.file('x', b'', xattrs={'security.selinux': b'x\0', 'security.ima': b'x', 'trusted.x': b'', 'system.x': b''}),
     no_xattrs('x', 'security.ima', 'security.selinux'), *LOWER_IS_WHOLE)
case('xattr-large', 'either', 'an xattr of 1 MiB', lambda t: t.file('x', b'', xattrs={'user.a': bytes(1 << 20)}))
case('xattr-many', 'either', '100000 xattrs', lambda t: t.file('x', b'', xattrs={f'user.{i}': b'' for i in range(100000)}))
case('capability-garbage', 'either', 'security.capability of garbage',
     lambda t: t.file('x', b'', xattrs={'security.capability': b'\xff' * 20}), *LOWER_IS_WHOLE)
case('acl-garbage', 'either', 'an ACL of garbage', lambda t: t.file('x', b'', pax={'SCHILY.acl.access': 'user:' * 100000}))

# --- nodes, owners, times ---------------------------------------------------------------------------------------------

case('devices', 'accept', 'device nodes and a fifo',
     lambda t: t.char('mem', 1, 1).block('vda', 254, 0).fifo('fifo').char('huge', 4095, 1048575), *LOWER_IS_WHOLE)
case('device-numbers', 'either', 'devices with impossible numbers',
     lambda t: t.entry('x', b'3', fields={'major': b'7777777\0', 'minor': b'7777777\0'}), *LOWER_IS_WHOLE)
case('setuid', 'accept', 'setuid, a capability and an attribute of overlay on one file', lambda t: t.file(
    's', b'', mode=0o6755, xattrs={'security.capability': ocitar.capability(1 << 21), 'trusted.overlay.opaque': b'y'}),
    no_xattrs('s', 'trusted.'), is_file('s'))
case('uid-65536', 'refuse', 'an owner above 65535', lambda t: t.file('x', b'', uid=65536), reason='65536|owner|uid|id')
case('uid-huge', 'refuse', 'an owner of more than 32 bits', lambda t: t.file('x', b'', uid=1 << 32))
case('uid-minus', 'refuse', 'a negative owner', lambda t: t.file('x', b'', pax={'uid': -1}))
case('gid-nobody', 'refuse', 'the group 4294967295', lambda t: t.file('x', b'', gid=(1 << 32) - 1))
case('mtime-extreme', 'either', 'times at the ends of time', lambda t: t.file('a', b'', mtime=str((1 << 63) - 1))
     .file('b', b'', mtime=str(-(1 << 63))).file('c', b'', mtime='1e99').file('d2', b'', mtime='9' * 400), *LOWER_IS_WHOLE)
case('mode-garbage', 'either', 'modes with more than permissions',
     lambda t: t.file('x', b'', fields={'mode': b'7777777\0'}), is_file('x'))
case('root-mode-0', 'accept', 'a root that nobody may enter', lambda t: t.dir('.', 0), *LOWER_IS_WHOLE)

# --- numbers, sizes, damage -------------------------------------------------------------------------------------------

case('huge-claimed', 'refuse', 'a file of 1 TiB by its header', lambda t: t.file('x', b'x', size=1 << 40))
case('size-2-62', 'refuse', 'a size of 2^62', lambda t: t.file('x', b'x', size=1 << 62))
case('size-2-63', 'refuse', 'a size of 2^63 in a pax record', lambda t: t.file('x', b'x', pax={'size': 1 << 63}))
case('negative-size', 'refuse', 'a negative size', lambda t: t.file('x', b'', fields={'size': ocitar.base256(-512, 12)}))
case('negative-pax-size', 'refuse', 'a negative size in a pax record', lambda t: t.file('x', b'', pax={'size': -512}))
case('size-garbage', 'refuse', 'a size that is no number', lambda t: t.file('x', b'', fields={'size': b'12zz9999999\0'}))
case('size-overflow', 'refuse', 'a size that ends beyond 2^64', lambda t: t.file('x', b'', pax={'size': (1 << 64) + 1}))
case('checksum', 'refuse', 'a header whose checksum is wrong', lambda t: t.file('x', b'', fields={'checksum': b'012345\0 '}))
case('garbage', 'refuse', 'random bytes', lambda t: t.raw(random.Random(7).randbytes(200 * BLOCK)))
case('garbage-inside', 'refuse', 'random bytes between entries',
     lambda t: t.file('a', b'').raw(random.Random(7).randbytes(BLOCK)).file('b', b''))
case('truncated-data', 'refuse', 'the end inside a file', lambda t: t.raw(header(b'x', 100000)).raw(b'x' * 5000), end=0)
case('truncated-header', 'refuse', 'the end inside a header', lambda t: t.raw(header(b'x')[:300]), end=0)
case('truncated-pax', 'refuse', 'the end inside a pax header',
     lambda t: t.raw(header(b'x', 5000, kind=b'x')).raw(b'30 path=xxx'), end=0)
case('pax-then-end', 'refuse', 'a pax header without an entry', lambda t: t.raw(pax_header({'path': 'x'})))
case('after-the-end', 'either', 'entries after the end', lambda t: t.file('a', b'').raw(bytes(2 * BLOCK)).file('pwned', b''),
     absent('pwned'))
case('one-zero-block', 'either', 'a single block of zeros between entries',
     lambda t: t.file('a', b'').raw(bytes(BLOCK)).file('b', b''), is_file('a'))
case('unknown-type', 'either', 'entries of types nobody knows', lambda t: t.entry('pwned', b'Z', b'x').entry('v', b'V')
     .entry('q', b'\xff'), *LOWER_IS_WHOLE)
case('multi-volume', 'refuse', 'the rest of a file of another volume', lambda t: t.entry('x', b'M', b'x'))
case('dump-dir', 'either', "GNU's list of a directory", lambda t: t.entry('dd/', b'D', b'Yfile\0\0', mode=0o755), *LOWER_IS_WHOLE)
case('dir-with-data', 'either', 'a directory with content', lambda t: t.entry('x/', b'5', b'x' * 1000, mode=0o755)
     .file('after', b'a'), is_file('after', b'a'))

for name, records in {'length-0': b'0 path=x\n', 'length-1': b'1 path=x\n', 'length-long': b'999999 path=x\n',
                      'length-huge': b'99999999999999999999999 path=x\n', 'length-minus': b'-9 path=x\n', 'no-equals': b'8 pathx\n',
                      'no-newline': b'9 path=xx', 'no-blank': b'9path=xx\n', 'empty-key': b'5 =x\n', 'blanks': b' 9 path=x\n'}.items():
    case(f'pax-{name}', 'refuse' if name != 'empty-key' else 'either', 'a pax record that is none: ' + name,
         lambda t, records=records: t.raw(pax_header(records)).file('x', b''))
case('pax-twice', 'either', 'two pax headers before one entry',
     lambda t: t.raw(pax_header({'path': '../pwned'})).raw(pax_header({'path': 'good'})).file('x', b''), *LOWER_IS_WHOLE)
case('pax-global-path', 'either', 'a global path of the parent',
     lambda t: t.raw(pax_header({'path': '../pwned', 'linkpath': CANARY}, kind=b'g')).file('x', b'').file('y', b''))
case('pax-path-wins', 'either', 'a good name and a bad pax path', lambda t: t.file('good', b'', pax={'path': '../pwned'}),
     *LOWER_IS_WHOLE)
case('pax-size-wins', 'refuse', 'a pax size that takes the next header for content',
     lambda t: t.entry('a', b'0', header(b'../pwned'), size=BLOCK, pax={'size': 5 * BLOCK}))
case('pax-linkpath-wins', 'refuse', 'a good link target and a bad pax one',
     lambda t: t.file('a', b'').hardlink('h', 'a', pax={'linkpath': CANARY + '/keep'}))
case('pax-100M', 'refuse', 'a pax header of 100 MiB', lambda t: t.raw(header(b'x', 100 << 20, kind=b'x')).raw(
    pax_record(b'comment', b'x' * ((100 << 20) - 20))), reason='large|long|limit|big|MiB|bytes')
whole('pax-1G', 'refuse', 'a pax header of 1 GiB', lambda: bomb([
    (header(b'x', 1 << 30, kind=b'x') + b'1073741824 comment=', 1), (b'n' * (1 << 20), 1 << 10)]))
whole('xattr-1G', 'refuse', 'an attribute of 1 GiB in a global header', lambda: bomb([(header(
    b'x', 1 << 30, kind=b'g') + b'1073741824 SCHILY.xattr.user.x=', 1), (b'n' * (1 << 20), 1 << 10)]))
case('xattr-64-large', 'either', '64 files with an attribute of 1 MiB each', lambda t: [
    t.file(f'x{i}', b'', xattrs={'user.a': bytes(1 << 20)}) for i in range(64)])
case('pax-many-globals', 'either', '100000 global headers',
     lambda t: t.raw(pax_header({'comment': 'x'}, kind=b'g') * 100000).file('x', b''))
case('longname-path', 'either', 'a long name of GNU tar that leads out',
     lambda t: t.raw(header(b'././@LongLink', 10, kind=b'L', magic=ocitar.GNU)).raw(ocitar.padded(b'../pwned\0\0')).file('x', b''))
case('longlink-chain', 'either', '1000 long names for one entry',
     lambda t: t.raw((header(b'././@LongLink', 4, kind=b'L', magic=ocitar.GNU) + ocitar.padded(b'abc\0')) * 1000).file('x', b''))


def sparse_case(name, spots, realsize=4096, outcome='refuse', what=None):
    case(f'sparse-{name}', outcome, what or 'a sparse map that is wrong: ' + name,
         lambda t: t.sparse_10('s', [(0, b'x' * 512)], realsize, spots=spots))


sparse_case('overlap', b'2\n0\n512\n256\n512\n')
sparse_case('backwards', b'2\n2048\n256\n0\n256\n')
sparse_case('beyond', b'1\n4000\n512\n')
sparse_case('overflow', b'1\n18446744073709551615\n512\n')
sparse_case('negative', b'1\n-5\n512\n')
sparse_case('count', b'1000000000\n0\n512\n')
sparse_case('letters', b'1\nzero\n512\n')
sparse_case('short-data', b'1\n0\n4096\n')
sparse_case('digits', b'1\n' + b'9' * 400 + b'\n512\n')
sparse_case('negative-size', b'1\n0\n512\n', realsize=-1)
sparse_case('size-2-63', b'1\n0\n512\n', realsize=1 << 63)
case('sparse-1T', 'either', 'a sparse file of 1 TiB', lambda t: t.sparse_10('s', [(0, b'x' * 512)], 1 << 40),
     sparse_file('s', 1 << 40, 1 << 20))
case('sparse-million', 'either', 'a sparse file of a million pieces',
     lambda t: t.sparse_10('s', [(i * 8192, b'x') for i in range(1000000)], 8192 * 1000000))
case('sparse-old-chain', 'refuse', 'a sparse header that says that more follow, at the end', lambda t: t.raw(raw_sparse(True)),
     end=0)
case('sparse-old-numbers', 'refuse', 'a sparse header of GNU tar with a wrong map', lambda t: t.raw(raw_sparse(False)))


def raw_sparse(more):
    spots = (b'%011o\0%011o\0' % (100, 512)) + (b'%011o\0%011o\0' % (50, 512))
    tail = b'\0' * 41 + spots.ljust(96, b'\0') + bytes([more]) + b'%011o\0' % 4096
    return header(b's', 1024, kind=b'S', magic=ocitar.GNU, fields={'prefix': tail[:155], 'pad': tail[155:]}) + \
        (b'' if more else bytes(1024))


# --- amounts ----------------------------------------------------------------------------------------------------------

def bomb(pieces, media='gzip'):
    blob = deflated(pieces)
    return Image([Layer(base().bytes()), Layer(b'', blob=blob, media_type=LAYER_TYPES[media], diff_id=digest(b'bomb'))])


whole('gzip-bomb', 'refuse', '8 GiB of zeros in one file, in 8 MB', lambda: bomb([
    (pax_header({'size': 8 << 30}) + header(b'zeros'), 1), (ZEROS, 8 << 10)]), reason='limit|large|more than|ratio|space|bomb|grow|bytes')
whole('gzip-bomb-end', 'refuse', '8 GiB of zeros behind the end of the archive',
      lambda: bomb([(Tar().file('a', b'').bytes(), 1), (ZEROS, 8 << 10)]))
whole('longname-1G', 'refuse', 'a name of 1 GiB', lambda: bomb([
    (header(b'././@LongLink', 1 << 30, kind=b'L', magic=ocitar.GNU), 1), (b'n' * (1 << 20), 1 << 10)]))
case('files-100000', 'accept', '100000 files', lambda t: many_files(t, 100000), is_file('many/f99999'))
case('dup-20000', 'either', '20000 entries of one name', lambda t: t.raw(header(b'same') * 20000), is_file('same'))


def amount(name, outcome, what, steps, *checks):
    case(name, outcome, what, steps, *checks)
    AMOUNTS[name] = CASES.pop(name)


def many_files(tar, count):
    tar.dir('many')
    tar.raw(b''.join(header(b'many/f%d' % i) for i in range(count)))


amount('files-200000', 'accept', '200000 files', lambda t: many_files(t, 200000), is_file('many/f199999'))
amount('dirs-100000', 'accept', '100000 directories', lambda t: t.raw(b''.join(
    header(b'%090d/' % i, kind=b'5', mode=0o755) for i in range(100000))), is_dir('%090d' % 99999))
amount('dirs-long', 'either', '20000 directories with a path of 3900 bytes', lambda t: [
    t.dir('/'.join(['d' * 250] * i)) for i in range(1, 15)] + [t.dir('/'.join(['d' * 250] * 14 + [f'{i:0200}'])) for i in range(20000)])
amount('whiteouts-100000', 'either', '100000 whiteouts', lambda t: t.raw(b''.join(header(b'.wh.%080d' % i) for i in range(100000))))
amount('hardlinks-50000', 'either', '50000 hardlinks to one file', lambda t: t.file('a', b'').raw(b''.join(
    header(b'%080d' % i, kind=b'1', link=b'a') for i in range(50000))))
amount('implied-50000', 'either', '50000 files in directories that have no entries', lambda t: t.raw(b''.join(
    header(b'%090d/x' % i) for i in range(50000))))

# --- layers -----------------------------------------------------------------------------------------------------------

def one(compression='gzip', **wrong):
    """An image of the good layer, with something wrong about it"""
    return Image([Layer(base().bytes(), compression, **wrong)])


def cut(blob, n):
    return Layer(base().bytes(), blob=blob[:n])


GOOD_GZIP, GOOD_ZSTD = compress(base().bytes(), 'gzip'), compress(base().bytes(), 'zstd')

whole('digest-mismatch', 'refuse', 'a layer that is not what its digest says',
      lambda: tampered(lambda blob: blob[:-1] + bytes([blob[-1] ^ 1])), reason='digest|sha256|checksum|CRC|crc')
whole('size-mismatch', 'refuse', 'a layer longer than its descriptor says', lambda: one(size=len(GOOD_GZIP) - 1))
whole('size-larger', 'refuse', 'a layer shorter than its descriptor says', lambda: one(size=len(GOOD_GZIP) + 1))
whole('size-huge', 'refuse', 'a descriptor of 2^62 bytes', lambda: one(size=1 << 62))
whole('diffid-mismatch', 'refuse', 'a layer whose content is not what the configuration says',
      lambda: one(diff_id=digest(b'other')), reason='diff|digest|sha256')
whole('diffid-count', 'refuse', 'more diff_ids than layers', lambda: Image(one().layers, whole={
    'rootfs': {'type': 'layers', 'diff_ids': [digest(base().bytes()), digest(b'other')]}}))
whole('truncated-gzip', 'refuse', 'a gzip stream that ends early', lambda: Image([cut(GOOD_GZIP, len(GOOD_GZIP) // 2)]))
whole('truncated-zstd', 'refuse', 'a zstd stream that ends early', lambda: Image([Layer(
    base().bytes(), 'zstd', blob=GOOD_ZSTD[:len(GOOD_ZSTD) // 2])]))
whole('gzip-no-trailer', 'refuse', 'a gzip stream without its checksum', lambda: Image([cut(GOOD_GZIP, len(GOOD_GZIP) - 8)]))
whole('gzip-crc', 'refuse', 'a gzip stream with a wrong checksum', lambda: Image([Layer(
    base().bytes(), blob=GOOD_GZIP[:-8] + b'\0' * 4 + GOOD_GZIP[-4:])]))
whole('gzip-trailing', 'refuse', 'bytes after a gzip stream', lambda: one(blob=GOOD_GZIP + b'pwned' * 200))
whole('gzip-zeros', 'either', 'zeros after a gzip stream', lambda: one(blob=GOOD_GZIP + bytes(512)), is_file('keep'))
whole('zstd-trailing', 'refuse', 'bytes after a zstd frame', lambda: one('zstd', blob=GOOD_ZSTD + b'pwned' * 200))
whole('gzip-is-zstd', 'refuse', 'zstd that is called gzip', lambda: one(blob=GOOD_ZSTD))
whole('zstd-is-gzip', 'refuse', 'gzip that is called zstd', lambda: one('zstd', blob=GOOD_GZIP))
whole('zstd-window', 'refuse', 'a zstd frame with a window of 2 GiB',
      lambda: one('zstd', blob=bytes.fromhex('28b52ffd') + b'\0' + bytes([21 << 3]) + b'\1\0\0'), reason='window|memory|zstd')
whole('zstd-dictionary', 'refuse', 'a zstd frame that needs a dictionary',
      lambda: one('zstd', blob=bytes.fromhex('28b52ffd') + b'\x23' + b'\x99\0\0\0' + b'\0\1\0\0'))
whole('empty-blob', 'refuse', 'a layer of no bytes', lambda: one(blob=b'', diff_id=digest(b'')))
whole('empty-archive', 'either', 'a layer whose archive has no bytes', lambda: Image([Layer(b'')]))
whole('unknown-mediatype', 'refuse', 'a layer of an unknown type', lambda: one(media_type='application/x-pwned'), reason='x-pwned|type')
whole('encrypted-mediatype', 'refuse', 'an encrypted layer', lambda: one(media_type=LAYER_TYPES['gzip'] + '+encrypted'))
whole('foreign-layer', 'refuse', 'a layer that is to come from elsewhere', lambda: one(
    media_type='application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', urls=['http://127.0.0.1:1/pwned']))
whole('digest-traversal', 'refuse', 'a digest with a path', lambda: one(digest='sha256:../../../../srv/lodge-canary/keep'))
whole('digest-short', 'refuse', 'a digest of 10 digits', lambda: one(digest='sha256:0123456789'))
whole('digest-upper', 'refuse', 'a digest in capitals', lambda: one(digest='sha256:' + digest(GOOD_GZIP)[7:].upper()))
whole('digest-sha512', 'refuse', 'a digest of another algorithm', lambda: one(digest='sha512:' + 'a' * 128))
whole('digest-md5', 'refuse', 'a digest of an unknown algorithm', lambda: one(digest='md5:' + 'a' * 32))
whole('digest-empty', 'refuse', 'an empty digest', lambda: one(digest=''))
whole('digest-nul', 'refuse', 'a zero byte in a digest', lambda: one(digest=digest(GOOD_GZIP) + '\0'))
whole('diffid-traversal', 'refuse', 'a diff_id with a path', lambda: one(diff_id='sha256:../../../../srv/lodge-canary'))
whole('blob-missing', 'refuse', 'a layer that is not there', lambda: one(digest=digest(b'nowhere'), blob=b'x'), reason='.')


def tampered(change):
    """A layout whose layer was changed after everything was computed"""
    image = one()
    layout = Layout([image])
    name = 'blobs/sha256/' + image.layers[0].descriptor['digest'][7:]
    layout.files[name] = change(layout.files[name])
    return layout


# --- JSON -------------------------------------------------------------------------------------------------------------

NESTED = b'[' * 200000
ODD = {'truncated': lambda text: text[:len(text) // 2], 'empty': lambda text: b'', 'deep': lambda text: NESTED,
       'deep-inside': lambda text: text[:-1] + b',"x":' + b'{"a":' * 100000, 'blanks-64M': lambda text: b' ' * (64 << 20) + text,
       'many-values': lambda text: text[:-1] + b',"x":{' + b','.join(b'"%d":{}' % i for i in range(99900)) + b'}}',
       'too-many-values': lambda text: text[:-1] + b',"x":[' + b'0,' * 250000 + b'0]}',
       'array': lambda text: b'[' + text + b']', 'string': lambda text: b'"x"', 'null': lambda text: b'null',
       'binary': lambda text: bytes(range(256)) * 10, 'trailing': lambda text: text + b'{}', 'nul': lambda text: text[:-1] + b'\0}',
       'utf-16': lambda text: text.decode().encode('utf-16'), 'bad-utf-8': lambda text: text[:-1] + b',"x":"\xff\xfe"}'}
for key, change in ODD.items():
    outcome = 'either' if key in ('blanks-64M', 'bad-utf-8', 'many-values') else 'refuse'
    whole(f'index-{key}', outcome, f'index.json: {key}', lambda change=change: Layout([one()], index=lambda content: change(
        to_json(content))))
    whole(f'manifest-{key}', outcome, f'manifest: {key}', lambda change=change: Image(one().layers, manifest=lambda content: change(
        to_json(content))))
    whole(f'config-{key}', outcome, f'configuration: {key}', lambda change=change: Image(
        one().layers, config_file=lambda content: change(to_json(content))))


def manifest_case(name, outcome, what, change):
    """change alters the manifest in place"""
    whole('manifest-' + name, outcome, what, lambda: Image(one().layers, manifest=lambda content: change(content)))


def config_case(name, outcome, what, change):
    whole('config-' + name, outcome, what, lambda: Image(one().layers, config_file=lambda content: change(content)))


manifest_case('version', 'refuse', 'schemaVersion 1', lambda m: m.update(schemaVersion=1))
manifest_case('version-text', 'refuse', 'schemaVersion as text', lambda m: m.update(schemaVersion='2'))
manifest_case('no-layers', 'refuse', 'no layers', lambda m: m.pop('layers') and None)
manifest_case('layers-null', 'refuse', 'null in the layers', lambda m: m['layers'].append(None))
manifest_case('layers-object', 'refuse', 'layers as an object', lambda m: m.update(layers={'0': m['layers'][0]}))
manifest_case('layers-million', 'refuse', 'a million layers', lambda m: m.update(layers=m['layers'] * 1000000))
manifest_case('layers-1000', 'refuse', 'a thousand layers that the configuration has not',
              lambda m: m.update(layers=m['layers'] * 1000))
manifest_case('size-text', 'refuse', 'a size as text', lambda m: m['layers'][0].update(size='100'))
manifest_case('size-minus', 'refuse', 'a size of -1', lambda m: m['layers'][0].update(size=-1))
manifest_case('size-real', 'refuse', 'a size that is no whole number', lambda m: m['layers'][0].update(size=1.5))
manifest_case('size-2-63', 'refuse', 'a size of 2^63', lambda m: m['layers'][0].update(size=1 << 63))
manifest_case('size-1e309', 'refuse', 'a size of 1e309',
              lambda m: to_json(m | {'layers': [m['layers'][0] | {'size': 12345}]}).replace(b'12345', b'1e309'))
manifest_case('no-config', 'refuse', 'no configuration', lambda m: m.pop('config') and None)
manifest_case('config-type', 'refuse', 'a configuration of another type', lambda m: m['config'].update(mediaType='text/plain'))
manifest_case('config-traversal', 'refuse', 'a configuration with a path as its digest',
              lambda m: m['config'].update(digest='sha256:../../../../srv/lodge-canary/keep'))
manifest_case('and-index', 'refuse', 'a manifest that is an index as well', lambda m: m.update(manifests=[]))
manifest_case('wrong-type', 'refuse', 'a manifest that calls itself an index', lambda m: m.update(mediaType=INDEX))
manifest_case('twice', 'refuse', 'the key layers twice',
              lambda m: to_json(m)[:-1] + b',"layers":[' + to_json(m['layers'][0]) + b',' + to_json(m['layers'][0]) + b']}')
config_case('hooks', 'accept', 'what belongs to the configuration of a runtime', lambda c: c.update(hooks={'prestart': [{
    'path': CANARY + '/keep'}]}, mounts=[{'destination': '/proc', 'source': '/'}], linux={'sysctl': {'kernel.core_pattern': '|/pwned'}},
    process={'rlimits': [{'type': 'RLIMIT_PWNED'}]}, annotations={'run.oci.handler': 'krun'}))
config_case('twice', 'either', 'the key rootfs twice', lambda c: to_json(c)[:-1] + b',"rootfs":{"type":"layers","diff_ids":[]}}')
config_case('no-rootfs', 'refuse', 'no rootfs', lambda c: c.pop('rootfs') and None)
config_case('rootfs-type', 'refuse', 'a rootfs of another type', lambda c: c['rootfs'].update(type='snapshot'))
config_case('diffids-null', 'refuse', 'null in the diff_ids', lambda c: c['rootfs'].update(diff_ids=[None]))
config_case('diffids-object', 'refuse', 'diff_ids as an object', lambda c: c['rootfs'].update(diff_ids={}))
config_case('os', 'refuse', 'another operating system', lambda c: c.update(os='windows'))
config_case('architecture', 'either', 'another architecture', lambda c: c.update(architecture='s390x'))
for key, value in {'Entrypoint': 7, 'Cmd': {'a': 1}, 'Env': 'A=B', 'Env-null': [None], 'Env-object': [{}], 'User': 7, 'User-array': [],
                   'WorkingDir': ['/'], 'Volumes': ['/x'], 'ExposedPorts': 'x', 'Labels': ['x'], 'Labels-object': {'a': {}},
                   'StopSignal': 15, 'Healthcheck': 'x', 'Healthcheck-interval': {'Test': ['CMD', 'x'], 'Interval': 'x'}}.items():
    whole(f'config-{key.lower()}', 'refuse', f'{key} of a wrong type', lambda key=key, value=value: Image(
        one().layers, config={key.split('-')[0]: value}))
for key, value in {'Labels': {'line': 'a\u0085b\u009b31m', 'esc': '\x1b[2J\x7f'}, 'Env': ['A=\u0080\x01', 'B=\u00a0']}.items():
    whole(f'config-{key.lower()}-controls', 'accept', f'{key} with control characters', lambda key=key, value=value: Image(
        one().layers, config={key: value}), *LOWER_IS_WHOLE)
for key, value in {'Env-no-equals': ['NOTHING'], 'Env-empty': ['=x'], 'Env-newline': ['A=b\nC=d'], 'Env-100000': [f'A{i}=b' for i in range(
        100000)], 'WorkingDir-dotdot': f'{UP}', 'WorkingDir-relative': 'a/b', 'Volumes-dotdot': {f'/{UP}': {}}, 'Volumes-proc':
        {'/proc': {}}, 'User-huge': '4294967296', 'User-minus': '-1', 'User-text': 'no\nbody', 'StopSignal-unknown': 'SIGPWNED',
        'Labels-large': {'x': 'y' * (3 << 20)}, 'Entrypoint-large': ['x' * (3 << 20)], 'Cmd-empty': [''], 'Entrypoint-nul': ['a\0b'],
        'Labels-newline': {'a\n[Image]\nName': 'x\n[Config]\nUser=0'}, 'Labels-ours': {'org.lodge1.Bind': '/:/host'},
                   'ExposedPorts-odd': {'../80': {}, '0/tcp': {}, '80/sctp': {}, '1\n2': {}},
                   'ExposedPorts-5000': {f'{i}/tcp': {} for i in range(5000)},
                   'Volumes-5000': {f'/v/{i}': {} for i in range(5000)}}.items():
    whole(f'config-{key.lower()}', 'either', f'{key}', lambda key=key, value=value: Image(
        one().layers, config={key.split('-')[0]: value}), *LOWER_IS_WHOLE)

# --- indexes, layouts and archives ------------------------------------------------------------------------------------


def cyclic():
    """An index that holds itself, as far as that is possible: under a digest that it has not"""
    content = {'schemaVersion': 2, 'mediaType': INDEX, 'manifests': [{'mediaType': INDEX, 'digest': digest(b'loop'), 'size': 1}]}
    blob = to_json(content)
    content['manifests'][0]['size'] = len(blob)
    return Layout([], index=lambda i: i.update(manifests=[{'mediaType': INDEX, 'digest': digest(b'loop'), 'size': len(to_json(
        content))} | Layout.named(f'{NAME}:latest')]), extra={'blobs/sha256/' + digest(b'loop')[7:]: to_json(content)})


def indexes(depth):
    """A good image behind `depth` indexes in one another"""
    image, files = one(), {}
    entry = image.descriptor()
    for _ in range(depth):
        blob = to_json({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': [entry]})
        files['blobs/sha256/' + digest(blob)[7:]] = blob
        entry = {'mediaType': INDEX, 'digest': digest(blob), 'size': len(blob)}
    return Layout([image], index=lambda i: i.update(manifests=[entry | Layout.named(f'{NAME}:latest')]), extra=files)


whole('index-cyclic', 'refuse', 'an index that names itself', cyclic)
whole('index-nested-1000', 'refuse', 'a thousand indexes in one another', lambda: indexes(1000))
whole('index-10000', 'either', 'an index of 10000 manifests', lambda: Layout([one()], index=lambda i: i.update(
    manifests=i['manifests'] + [dict(i['manifests'][0], digest=digest(b'%d' % n), annotations={}) for n in range(10000)])))
whole('index-million', 'refuse', 'an index of a million manifests', lambda: Layout([one()], index=lambda i: to_json(i)[:-2] + (
    b',' + to_json({'mediaType': MANIFEST, 'digest': digest(b'x'), 'size': 1})) * 1000000 + b']}'))
whole('index-no-platform', 'refuse', 'an index without our platform', lambda: Layout(
    [Image(one().layers, platform='plan9/mips')], nested=f'{NAME}:latest'), reason='platform|linux|architecture')
whole('index-empty', 'refuse', 'an index of nothing', lambda: Layout([]))
whole('index-name', 'either', 'an image named after a path', lambda: Layout([Image(one().layers, reference='../../pwned')]))
whole('index-name-control', 'either', 'control characters in the name', lambda: Layout([Image(one().layers, reference='a\nb\x1b[2J')]))
whole('layout-version', 'refuse', 'a layout of version 9', lambda: Layout([one()], marker=b'{"imageLayoutVersion":"9.0.0"}'))
whole('layout-no-index', 'refuse', 'a layout without index.json', lambda: archive_of(
    {'oci-layout': b'{"imageLayoutVersion":"1.0.0"}', 'blobs/sha256/x': b''}))


def linked_layout(path):
    """A layout directory whose layer is a symlink to a file outside"""
    image = one()
    Layout([image]).write(path)
    blob = os.path.join(path, 'blobs/sha256', image.layers[0].descriptor['digest'][7:])
    os.unlink(blob)
    os.symlink(CANARY + '/keep', blob)


def fifo_layout(path):
    Layout([one()]).write(path)
    os.unlink(os.path.join(path, 'index.json'))
    os.mkfifo(os.path.join(path, 'index.json'))


def archived(change):
    """An OCI archive whose entries were changed: change gets {name: bytes} and a Tar to write"""
    tar = Tar()
    change(Layout([one()]).files, tar)
    return tar.bytes()


def write_all(files, tar):
    for name, data in files.items():
        tar.file(name, data)


def save_case(name, outcome, what, change):
    whole('save-' + name, outcome, what, lambda: archive_of(docker_save(one(), manifest=change)))


whole('layout-symlink', 'refuse', 'a layer that is a symlink to a file outside', lambda: linked_layout)
whole('layout-fifo', 'refuse', 'an index.json that is a fifo', lambda: fifo_layout)
whole('archive-symlink', 'refuse', 'an archive whose index is a symlink', lambda: archived(lambda files, tar: (
    tar.symlink('index.json', CANARY + '/keep'), write_all({k: v for k, v in files.items() if k != 'index.json'}, tar))))
whole('archive-traversal', 'either', 'an archive with entries that lead out', lambda: archived(lambda files, tar: (
    write_all(files, tar), tar.file('../pwned', b'x').file('blobs/sha256/../../../pwned', b'x').file('/pwned', b'x'))))
whole('archive-bomb', 'refuse', 'an archive with 8 GiB of zeros, in 8 MB', lambda: deflated([
    (header(b'oci-layout', 30) + ocitar.padded(b'{"imageLayoutVersion":"1.0.0"}') + pax_header({'size': 8 << 30}) + header(b'blobs/x'), 1),
    (ZEROS, 8 << 10)]), reason='times its size|larger than allowed')
whole('archive-names', 'refuse', 'an archive of 50000 files with names of 2000 bytes', lambda: archived(lambda files, tar: (
    write_all(files, tar), tar.raw(b''.join(pax_header({'path': f'{i:05}/' + 'n' * 200 + '/' + ('n' * 200 + '/') * 9 + 'x'}) + header(b'x') for i in range(50000))))),
      reason='names')
whole('archive-twice', 'either', 'an archive with two of the same entry', lambda: archived(lambda files, tar: (
    write_all(files, tar), tar.file('index.json', b'{'))))
whole('archive-truncated', 'refuse', 'an archive that ends early', lambda: Layout([one()]).archive()[:3000])
whole('archive-empty', 'refuse', 'a file of no bytes', lambda: b'', reason='empty|bytes|no|not')
whole('archive-zeros', 'refuse', 'an archive without entries', lambda: bytes(10240))
whole('archive-garbage', 'refuse', 'a file of random bytes', lambda: random.Random(3).randbytes(100000))
save_case('layer-traversal', 'refuse', 'docker save: a layer outside', lambda m: m[0].update(
    Layers=['../../../../srv/lodge-canary/keep']))
save_case('layer-absolute', 'refuse', 'docker save: a layer by an absolute path', lambda m: m[0].update(Layers=[CANARY + '/keep']))
save_case('config-traversal', 'refuse', 'docker save: a configuration outside', lambda m: m[0].update(Config='../../etc/passwd'))
save_case('not-array', 'refuse', 'docker save: an object for the array', lambda m: to_json(m[0]))
save_case('layers-number', 'refuse', 'docker save: a number for the layers', lambda m: m[0].update(Layers=7))
save_case('missing-layer', 'refuse', 'docker save: a layer that is not there', lambda m: m[0]['Layers'].append('nowhere/layer.tar'))
save_case('tag-traversal', 'either', 'docker save: a tag that is a path', lambda m: m[0].update(RepoTags=['../../pwned:latest']))
save_case('tags-null', 'either', 'docker save: no tags', lambda m: m[0].update(RepoTags=None))
save_case('deep', 'refuse', 'docker save: deep JSON', lambda m: NESTED)
