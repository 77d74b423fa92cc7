# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements of images: unpack, layers, images, share. Each is a function of the Bench.

All read the same data from files on a tmpfs and write to a tmpfs. What differs of the work is said behind each row."""
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import peers
from stopwatch import Failure, read, sh

MS = 1e6
DATA = '/var/lib/machines/bench-data'  # a tmpfs
OUT = '/var/lib/machines/bench-out'
PODMAN = ('podman', '--root', f'{DATA}/podman', '--runroot', '/run/podman-bench')
OCI = '/usr/share/lodge-tests/tests/lib/oci.py'
REGISTRY = '127.0.0.1:5000'
LAYERS = 20
IMAGES = 200
LARGE = 2 << 30  # bytes of a large layer


def make(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=600)


def image(out, *layers, kind='oci-tar', ref='localhost/bench/image:latest', config=None):
    make(OCI, 'image', '--format', kind, '--ref', ref, '--config', json.dumps(config or {'Cmd': ['/stamp']}), out, *layers)


def has(program):
    return shutil.which(program) is not None


def clear(path):
    if os.path.exists(path):
        make('rm', '-rf', path)


# --- unpack -----------------------------------------------------------------------------------------------------------

def debian_data():
    """A Debian system as a tar archive, compressed, and as images whose one layer it is"""
    if os.path.exists(f'{DATA}/debian.docker.tar'):
        return
    os.makedirs(DATA, exist_ok=True)
    make('tar', '-C', f'{peers.TREES}/debian', '--numeric-owner', '--format=posix', '--sort=name',
         '--pax-option=delete=atime,delete=ctime', '-cf', f'{DATA}/debian.tar', '.')
    make('sh', '-c', f'gzip -6 -kf {DATA}/debian.tar; zstd -q -3 -f {DATA}/debian.tar')
    for how in ('gzip', 'zstd'):
        image(f'{DATA}/debian.{how}.oci.tar', f'{DATA}/debian.tar,{how}', ref=f'localhost/bench/{how}:latest')
    image(f'{DATA}/layout', f'{DATA}/debian.tar,gzip', kind='layout', ref='latest')
    image(f'{DATA}/debian.docker.tar', f'{DATA}/debian.tar,gzip', kind='docker-save', ref='localhost/bench/docker:latest')


def unpack_rows():
    """name -> (what, argv, what clears up afterwards); all but those of zstd read gzip"""
    gone = ('rm', '-rf', OUT)

    def lodge(path):
        return ('lodgectl', 'import', '--progress=none', path, 'bench-unpack'), LODGE_GONE
    rows = {
        'tar': ('tar xzf: no digest, not synced', ('tar', '--numeric-owner', '-C', OUT, '-xzf', f'{DATA}/debian.tar.gz'), gone),
        'bsdtar': ('bsdtar -xpf: no digest, not synced',
                   ('bsdtar', '-C', OUT, '--numeric-owner', '-xpf', f'{DATA}/debian.tar.gz'), gone),
        'lodge': ('lodgectl import of an OCI archive: both digests checked, synced', *lodge(f'{DATA}/debian.gzip.oci.tar')),
        'lodge-tar': ('lodgectl import of a root\'s archive: hashed, synced', *lodge(f'{DATA}/debian.tar.gz')),
        'importctl': ('importctl import-tar: no digest',
                      ('importctl', '--class=machine', '--quiet', 'import-tar', f'{DATA}/debian.tar.gz', 'bench-unpack'),
                      ('machinectl', 'remove', 'bench-unpack')),
        'podman-oci': ('podman load of the OCI archive: digests checked',
                       (*PODMAN, 'load', '-q', '-i', f'{DATA}/debian.gzip.oci.tar'), (*PODMAN, 'rmi', '-af')),
        'podman-docker': ('podman load of a docker archive, which is not compressed',
                          (*PODMAN, 'load', '-q', '-i', f'{DATA}/debian.docker.tar'), (*PODMAN, 'rmi', '-af')),
        'umoci': ('umoci unpack of a layout', ('umoci', 'unpack', '--image', f'{DATA}/layout:latest', f'{OUT}/bundle'), gone),
        'tar zstd': ('tar --zstd -xf: no digest, not synced',
                     ('tar', '--numeric-owner', '--zstd', '-C', OUT, '-xf', f'{DATA}/debian.tar.zst'), gone),
        'bsdtar zstd': ('bsdtar -xpf', ('bsdtar', '-C', OUT, '--numeric-owner', '-xpf', f'{DATA}/debian.tar.zst'), gone),
        'lodge zstd': ('lodgectl import of an OCI archive: both digests checked, synced', *lodge(f'{DATA}/debian.zstd.oci.tar')),
        'lodge-tar zstd': ('lodgectl import of a root\'s archive: hashed, synced', *lodge(f'{DATA}/debian.tar.zst')),
    }
    return {name: row for name, row in rows.items() if has(row[1][0])}


LODGE_GONE = ('sh', '-c', 'lodgectl image rm --force bench-unpack && lodgectl prune')


def unpack(bench):
    debian_data()
    size, rows = os.path.getsize(f'{DATA}/debian.tar') / 1e6, unpack_rows()
    table = bench.table(f'unpack: {size:.0f} MB of Debian in one layer, gzip where not said, from a file to a tree', 'tar')
    for name, (what, _, _) in rows.items():
        table.row(name, what)
    for _ in range(bench.rounds(7)):
        table.note_load()
        for name, (_, argv, after) in rows.items():
            unpack_once(bench, table, name, argv, after)
    table.ratio_at_most('lodge', 'tar', 0.5, 'lodgectl import of gzip / tar xzf')
    table.ratio_at_most('lodge zstd', 'tar', 0.35, 'lodgectl import of zstd / tar xzf')
    table.show()
    importer_memory(bench)


def unpack_once(bench, table, name, argv, after):
    clear(OUT)
    os.makedirs(OUT)
    make('sync')
    try:
        begin, end = bench.watch.ask('run', *argv)
        table.add(name, (end - begin) / MS)
    except Failure as failure:
        table.fail(name, failure)
    sh(*after, ok=False)


class Peak(threading.Thread):
    """The largest resident memory of any process in units of lodge-import@.service, in KiB"""

    def __init__(self):
        super().__init__(daemon=True)
        self.found, self.done = 0, False

    def run(self):
        while not self.done:
            for top in ('/sys/fs/cgroup/system.slice', '/sys/fs/cgroup/machine.slice'):
                for path, _, files in os.walk(top):
                    if 'lodge-import' in path and 'cgroup.procs' in files:
                        self.look(path)
            time.sleep(0.01)

    def look(self, path):
        try:
            for pid in read(f'{path}/cgroup.procs').split():
                match = re.search(r'^VmHWM:\s+(\d+)', read(f'/proc/{pid}/status'), re.MULTILINE)
                self.found = max(self.found, int(match.group(1)) if match else 0)
        except OSError:
            pass


def importer_memory(bench):
    large_data()
    table = bench.table('unpack: the most memory that the importer held, by the size of the layer', 'Debian', 'MiB')
    for name, path in (('Debian', f'{DATA}/debian.gzip.oci.tar'), ('Debian zstd', f'{DATA}/debian.zstd.oci.tar'),
                       ('2 GiB', f'{DATA}/large.oci.tar')):
        table.row(name, path)
        for _ in range(bench.rounds(2)):
            table.note_load()
            peak = Peak()
            peak.start()
            try:
                bench.watch.ask('run', 'lodgectl', 'import', '--progress=none', path, 'bench-unpack')
                table.add(name, peak.found / 1024)
            except Failure as failure:
                table.fail(name, failure)
            peak.done = True
            peak.join()
            sh(*LODGE_GONE, ok=False)
        table.at_most(name, 64, f'importer with the layer {name}')
    table.show()


def large_data():
    """A layer of half noise, half zeros: 2 GiB unpacked, 1 GiB packed"""
    if os.path.exists(f'{DATA}/large.oci.tar'):
        return
    os.makedirs(f'{DATA}/large')
    with open(f'{DATA}/large/file', 'wb') as f:
        noise = os.urandom(8 << 20)
        for i in range(LARGE >> 20):
            f.write(noise[(i % 8) << 20:][:1 << 19] + b'\0' * (1 << 18) + b'\1' * (1 << 18))
    image(f'{DATA}/large.oci.tar', f'{DATA}/large,gzip')
    clear(f'{DATA}/large')


# --- layers: a start from many layers ---------------------------------------------------------------------------------

class LodgeImage(peers.Lodge):
    def __init__(self, name, source):
        super().__init__('layers')
        self.name, self.image, self.what = name, source, f'StartMachine of a machine from {source}'

    def prepare(self, count):
        for i in range(count):
            peers.write(f'/etc/lodge/machines/{self.machine(i)}.machine',
                        f'[Machine]\nImage={self.image}\n[Exec]\nCommand=/stamp\n')


def layers_data():
    os.makedirs(DATA, exist_ok=True)
    extra = []
    for i in range(1, LAYERS):
        os.makedirs(f'{DATA}/layer-{i}/opt/{i}', exist_ok=True)
        peers.write(f'{DATA}/layer-{i}/opt/{i}/file', f'{i}\n')
        extra.append(f'{DATA}/layer-{i}')
    image(f'{DATA}/one.oci.tar', f'{peers.TREES}/bench')
    image(f'{DATA}/many.oci.tar', f'{peers.TREES}/bench', *extra)
    for name, source in (('bench-one', 'one'), ('bench-many', 'many')):
        sh('lodgectl', 'image', 'rm', '--force', name, ok=False)
        make('lodgectl', 'import', '--progress=none', f'{DATA}/{source}.oci.tar', name)


def layers(bench):
    layers_data()
    chosen = [LodgeImage('one', 'bench-one'), LodgeImage('many', 'bench-many'), peers.Lodge('layers')]
    bench.prepare(chosen, 3)
    for what, burst, gap in (('hot, 3 ms apart', 3, 0.003), ('cold, 150 ms apart', 1, 0.150)):
        table = bench.table(f'layers: D-Bus call -> first instruction of PID 1, from {LAYERS} layers and from 1, {what}', 'one')
        table.row('one', '1 layer')
        table.row('many', f'{LAYERS} layers')
        table.row('lodge', 'a directory')
        bench.start_rounds(table, chosen, bench.rounds(20 if burst > 1 else 30), burst, gap)
        table.difference_at_most('many', 'one', 3, f'{LAYERS} layers - 1 layer')
        table.show()


# --- images: the list -------------------------------------------------------------------------------------------------

def images(bench):
    make_images()
    table = bench.table(f'images: list of {IMAGES} images, whole command', 'lodgectl')
    rows = {
        'lodgectl': ('lodgectl images', ('run', 'lodgectl', 'images')),
        'lodgectl-version': ('lodgectl --version: what its start alone takes', ('run', 'lodgectl', '--version')),
        'machinectl': ('machinectl list-images, directories', ('run', 'machinectl', 'list-images', '--no-pager')),
    }
    if has('podman'):
        rows['podman'] = ('podman images', ('run', *PODMAN, 'images'))
    bench.commands(table, rows, bench.rounds(20))
    table.at_most('lodgectl', 40, f'lodgectl images with {IMAGES} images')
    table.show()
    sh('sh', '-c', f'rm -rf {peers.WORK}/list-*; for i in $(seq {IMAGES}); do lodgectl image rm --force bench-list-$i; done; '
       'lodgectl prune', ok=False)
    sh(*PODMAN, 'rmi', '-af', ok=False)


def make_images():
    for i in range(IMAGES):
        top = f'{DATA}/list'
        clear(top)
        os.makedirs(f'{top}/etc')
        peers.write(f'{top}/etc/number', f'{i}\n')
        image(f'{DATA}/list.tar', top)
        make('lodgectl', 'import', '--progress=none', f'{DATA}/list.tar', f'bench-list-{i + 1}')
        os.makedirs(f'{peers.WORK}/list-{i}/etc', exist_ok=True)
        if has('podman'):
            make('tar', '-C', top, '-cf', f'{DATA}/list.root.tar', '.')
            make(*PODMAN, 'import', '-q', f'{DATA}/list.root.tar', f'localhost/list:{i}')


# --- share: what a second image of the same layers costs --------------------------------------------------------------

class Registry:
    """docker-registry on loopback; its access log says how many bytes it gave away"""

    def __enter__(self):
        clear(f'{DATA}/registry')
        os.makedirs(f'{DATA}/registry')
        peers.write(f'{DATA}/registry.yml', f'version: 0.1\nlog: {{level: warn, accesslog: {{disabled: false}}}}\n'
                    f'storage: {{filesystem: {{rootdirectory: {DATA}/registry}}}}\nhttp: {{addr: "{REGISTRY}"}}\n')
        self.log = f'{DATA}/registry.log'
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(['docker-registry', 'serve', f'{DATA}/registry.yml'], stdout=log,
                                            stderr=subprocess.STDOUT)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def given(self):
        """Bytes of blobs and manifests"""
        return sum(int(n) for n in re.findall(r'"GET /v2/\S+/(?:blobs|manifests)/\S+ HTTP/\S+" 20\d (\d+)', read(self.log)))


def share(bench):
    debian_data()
    size = os.path.getsize(f'{DATA}/debian.tar.gz') / 1e6
    for n in ('a', 'b'):
        os.makedirs(f'{DATA}/app-{n}/opt', exist_ok=True)
        with open(f'{DATA}/app-{n}/opt/{n}', 'wb') as f:
            f.write(os.urandom(1 << 20))
        clear(f'{DATA}/app-{n}.oci')
        image(f'{DATA}/app-{n}.oci', f'{DATA}/debian.tar,gzip', f'{DATA}/app-{n},gzip', kind='layout', ref='latest')
    table = bench.table(f'share: bytes the registry gave for an image of a {size:.0f} MB layer and one of 1 MB', 'first', 'MB')
    times = bench.table('share: pull of it, whole command', 'first')
    for t in (table, times):
        t.row('first', 'an empty store')
        t.row('second', 'the large layer is in the store')
    with Registry() as registry:
        for n in ('a', 'b'):
            make('skopeo', 'copy', '-q', '--dest-tls-verify=false', f'oci:{DATA}/app-{n}.oci:latest', f'docker://{REGISTRY}/bench/{n}:1')
        for _ in range(bench.rounds(3)):
            table.note_load()
            times.note_load()
            for row, n in (('first', 'a'), ('second', 'b')):
                before = registry.given()
                try:
                    begin, end = bench.watch.ask('run', 'lodgectl', 'pull', '--progress=none', f'{REGISTRY}/bench/{n}:1')
                    times.add(row, (end - begin) / MS)
                    time.sleep(0.1)
                    table.add(row, (registry.given() - before) / 1e6)
                except Failure as failure:
                    table.fail(row, failure)
            sh('sh', '-c', f'lodgectl image rm --force {REGISTRY}/bench/a:1; lodgectl image rm --force {REGISTRY}/bench/b:1; lodgectl prune',
               ok=False)
    table.at_most('second', 1.2, 'bytes for the second image: its own layer, manifest and configuration')
    for t in (table, times):
        t.show()


if __name__ == '__main__':
    sys.exit('run by bench.py')
