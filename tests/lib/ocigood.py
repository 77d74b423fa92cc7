# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images that are right, with every feature of tar and of OCI, and the trees that they must give. Each step of a recipe
writes an entry and changes a model of the tree; the tree that is expected comes from the model, by no reader of tar."""
import os
import random

import ocitar
from oci import Image, Layer, Layout, compress
from ocitar import MTIME, USER, USER_OBJ, GROUP_OBJ, MASK, OTHER, Tar, acl, capability, to_bytes

PIECE = 4096  # of a sparse file: what file systems can leave out
ACCESS, DEFAULT = 'system.posix_acl_access', 'system.posix_acl_default'
CAPABILITY = 'security.capability'


class Node:
    def __init__(self, kind, mode=0o644, uid=0, gid=0, mtime=MTIME, data=b'', link=b'', device=(0, 0), xattrs=None, pieces=None,
                 size=0):
        self.kind, self.mode, self.uid, self.gid, self.data, self.link = kind, mode, uid, gid, data, to_bytes(link)
        self.mtime = mtime if isinstance(mtime, tuple) else (mtime, 0)
        self.device, self.xattrs, self.pieces, self.size = device, dict(xattrs or {}), pieces, size


class Recipe:
    """Layers in the making, and the tree they give"""

    def __init__(self):
        self.tar, self.tars, self.nodes = Tar(), [], {b'': Node('dir', 0o755)}
        self.lower, self.named, self.implicit = {}, set(), set()
        self.dir('.')

    def layer(self):
        """What comes now belongs to the next layer"""
        self.tars.append(self.tar.bytes())
        # directories that this layer has without an entry: they are what the layer below made of them
        for path in self.named | {b'/'}:
            while path:
                path = path.rpartition(b'/')[0]
                if path not in self.named:
                    self.implicit.add(path)
        self.tar, self.lower, self.named = Tar(), dict(self.nodes), set()

    def layers(self, *compressions):
        self.layer()
        return [Layer(tar, compressions[i] if i < len(compressions) else 'gzip') for i, tar in enumerate(self.tars)]

    # --- what is in the tree ------------------------------------------------------------------------------------------

    @staticmethod
    def key(name):
        name = to_bytes(name)
        return b'' if name == b'.' else name.removeprefix(b'./').rstrip(b'/')

    def forget(self, path):
        for name in [name for name in self.nodes if name == path or name.startswith(path + b'/')]:
            del self.nodes[name]

    def put(self, name, kind, **what):
        path = self.key(name)
        self.named.add(path)
        old = self.nodes.get(path)
        if old and not old.kind == kind == 'dir':
            self.forget(path)
        self.nodes[path] = Node(kind, **what)

    # --- entries ------------------------------------------------------------------------------------------------------

    def dir(self, name, mode=0o755, **what):
        self.tar.dir(name, mode, **what)
        self.put(name, 'dir', mode=mode, **what)

    def file(self, name, data=b'', writer=None, written=None, **what):
        """writer: another function of Tar; written: the same as what, but for the archive, as ACLs in text"""
        (writer or self.tar.file)(name, data=data, **(what if written is None else written))
        self.put(name, 'file', data=data, **what)

    def sparse(self, name, form, pieces, size, **what):
        getattr(self.tar, 'sparse_' + form)(name, pieces, size, **what)
        self.put(name, 'file', pieces=pieces, size=size, **what)

    def symlink(self, name, target, **what):
        self.tar.symlink(name, target, **what)
        self.put(name, 'symlink', link=target, **{'mode': 0o777} | what)

    def hardlink(self, name, target):
        self.tar.hardlink(name, target)
        node = self.nodes[self.key(target)]
        self.forget(self.key(name))
        self.named.add(self.key(name))
        self.nodes[self.key(name)] = node

    def device(self, name, kind, major, minor, **what):
        getattr(self.tar, kind)(name, major, minor, **what)
        self.put(name, kind, device=(major, minor), **what)

    def fifo(self, name, **what):
        self.tar.fifo(name, **what)
        self.put(name, 'fifo', **what)

    def whiteout(self, path):
        self.tar.whiteout(path)
        self.named.add(self.key(path))
        self.forget(self.key(path))

    def opaque(self, path):
        """Hides what lower layers have in it, wherever in this layer it stands"""
        self.tar.opaque(path)
        path = self.key(path)
        below = path + b'/' if path else b''
        for name in [name for name in self.nodes if name.startswith(below) and name != path]:
            if self.nodes[name] is self.lower.get(name):
                del self.nodes[name]

    # --- the tree on disk ---------------------------------------------------------------------------------------------

    def write(self, top):
        top, first = os.fsencode(top), {}
        os.makedirs(top, exist_ok=True)
        for path in sorted(self.nodes):
            node, where = self.nodes[path], os.path.join(top, path) if path else top
            if id(node) in first:
                os.link(first[id(node)], where, follow_symlinks=False)
            else:
                first[id(node)] = where
                make(node, where)
        for path in sorted(self.nodes, reverse=True):
            finish(self.nodes[path], os.path.join(top, path) if path else top)


def make(node, where):
    if node.kind == 'dir':
        os.makedirs(where, exist_ok=True)
    elif node.kind == 'symlink':
        os.symlink(node.link, where)
    elif node.kind == 'file':
        with open(where, 'xb') as file:
            file.write(node.data)
            for offset, data in node.pieces or []:
                file.seek(offset)
                file.write(data)
            if node.pieces is not None:
                file.truncate(node.size)
    else:
        bits = {'char': 0o020000, 'block': 0o060000, 'fifo': 0o010000}[node.kind]
        os.mknod(where, bits | 0o600, os.makedev(*node.device))


def finish(node, where):
    os.chown(where, node.uid, node.gid, follow_symlinks=False)
    if node.kind != 'symlink':
        os.chmod(where, node.mode)
    for name, value in node.xattrs.items():
        os.setxattr(where, name, value, follow_symlinks=False)
    time = node.mtime[0] * 10**9 + node.mtime[1]
    os.utime(where, ns=(time, time), follow_symlinks=False)


class Good:
    """layers: a function that writes into a Recipe; product: makes the image (or what else) of the recipe's layers. umoci:
    whether umoci unpacks it the same way."""
    outcome, reason = 'accept', ''

    def __init__(self, what, steps, product=lambda recipe: Image(recipe.layers()), umoci=False):
        self.what, self.steps, self.product, self.umoci = what, steps, product, umoci

    def recipe(self):
        recipe = Recipe()
        self.steps(recipe)
        return recipe

    def make(self):
        return self.product(self.recipe())

    def expect(self, top):
        self.recipe().write(top)


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


# --- the images -------------------------------------------------------------------------------------------------------

def kinds(r):
    r.dir('d', 0o750, uid=1000, gid=1001, mtime=(MTIME, 123456789))
    r.dir('sticky', 0o1777)
    r.dir('setgid', 0o2775, gid=50)
    for size in (0, 1, 511, 512, 513, 4096, 70000):
        r.file(f'd/{size}', noise(size, size), mtime=(MTIME + size, 999999999))
    r.file('setuid', b'x', mode=0o4755)
    r.file('setgid-file', b'x', mode=0o2755, uid=65535, gid=65535)
    r.file('mode0', b'secret', mode=0)
    r.symlink('absolute', '/d/1', uid=7, gid=8, mtime=(MTIME, 5))
    r.symlink('relative', '../../d')
    r.symlink('dangling', 'nowhere')
    r.symlink('long', 'x/' * 400 + 'end')
    r.fifo('fifo', mode=0o622)
    r.device('tty', 'char', 5, 0, mode=0o666, gid=5)
    r.device('loop', 'block', 7, 300, mode=0o660, gid=6)
    r.device('wide', 'char', 500, 70000, mode=0o600)
    r.file('before-1970', b'', mtime=(-5, 250000000))
    r.file('after-2038', b'', mtime=(5000000000, 1))


def links(r):
    r.dir('a')
    r.dir('b')
    r.file('a/one', b'one', mode=0o640, uid=3, gid=4, xattrs={'user.k': b'v'})
    r.hardlink('b/two', 'a/one')
    r.hardlink('three', './b/two')
    r.symlink('a/link', 'one')
    r.hardlink('b/link', 'a/link')
    r.fifo('a/fifo')
    r.hardlink('b/fifo', 'a/fifo')
    r.file('a/other', b'other')
    r.hardlink('a/replaced', 'a/one')
    r.file('a/replaced', b'no longer a link')
    r.layer()
    r.dir('c')
    r.file('c/one', b'new one')
    r.hardlink('c/two', 'c/one')
    r.whiteout('b/two')


def names(r):
    r.dir('n')
    for name in ('a' * 99, 'b' * 100, 'c' * 101, 'd' * 255, '-dash', ' blank ', 'back\\slash', 'new\nline', 'tab\t', '\x1b[31m',
                 'umlaut-\u00e4\u20ac', '%41', '$(x)', '*', '...', '..a', '.wh', '.whx', 'x.wh.y', "quote'\""):
        r.file('n/' + name, name.encode())
    r.file(b'n/not-utf8-\xff\xfe', b'')
    deep = 'deep'
    for _ in range(40):
        r.dir(deep)
        deep += '/' + 'e' * 60
    r.dir(deep)
    r.file(deep + '/end', b'deep')
    r.symlink('n/to', deep)
    r.hardlink('n/hard', deep + '/end')


def sparse(r):
    pieces = [(0, noise(PIECE)), (1 << 20, noise(3 * PIECE)), (8 << 20, noise(PIECE))]
    for form in ('old', '00', '01', '10'):
        r.sparse(form, form, pieces, (8 << 20) + PIECE)
        r.sparse(form + '-many', form, [(i * 4 * PIECE, noise(PIECE, i)) for i in range(100)], 400 * PIECE)
        r.sparse(form + '-end', form, [(PIECE, noise(100))], 4 << 20)
        r.sparse(form + '-hole', form, [], 16 << 20)
        r.sparse(form + '-large', form, [(100 << 30, b'x' * PIECE)], 101 << 30)
    r.hardlink('again', '10')


def attributes(r):
    r.file('ping', b'\x7fELF', mode=0o755, xattrs={CAPABILITY: capability(1 << 13)})
    r.file('many', b'', xattrs={f'user.{i}': noise(i, i) for i in (1, 10, 100, 1000)} | {'user.empty': b'', 'user.nul': b'a\0b\nc=d'})
    r.dir('dir', xattrs={'user.dir': b'1'})
    # what the archive holds is the text, as GNU tar and bsdtar write it, or the value of the attribute, as docker does
    access = acl((USER_OBJ, 7), (USER, 5, 1000), (GROUP_OBJ, 5), (MASK, 5), (OTHER, 4))
    default = acl((USER_OBJ, 7), (GROUP_OBJ, 5), (OTHER, 0))
    r.file('acl', b'', mode=0o754, xattrs={ACCESS: access})
    r.file('acl-text', b'', mode=0o754, xattrs={ACCESS: access}, written={
        'mode': 0o754, 'pax': {'SCHILY.acl.access': 'user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::r--'}})
    r.dir('default', 0o750, xattrs={DEFAULT: default})
    r.file('default/child', b'')


def whiteouts(r):
    for name in ('gone', 'kept', 'replaced', 'dir/gone', 'dir/kept', 'opaque/old', 'opaque/also', 'opaque/sub/old', 'late/old',
                 'tree/a/b', 'becomes-dir', 'nested/x/y/gone', 'nested/x/y/kept', 'again/old'):
        for i in range(name.count('/'), 0, -1):  # from the top
            parent = name.rsplit('/', i)[0]
            if parent.encode() not in r.nodes:
                r.dir(parent)
        r.file(name, name.encode())
    r.symlink('becomes-file', 'kept')
    r.dir('becomes-link')
    r.file('becomes-link/x', b'')
    r.layer()
    r.whiteout('gone')
    r.whiteout('never-was')
    r.dir('dir', 0o700)
    r.whiteout('dir/gone')
    r.dir('opaque', 0o711)
    r.opaque('opaque')
    r.file('opaque/new', b'new')
    r.dir('late')
    r.file('late/new', b'new')
    r.opaque('late')  # after what it does not hide
    r.whiteout('tree')
    r.file('replaced', b'second')
    r.dir('becomes-dir')
    r.file('becomes-dir/x', b'x')
    r.file('becomes-file', b'file')
    r.symlink('becomes-link', 'kept')
    r.dir('nested')
    r.dir('nested/x')
    r.dir('nested/x/y')
    r.whiteout('nested/x/y/gone')
    r.whiteout('again')
    r.layer()
    r.dir('again')
    r.file('again/new', b'new')
    r.file('gone', b'back')
    r.dir('tree')
    r.file('tree/new', b'new')
    r.whiteout('opaque/new')
    r.dir('opaque', 0o711)


def hidden_whiteouts(r):
    for name in ('becomes-link', 'removed', 'becomes-file'):
        r.dir(name)
        r.file(f'{name}/x', b'')
    r.layer()
    r.symlink('becomes-link', '/etc')
    r.file('becomes-file', b'')
    r.whiteout('removed')
    for name in ('becomes-link', 'removed', 'becomes-file'):
        r.tar.whiteout(f'{name}/x')


def old_formats(r):
    r.dir('p')
    r.dir('p/q')
    long_name, long_link = 'p/' + 'l' * 200, 't/' * 90 + 'end'
    r.file(long_name, b'L', writer=lambda name, data: r.tar.gnu_long(name, b'0', data))
    r.tar.gnu_long('p/' + 'k' * 150, b'2', link=long_link, mode=0o777)
    r.put('p/' + 'k' * 150, 'symlink', link=long_link, mode=0o777)
    r.file('p/q/prefix', b'P', writer=lambda name, data: r.tar.ustar_prefix('p/q', 'prefix', data))
    r.file('v7', b'7', writer=lambda name, data: r.tar.entry(name, b'\0', data, magic=b'', fields={'major': b'', 'minor': b''}))
    r.file('contiguous', b'c', writer=lambda name, data: r.tar.entry(name, b'7', data))
    binary = {'uid': ocitar.base256(65000, 8), 'gid': ocitar.base256(65001, 8), 'size': ocitar.base256(1, 12),
              'mtime': ocitar.base256(MTIME, 12)}
    r.file('base256', b'b', writer=lambda name, data, **_: r.tar.file(name, data, fields=binary), uid=65000, gid=65001)
    negative = {'mtime': ocitar.base256(-100, 12)}
    r.file('negative', b'b', writer=lambda name, data, **_: r.tar.file(name, data, fields=negative), mtime=-100)
    r.file('blanks', b'b', writer=lambda name, data: r.tar.file(name, data, fields={'mode': b'   644 \0', 'uid': b'     0 \0'}))
    # a file whose name ends with a slash was a directory before tar knew directories
    r.tar.entry('old-dir/', b'\0', mode=0o755, magic=b'', fields={'major': b'', 'minor': b''})
    r.put('old-dir', 'dir', mode=0o755)


def pax(r):
    r.tar.raw(ocitar.pax_header({'comment': 'of all', 'SCHILY.fflags': 'none'}, kind=b'g'))
    r.file('comment', b'1', writer=lambda name, data: r.tar.file(name, data, pax={'comment': 'x' * 70000}))
    r.file('path', b'2', writer=lambda name, data: r.tar.file('another', data, pax={'path': name}))
    r.file('size', b'3' * 700, writer=lambda name, data: r.tar.entry(
        name, b'0', data, size=len(data), pax={'size': len(data)}, fields={'size': ocitar.octal(0, 12)}))
    r.file('ids', b'', writer=lambda name, data, **_: r.tar.file(name, data, pax={'uid': 65535, 'gid': 12}), uid=65535, gid=12)
    r.file('unknown', b'', writer=lambda name, data: r.tar.file(name, data, pax={'LODGE.unknown': 'x', 'hdrcharset': 'BINARY'}))
    r.file('time', b'', writer=lambda name, data, **_: r.tar.file(name, data, pax={'mtime': '1700000000.1234567899', 'atime': '1'}),
           mtime=(MTIME, 123456789))
    r.file('owner-names', b'', writer=lambda name, data: r.tar.file(name, data, fields={'uname': b'nobody', 'gname': b'nogroup'}))
    r.symlink('l' * 120, 't' * 300)


def implicit_parents(r):
    r.dir('secret', 0o700, uid=1000, gid=1000, xattrs={'user.mark': b'1'})
    r.file('secret/old', b'old')
    r.dir('tmp', 0o1777)
    r.layer()
    r.file('secret/new', b'new')
    r.file('tmp/new', b'new')


def duplicates(r):
    r.dir('d', 0o700)
    r.file('d/x', b'first')
    r.dir('d', 0o755, uid=1)
    r.file('d/x', b'second, longer')
    r.file('was-file', b'')
    r.dir('was-file')
    r.file('was-file/x', b'x')
    r.dir('was-empty-dir')
    r.file('was-empty-dir', b'now a file')
    r.symlink('was-link', 'd')
    r.file('was-link', b'file')
    r.file('shared', b'one')
    r.hardlink('shared2', 'shared')
    r.file('shared', b'two')


def small(r):
    r.dir('etc')
    r.file('etc/hostname', b'small\n')


def three(r):
    small(r)
    r.layer()
    r.file('two', b'2')
    r.layer()
    r.file('three', b'3')


def several_members(r):
    tar = r.layers()[0].tar
    half = len(tar) // 2
    return Image([Layer(tar, blob=compress(tar[:half], 'gzip') + compress(tar[half:], 'gzip'))])


def several_frames(r):
    tar = r.layers()[0].tar
    skippable = bytes.fromhex('5e2a4d18') + (4).to_bytes(4, 'little') + b'skip'  # as zstd:chunked has them
    return Image([Layer(tar, 'zstd', blob=compress(tar[:700], 'zstd') + skippable + compress(tar[700:], 'zstd'))])


def platforms(r):
    other = Recipe()
    other.file('wrong-platform', b'')
    wrong = other.layers()
    return Layout([Image(wrong, platform='linux/arm64/v8'), Image(r.layers()), Image(wrong, platform='windows/amd64')],
                  nested='localhost/lodge-test:latest')


def empty_layer(r):
    r.layer()  # and nothing in the next
    history = [{'created_by': 'files'}, {'created_by': 'ENV x', 'empty_layer': True}, {'created_by': 'nothing'}]
    return Image(r.layers(), history=history)


CASES = {
    'kinds': Good('each kind of file with modes, owners and times', kinds, umoci=True),
    'links': Good('hardlinks across entries, to links, replaced', links, umoci=True),
    'names': Good('long, deep and odd names', names),
    'sparse': Good('the four sparse formats', sparse),
    'attributes': Good('xattrs, capabilities, ACLs', attributes),
    'whiteouts': Good('whiteouts and opaque directories in three layers', whiteouts),
    'hidden-whiteouts': Good('whiteouts below what is no directory any more, as umoci writes them', hidden_whiteouts, umoci=True),
    'old-formats': Good('v7, ustar prefix, GNU long names, numbers in base 256', old_formats),
    'pax': Good('global headers, large records, records that win over the header', pax),
    'implicit-parents': Good('files whose directory only a lower layer has', implicit_parents, umoci=True),
    'duplicates': Good('entries that replace earlier ones of the same layer', duplicates),
    'zstd': Good('zstd layer', kinds, lambda r: Image(r.layers('zstd'))),
    'plain': Good('layer without compression', kinds, lambda r: Image(r.layers('none'))),
    'mixed': Good('gzip, zstd and plain layers in one image', three, lambda r: Image(r.layers('gzip', 'zstd', 'none'))),
    'docker-types': Good('media types of docker', three, lambda r: Image(r.layers(), docker=True), umoci=False),
    'gzip-members': Good('layer of two gzip members', kinds, several_members),
    'zstd-frames': Good('layer of two zstd frames and a skippable one', kinds, several_frames),
    'platforms': Good('index with three platforms', small, platforms),
    'empty-layer': Good('layer without entries, history without a layer', small, empty_layer),
    'no-end-blocks': Good('archive without the two blocks of zeros', small,
                          lambda r: Image([Layer(r.tar.bytes(end=0))]), umoci=True),
}
