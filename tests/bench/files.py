# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements of files: copy and commit. Each is a function of the Bench.

lodge and podman start from the same image on a tmpfs; podman's container has no user namespace, so that it maps nothing."""
import os

import images
import peers
from stopwatch import Failure, sh

MS = 1e6
IMAGE = 'bench-files'
PODMAN_IMAGE = 'localhost/bench/image:latest'
RUNS, STOPPED, NSPAWN = 'bench-runs', 'bench-stopped', 'bench-nspawn'
LARGE, MANY = 128 << 20, 3000  # bytes of the one file; files of the tree
SOURCES = {'large': f'{images.DATA}/copy-large', 'many': f'{images.DATA}/copy-many'}
BACK = f'{images.DATA}/copy-back'


def sources():
    """One large file without holes, and a tree of small ones"""
    os.makedirs(images.DATA, exist_ok=True)
    with open(SOURCES['large'], 'wb') as f:
        noise = os.urandom(8 << 20)
        for _ in range(LARGE // len(noise)):
            f.write(noise)
    for i in range(MANY):
        directory = f'{SOURCES["many"]}/{i % 30}'
        os.makedirs(directory, exist_ok=True)
        peers.write(f'{directory}/{i}', f'{i}\n' * (i % 500))


def podman_containers():
    if images.has('podman'):
        options = ('--network=none', '--pids-limit=0', '--systemd=false', PODMAN_IMAGE, '/stamp')
        images.make(*images.PODMAN, 'run', '-d', '--name', RUNS, *options)
        images.make(*images.PODMAN, 'create', '--name', STOPPED, *options)


def containers():
    images.image(f'{images.DATA}/files.oci.tar', f'{peers.TREES}/bench')
    sh('lodgectl', 'image', 'rm', '--force', IMAGE, ok=False)
    images.make('lodgectl', 'import', '--progress=none', f'{images.DATA}/files.oci.tar', IMAGE)
    for name in (RUNS, STOPPED):
        images.make('lodgectl', 'create', name, IMAGE, '--writable-layer=keep', '/stamp')
    images.make('lodgectl', 'start', RUNS)
    if images.has('podman'):
        images.make(*images.PODMAN, 'load', '-q', '-i', f'{images.DATA}/files.oci.tar')
        podman_containers()
    if images.has('systemd-nspawn'):  # machinectl copies to no container with a user namespace
        images.make('cp', '-a', f'{peers.TREES}/bench', f'{peers.WORK}/{NSPAWN}')
        images.make('systemd-run', '-q', '--collect', f'--unit={NSPAWN}', '-p', 'Type=notify', 'systemd-nspawn', '-q', '-M', NSPAWN, '--keep-unit',
                    '--register=yes', '--settings=no', '--link-journal=no', '--private-users=no', '-D', f'{peers.WORK}/{NSPAWN}', '/stamp')


def gone():
    for name in (RUNS, STOPPED):
        sh('lodgectl', 'rm', '--force', name, ok=False)
        sh(*images.PODMAN, 'rm', '-f', '-t', '0', name, ok=False)
    sh('lodgectl', 'image', 'rm', '--force', IMAGE, ok=False)
    sh(*images.PODMAN, 'rmi', '-af', ok=False)
    sh('systemctl', 'stop', NSPAWN, ok=False)
    sh('rm', '-rf', f'{peers.WORK}/{NSPAWN}', *SOURCES.values(), BACK, ok=False)


# --- copy -------------------------------------------------------------------------------------------------------------

def copy_rows(source):
    """name -> (what, argv, what clears up afterwards); each row out of a container has what the row into it has copied"""
    podman, back = (*images.PODMAN, 'cp'), ('rm', '-rf', BACK)
    rows = {'cp': ('cp -r from one directory to another', ('cp', '-r', source, BACK), back)}
    for name, container, what in (('', RUNS, 'one that runs'), (' stopped', STOPPED, 'one that does not')):
        rows |= {
            f'lodge to{name}': (f'lodgectl cp to {what}', ('lodgectl', 'cp', '-q', source, f'{container}:/root/copy'), None),
            f'podman to{name}': (f'podman cp to {what}', (*podman, source, f'{container}:/root/copy'), None),
            f'lodge from{name}': ('and back', ('lodgectl', 'cp', '-q', f'{container}:/root/copy', BACK), back),
            f'podman from{name}': ('and back', (*podman, f'{container}:/root/copy', BACK), back),
        }
    rows |= {
        'machinectl to': ('machinectl copy-to, no user namespace', ('machinectl', 'copy-to', NSPAWN, source, '/root/copy'), None),
        'machinectl from': ('and back', ('machinectl', 'copy-from', NSPAWN, '/root/copy', BACK), back),
    }
    return {name: row for name, row in rows.items() if images.has(row[1][0])}


def copies_gone():
    """Replacing what is there is another work than making it."""
    for name in (RUNS, STOPPED):
        sh('lodgectl', 'stop', name, ok=False)
        sh('lodgectl', 'reset', name, ok=False)
        sh(*images.PODMAN, 'rm', '-f', '-t', '0', name, ok=False)
    sh('lodgectl', 'start', RUNS)
    podman_containers()
    sh('rm', '-rf', f'{peers.WORK}/{NSPAWN}/root/copy')


def measured(bench, title, base, rows, after_round=None):
    """A table of rows: name -> (what, argv, what clears up afterwards)"""
    table = bench.table(title, base)
    for name, (what, _, _) in rows.items():
        table.row(name, what)
    for _ in range(bench.rounds(7)):
        table.note_load()
        for name, (_, argv, after) in rows.items():
            try:
                begin, end = bench.watch.ask('run', *argv)
                table.add(name, (end - begin) / MS)
            except Failure as failure:
                table.fail(name, failure)
            if after:
                sh(*after, ok=False)
        if after_round:
            after_round()
    return table


def copy(bench):
    sources()
    containers()
    for kind, what in (('large', f'one file of {LARGE >> 20} MiB'), ('many', f'{MANY} small files')):
        table = measured(bench, f'copy: {what}, into a container and out of it, whole command', 'cp', copy_rows(SOURCES[kind]),
                         copies_gone)
        for way in ('to', 'from', 'to stopped', 'from stopped'):
            table.ratio_at_most(f'lodge {way}', f'podman {way}', 1, f'lodgectl cp / podman cp, {way}')
        table.show()
    gone()


# --- commit -----------------------------------------------------------------------------------------------------------

def commit(bench):
    sources()
    containers()
    for kind, name in SOURCES.items():
        sh('lodgectl', 'cp', '-q', name, f'{STOPPED}:/root/{kind}')
        sh(*images.PODMAN, 'cp', name, f'{STOPPED}:/root/{kind}', ok=False)
    made = f'{PODMAN_IMAGE}2'
    rows = {
        'lodge diff': ('lodgectl diff', ('lodgectl', 'diff', STOPPED), None),
        'podman diff': ('podman diff', (*images.PODMAN, 'diff', STOPPED), None),
        'lodge commit': ('lodgectl commit: a layer on disk, hashed, synced', ('lodgectl', 'commit', '-q', STOPPED, f'{IMAGE}-2'),
                         ('sh', '-c', f'lodgectl image rm --force {IMAGE}-2; lodgectl prune')),
        'podman commit': ('podman commit: likewise, not synced', (*images.PODMAN, 'commit', '-q', STOPPED, made), (*images.PODMAN, 'rmi', made)),
    }
    rows = {name: row for name, row in rows.items() if images.has(row[1][0])}
    table = measured(bench, f'commit: {MANY} small files and one of {LARGE >> 20} MiB, whole command', None, rows)
    for verb in ('diff', 'commit'):
        table.ratio_at_most(f'lodge {verb}', f'podman {verb}', 1, f'lodgectl {verb} / podman {verb}')
    table.show()
    gone()
