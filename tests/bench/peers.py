# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is measured: how each starts and stops container number I of a kind, and where it puts it.

All run the same tree, without a network but in network.py. They do not do identical work, each WHAT says what is different."""
import json
import os
import re
import shutil
import subprocess

from stopwatch import PROGRAMS, Failure, sh

TREES = '/var/lib/lodge/images'
WORK = '/var/lib/machines'  # a tmpfs, like the trees
RUN = '/run/bench'
BASE = 1879048192  # of the ids that floor maps; lodge and nspawn pick below

UNIT = '''[Unit]
StartLimitIntervalSec=0
[Service]
Type={}
ExecStart={}
Slice=machine.slice
Delegate=yes
KillMode=mixed
TimeoutStopSec=10
'''
NSPAWN = ('/usr/bin/systemd-nspawn --quiet --keep-unit --machine=ns-%i --link-journal=no --settings=no --private-network '
          '--private-users=pick --private-users-ownership=map ')
LXC = f'''lxc.uts.name = {{0}}
lxc.rootfs.path = dir:{WORK}/{{0}}
lxc.rootfs.options = idmap=container
lxc.idmap = u 0 {BASE} 65536
lxc.idmap = g 0 {BASE} 65536
lxc.net.0.type = empty
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.autodev = 1
lxc.pty.max = 1024
lxc.apparmor.profile = unconfined
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.init.cmd = /sbin/init
'''


def write(path, text):
    with open(path, 'w', encoding='utf8') as f:
        f.write(text)


class Peer:
    """begin(i): words for the stopwatch; cgroup(i): where it is then; end(i): words that end it; after(i): clears up"""
    name, what = '', ''
    mapped = True  # PID 1 is in a user namespace

    def __init__(self, kind='idle'):
        self.kind = kind

    def prepare(self, count):
        pass

    def after(self, i):
        pass


class Unit(Peer):
    """A template unit NAME@I"""
    command, type = '', 'notify'

    def unit(self, i):
        return f'{self.name}-{self.kind}@{i}.service'

    def prepare(self, count):
        path = f'/run/systemd/system/{self.name}-{self.kind}@.service'
        write(path, UNIT.format(self.type, self.command_line()))

    def command_line(self):
        return self.command

    def begin(self, i):
        return 'unit', 'StartUnit', self.unit(i)

    def end(self, i):
        return 'unit', 'StopUnit', self.unit(i)

    def cgroup(self, i):
        return f'machine.slice/{self.unit(i)}'


class Floor(Unit):
    name, what, options = 'floor', 'bare Type=notify unit of floor.c: the same isolation and nothing else', ''

    def command_line(self):
        tree, program, confine = ('debian', '/sbin/init', 'boot') if self.kind == 'boot' else ('bench', '/stamp', 'command')
        return (f'{PROGRAMS}/floor --notify {self.options} {RUN}/{confine} {TREES}/{tree} {WORK}/{self.name}-{self.kind}-%i '
                f'{BASE} {program}')

    def after(self, i):
        shutil.rmtree(f'{WORK}/{self.name}-{self.kind}-{i}', ignore_errors=True)


class FloorMasks(Floor):
    name, what, options = 'floor-masks', 'the same, with the kernel files that lodge hides or makes read-only', '--masks'


class FloorSettings(Floor):
    name, what = 'floor-settings', 'floor.c in a unit with all settings of lodge@.service'

    def prepare(self, count):
        with open('/usr/lib/systemd/system/lodge@.service', encoding='utf8') as f:
            text = f.read()
        text = re.sub('^ExecStart=.*', f'ExecStart={self.command_line()}', text, flags=re.MULTILINE)
        write(f'/run/systemd/system/{self.name}-{self.kind}@.service', text)


class FloorAt(Floor):
    name, what = 'floor-at', 'floor.c, from its execution as main process of a unit'

    def command_line(self):
        return f'{PROGRAMS}/at {RUN}/at-{self.name}-{self.kind}-%i {super().command_line()}'

    def at(self, i):
        return f'{RUN}/at-{self.name}-{self.kind}-{i}'


class FloorMasksAt(FloorAt):
    name, what, options = 'floor-masks-at', 'the same, with masks', '--masks'


class Nspawn(Unit):
    name, what = 'nspawn', 'systemd-nspawn as a service, -U, idmapped read-only root (it takes no overlay with that), registered'
    command = NSPAWN + f'--read-only -D {TREES}/bench /stamp'


class NspawnBoot(Unit):
    name, what = 'nspawn', 'systemd-nspawn --boot as a service, -U, idmapped root without overlay, registered'

    def command_line(self):
        return NSPAWN + f'-D {WORK}/nspawn-{self.kind}-%i --boot'

    def prepare(self, count):
        super().prepare(count)
        for i in range(count):
            shutil.rmtree(f'{WORK}/nspawn-{self.kind}-{i}', ignore_errors=True)
            sh('cp', '-a', f'{TREES}/debian', f'{WORK}/nspawn-{self.kind}-{i}')


class Machinectl(NspawnBoot):
    name, what = 'machinectl', 'machinectl start: the template of systemd, -U, veth'

    def prepare(self, count):
        for i in range(count):
            shutil.rmtree(f'{WORK}/{self.machine(i)}', ignore_errors=True)
            sh('cp', '-a', f'{TREES}/debian', f'{WORK}/{self.machine(i)}')

    def machine(self, i):
        return f'bench-{self.kind}-{i}'

    def unit(self, i):
        return f'systemd-nspawn@{self.machine(i)}.service'

    def begin(self, i):
        return 'run', 'machinectl', 'start', self.machine(i)

    def cgroup(self, i):
        return f'machine.slice/systemd-nspawn@{self.machine(i).replace("-", "*")}.service'


class Lxc(Peer):
    name, what = 'lxc', 'lxc-start, user namespace, idmapped root without overlay'

    def container(self, i):
        return f'lxc-{self.kind}-{i}'

    def prepare(self, count):
        for path in ('/etc/subuid', '/etc/subgid'):
            write(path, f'root:{BASE}:65536\n')
        for i in range(count):
            shutil.rmtree(f'{WORK}/{self.container(i)}', ignore_errors=True)
            sh('cp', '-a', f'{TREES}/debian', f'{WORK}/{self.container(i)}')
            write(f'{RUN}/{self.container(i)}', LXC.format(self.container(i)))

    def begin(self, i):
        return 'run', 'lxc-start', '-n', self.container(i), '-f', f'{RUN}/{self.container(i)}', '-d'

    def end(self, i):
        return 'run', 'lxc-stop', '-k', '-n', self.container(i)

    def cgroup(self, i):
        return f'lxc.payload.{self.container(i)}*'


class Service(Unit):
    name, what, command = 'service', 'a plain systemd service, no container', f'{TREES}/bench/stamp'
    type = 'exec'


class Lodge(Peer):
    name, what, settings = 'lodge', 'StartMachine of lodged', ''

    def machine(self, i):
        return f'bench-{self.name}-{self.kind}-{i}'

    def prepare(self, count):
        tree, command = ('debian', 'Boot=yes') if self.kind == 'boot' else ('bench', 'Command=/stamp')
        for i in range(count):
            write(f'/etc/lodge/machines/{self.machine(i)}.machine',
                  f'[Machine]\nImage={tree}\n[Exec]\n{command}\n{self.settings}')

    def begin(self, i):
        return 'call', 'StartMachine', self.machine(i)

    def end(self, i):
        return 'call', 'StopMachine', self.machine(i)

    def unit(self, i):
        return f'lodge@{self.machine(i)}.service'

    def cgroup(self, i):
        return f'machine.slice/{self.unit(i)}'


class LodgeUnit(Lodge):
    name, what = 'lodge-unit', 'StartUnit of lodge@.service, as systemctl start does'

    def begin(self, i):
        return 'unit', 'StartUnit', self.unit(i)

    def end(self, i):
        return 'unit', 'StopUnit', self.unit(i)


class LodgeAt(Lodge):
    name, what = 'lodge-shim', 'lodge-shim, from its execution; the wait for the plan of lodged is in it'

    def prepare(self, count):
        super().prepare(count)
        for i in range(count):
            directory = f'/run/systemd/system/{self.unit(i)}.d'
            os.makedirs(directory, exist_ok=True)
            write(f'{directory}/at.conf',
                  f'[Service]\nExecStart=\nExecStart={PROGRAMS}/at {self.at(i)} /usr/lib/lodge/lodge-shim %i\n')

    def at(self, i):
        return f'{RUN}/at-{self.machine(i)}'


class Podman(Peer):
    name, what = 'podman', 'podman run -d, overlay, no user namespace, conmon, systemd cgroup'
    mapped, network = False, ('--network=none',)

    def container(self, i):
        return f'bench-{self.kind}-{i}'

    def prepare(self, count):
        os.makedirs('/etc/containers', exist_ok=True)
        write('/etc/containers/storage.conf',
              f'[storage]\ndriver="overlay"\ngraphroot="{WORK}/podman"\nrunroot="/run/podman-bench"\n')

    def begin(self, i):
        tree, program = ('debian', '/sbin/init') if self.kind == 'boot' else ('bench', '/stamp')
        options = ('--systemd=always',) if self.kind == 'boot' else ('--systemd=false',)
        return ('run', 'podman', 'run', '-d', '--name', self.container(i), f'--pidfile={RUN}/podman-{self.container(i)}',
                *self.network, '--pids-limit=0', '--log-driver=none', *options, '--rootfs', f'{TREES}/{tree}:O', program)

    def cgroup(self, i):
        with open(f'{RUN}/podman-{self.container(i)}', encoding='utf8') as f:
            pid = f.read().strip()
        with open(f'/proc/{pid}/cgroup', encoding='utf8') as f:
            return f.read().strip().split('::/', 1)[1]

    def end(self, i):
        return 'run', 'podman', 'rm', '-f', '-t', '0', self.container(i)


class Crun(Peer):
    name, what = 'crun', 'crun run -d, user namespace, an overlay that was mounted before, no systemd, its default filter: none'

    def prepare(self, count):
        bundle = f'{RUN}/crun-{self.kind}'
        os.makedirs(bundle, exist_ok=True)
        for directory in ('upper', 'work', 'root'):
            os.makedirs(f'{WORK}/crun-{self.kind}/{directory}', exist_ok=True)
        root = f'{WORK}/crun-{self.kind}/root'
        if not os.path.ismount(root):
            top = f'{WORK}/crun-{self.kind}'
            sh('mount', '-t', 'overlay', '-o', f'lowerdir={TREES}/bench,upperdir={top}/upper,workdir={top}/work', 'overlay', root)
        sh('crun', 'spec', '--bundle', bundle) if not os.path.exists(f'{bundle}/config.json') else None
        with open(f'{bundle}/config.json', encoding='utf8') as f:
            spec = json.load(f)
        spec['process'] |= {'terminal': False, 'args': ['/stamp'], 'cwd': '/'}
        spec['root'] = {'path': root, 'readonly': False}
        names = ('pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user')
        spec['linux']['namespaces'] = [{'type': name} for name in names]
        for which in ('uidMappings', 'gidMappings'):
            spec['linux'][which] = [{'containerID': 0, 'hostID': BASE, 'size': 65536}]
        write(f'{bundle}/config.json', json.dumps(spec))
        os.chmod(WORK, 0o711)  # the container's root passes it as somebody else

    def container(self, i):
        return f'bench-{self.kind}-{i}'

    def begin(self, i):
        return 'run', 'crun', '--cgroup-manager=cgroupfs', 'run', '-d', '-b', f'{RUN}/crun-{self.kind}', self.container(i)

    def cgroup(self, i):
        return self.container(i)

    def end(self, i):
        return 'run', 'crun', 'delete', '-f', self.container(i)


def setup():
    """What all share; once."""
    os.makedirs(RUN, exist_ok=True)
    for kind in ('command', 'boot'):
        with open(f'{RUN}/{kind}', 'wb') as f:
            f.write(subprocess.run([f'{PROGRAMS}/print-filter', kind], check=True, capture_output=True).stdout)
    if not os.path.exists(f'{TREES}/bench/stamp'):
        raise Failure(f'{TREES}/bench has no /stamp; use tests/bench/run')
