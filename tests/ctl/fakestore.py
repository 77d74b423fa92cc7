# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images, volumes and jobs of fake-lodged. What a job does follows from the name that it is given:

  .../slow      goes on until it is cancelled         .../denied   fails with NotAuthorized
  .../full      fails with NoSpace                    .../broken   fails with PullFailed
  .../dropped   is done, and has something to say     anything else is done after a moment
What a call was given can be read back from Source of the image that comes of it."""
import json
import os
import time

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

ROOT = '/org/lodge1'
LAYERS = ['sha256:' + 'a' * 64, 'sha256:' + 'b' * 64]
MANIFEST = json.dumps({'schemaVersion': 2, 'layers': [{'size': 30000000, 'digest': 'sha256:' + '1' * 64}, {'size': 1234}]})
CONFIG = json.dumps({'architecture': 'amd64', 'history': [
    {'created': '2024-05-14T01:02:03.5Z', 'created_by': '/bin/sh -c #(nop) ADD file:1 in / '},
    {'created': '2024-05-14T01:02:04Z', 'created_by': 'ENV A=1', 'empty_layer': True},
    {'created': 'yesterday', 'created_by': '/bin/sh -c apt\x1b[2Jget', 'comment': 'buildkit'}]})


class Failure(Exception):
    def __init__(self, name, message):
        super().__init__(message)
        self.name = name if '.' in name else 'org.lodge1.Error.' + name


def label(name):
    return ''.join(c if c.isalnum() and not (i == 0 and c.isdigit()) else f'_{ord(c):02x}' for i, c in enumerate(name))


def variants(values):
    return {name: GLib.Variant(kind, value) for name, (kind, value) in values.items()}


def usec():
    return int(time.time() * 1000000)


class Image:
    interface = 'org.lodge1.Image'

    def __init__(self, name, kind='oci', source=''):
        self.name, self.kind, self.source, self.read_only = name, kind, source, False
        self.used_by, self.path = [], f'{ROOT}/image/{label(name)}'
        self.added = usec()

    def properties(self):
        layered = self.kind == 'oci'
        return variants({
            'Name': ('s', self.name), 'Type': ('s', self.kind), 'Path': ('s', f'/images/{self.name}'),
            'ReadOnly': ('b', self.read_only), 'Digest': ('s', 'sha256:' + 'd' * 64 if layered else ''),
            'ConfigDigest': ('s', 'sha256:' + 'c' * 64 if layered else ''), 'Layers': ('as', LAYERS if layered else []),
            'Size': ('t', 123456789 if layered else 0), 'CreatedTimestamp': ('t', 1715648523000000 if layered else 0),
            'AddedTimestamp': ('t', self.added), 'Architecture': ('s', 'amd64' if layered else ''),
            'OS': ('s', 'linux' if layered else ''), 'Source': ('s', self.source), 'Entrypoint': ('as', ['/init me'] if layered else []),
            'Command': ('as', ['sh', '-c', 'exit 3'] if layered else []), 'Environment': ('as', ['A=1', 'B=\x1b[2J'] if layered else []),
            'User': ('s', ''), 'WorkingDirectory': ('s', '/srv' if layered else ''), 'StopSignal': ('s', ''), 'Volumes': ('as', []),
            'ExposedPorts': ('as', ['80/tcp'] if layered else []), 'Labels': ('a{ss}', {'vendor': 'we'} if layered else {}),
            'Healthcheck': ('as', []), 'UsedBy': ('as', self.used_by)})


class Volume:
    interface = 'org.lodge1.Volume'

    def __init__(self, name, owner):
        self.name, self.owner, self.used_by, self.path = name, owner, [], f'{ROOT}/volume/{label(name)}'

    def properties(self):
        return variants({'Name': ('s', self.name), 'Path': ('s', f'/volumes/{self.name}'), 'Owner': ('u', self.owner),
                         'CreatedTimestamp': ('t', 1715648523000000), 'Machine': ('s', ''), 'UsedBy': ('as', self.used_by)})


class Job:
    interface = 'org.lodge1.Job'

    def __init__(self, store, token, operation, thing, done):
        self.store, self.id, self.operation, self.thing, self.done = store, token, operation, thing, done
        self.path, self.step, self.waiters = f'{ROOT}/job/{token}', 0, []
        self.phase, self.state, self.result, self.message, self.error = 'waiting', 'running', '', '', ('', '')
        self.started = usec()

    def properties(self):
        layers = [(name, self.phase if self.state == 'running' else 'done', min(self.step, 4) * 250000 * (i + 1), 1000000 * (i + 1))
                  for i, name in enumerate(LAYERS)]
        done = sum(layer[2] for layer in layers)
        return variants({
            'ID': ('s', self.id), 'Operation': ('s', self.operation), 'Object': ('s', self.thing), 'Phase': ('s', self.phase),
            'State': ('s', self.state), 'Progress': ('d', done / 3000000), 'Bytes': ('t', done), 'BytesTotal': ('t', 3000000),
            'Rate': ('t', 1048576), 'ExpectedEnd': ('t', usec() + 90000000), 'StartedByUID': ('u', os.getuid()),
            'StartedTimestamp': ('t', self.started), 'Items': ('a(sstt)', layers), 'Result': ('s', self.result),
            'ResultMessage': ('s', self.message), 'Error': ('s', self.error[0]), 'ErrorMessage': ('s', self.error[1])})

    def changed(self):
        self.store.bus.emit_signal(None, self.path, 'org.freedesktop.DBus.Properties', 'PropertiesChanged',
                                   GLib.Variant('(sa{sv}as)', (self.interface, self.properties(), [])))

    def tick(self):
        if self.state != 'running':
            return False
        self.step += 1
        self.phase = ['waiting', 'connecting', 'downloading', 'unpacking', 'unpacking'][min(self.step, 4)]
        if self.step >= 5 and not self.thing.endswith('/slow'):
            self.end()
        else:
            self.changed()
        return self.state == 'running'

    def end(self, state='done'):
        failures = {'denied': ('NotAuthorized', 'the registry wants a password'), 'full': ('NoSpace', 'the disk is full'),
                    'broken': ('PullFailed', 'the certificate\x1b[2J is not valid')}
        word = self.thing.rsplit('/', 1)[-1].split(':')[0]
        self.state = state
        if state == 'done' and word in failures:
            self.state, self.error = 'failed', ('org.lodge1.Error.' + failures[word][0], failures[word][1])
        elif state == 'done':
            try:
                self.result = self.done() or ''
            except Failure as e:
                self.state, self.error = 'failed', (e.name, str(e))
            self.message = '2 device nodes were left out' if word == 'dropped' else ''
        self.changed()
        for answer in self.waiters:
            answer()


class Store:
    """What do_... of the manager's methods need; `daemon` has on_call() and infos."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.objects = {}
        self.images, self.volumes, self.jobs, self.copied = {}, {}, {}, {}

    def export(self, bus):
        self.bus = bus
        for name in ('busybox', 'debian'):
            self.add(self.images, Image(name, 'directory'))

    def add(self, kind, thing):
        kind[getattr(thing, 'id', None) or thing.name] = thing
        self.objects[thing.path] = thing
        thing.registration = self.bus.register_object(thing.path, self.daemon.infos[thing.interface], self.daemon.on_call,
                                                      self.daemon.on_get, None)

    def drop(self, kind, thing):
        del kind[thing.name]
        del self.objects[thing.path]
        self.bus.unregister_object(thing.registration)

    def image(self, name):
        if '/' in name and ':' not in name.rsplit('/', 1)[-1]:
            name += ':latest'
        if name not in self.images:
            raise Failure('NoSuchImage', f"there is no image '{name}'")
        return self.images[name]

    def volume(self, name):
        if name not in self.volumes:
            raise Failure('NoSuchVolume', f"there is no volume '{name}'")
        return self.volumes[name]

    def job(self, name):
        if name not in self.jobs:
            raise Failure('NoSuchJob', f"there is no job '{name}'")
        return self.jobs[name]

    def check_new(self, name, force=False):
        if name in self.images and not force:
            raise Failure('Exists', f"there is an image '{name}' already")

    def listed(self, kind, things, properties):
        rows = {name: {key: value for key, value in thing.properties().items() if not properties or key in properties}
                for name, thing in things.items()}
        return GLib.Variant(f'(a{{s{kind}}})', (rows,))

    def start_job(self, invocation, options, operation, thing, done):
        job = Job(self, options['Token'], operation, thing, done)
        self.add(self.jobs, job)
        GLib.timeout_add(60, job.tick)
        invocation.return_value(GLib.Variant('(o)', (job.path,)))

    def new_image(self, name, source):
        if name in self.images:
            self.drop(self.images, self.images[name])
        self.add(self.images, Image(name, 'oci', source))
        return name

    # --- the manager's methods --------------------------------------------------------------------------------------

    def do_ListImages(self, invocation, fds, raw, properties):
        invocation.return_value(self.listed('a{sv}', self.images, properties))

    def do_ListVolumes(self, invocation, fds, raw, properties):
        invocation.return_value(self.listed('a{sv}', self.volumes, properties))

    def do_ListJobs(self, invocation, fds, raw, properties):
        invocation.return_value(self.listed('a{sv}', self.jobs, properties))

    def do_GetImage(self, invocation, fds, raw, name):
        invocation.return_value(GLib.Variant('(o)', (self.image(name).path,)))

    def do_GetVolume(self, invocation, fds, raw, name):
        invocation.return_value(GLib.Variant('(o)', (self.volume(name).path,)))

    def do_GetJob(self, invocation, fds, raw, name):
        invocation.return_value(GLib.Variant('(o)', (self.job(name).path,)))

    def do_PullImage(self, invocation, fds, raw, reference, options):
        if '.' not in reference.split('/')[0]:
            raise Failure('InvalidName', f"'{reference}' names no registry; write docker.io/library/{reference}")
        for job in self.jobs.values():
            if job.thing == reference and job.state == 'running':
                return invocation.return_value(GLib.Variant('(o)', (job.path,)))
        if 'AuthFile' in options:
            options['AuthFile'] = os.pread(fds[options['AuthFile']], 4096, 0).decode()
        source = json.dumps({key: value for key, value in options.items() if key != 'Token'}, sort_keys=True)
        name = options.get('Name') or reference + ('' if ':' in reference.rsplit('/', 1)[-1] else ':latest')
        return self.start_job(invocation, options, 'pull', reference, lambda: self.new_image(name, source))

    def do_PushImage(self, invocation, fds, raw, name, reference, options):
        self.image(name)
        options.pop('AuthFile', None)
        self.start_job(invocation, options, 'push', reference, lambda: reference)

    def do_ImportImage(self, invocation, fds, raw, fd, name, options):
        self.check_new(name, options.get('Force'))
        where = os.readlink(f'/proc/self/fd/{fds[fd]}')
        content = os.read(fds[fd], 100).decode() if not os.path.isdir(where) else 'directory'
        source = f"{content} {options.get('Type', '')}"
        self.start_job(invocation, options, 'import', where, lambda: self.new_image(name or 'named-by-archive', source))

    def do_ExportImage(self, invocation, fds, raw, name, fd, options):
        self.image(name)
        output = os.dup(fds[fd])
        text = f"{options.get('Format', '')} {options.get('Compression', '')}\n"

        def write():
            os.write(output, text.encode())
            os.close(output)
        self.start_job(invocation, options, 'export', name, write)

    def do_CopyToMachine(self, invocation, fds, raw, machine, path, fd, options):
        self.daemon.find(machine)
        archive = os.dup(fds[fd])

        def read():
            with open(archive, 'rb') as file:
                content = file.read()
            if path == '/full':
                raise Failure('NoSpace', "'x' cannot be written: No space left on device")
            wanted = {key: value for key, value in options.items() if key != 'Token'}
            self.copied[machine, path] = (content, wanted)
            return ''
        self.start_job(invocation, options, 'copy-to', machine, read)

    def do_CopyFromMachine(self, invocation, fds, raw, machine, path, fd, options):
        self.daemon.find(machine)
        output = os.dup(fds[fd])

        def write():
            content, _options = self.copied.get((machine, path), (b'', {}))
            with open(output, 'wb') as file:
                file.write(content)
            if not content:
                raise Failure('Failed', f"'{path}' cannot be read: No such file or directory")
            return ''
        self.start_job(invocation, options, 'copy-from', machine, write)

    def do_CommitMachine(self, invocation, fds, raw, machine, name, options):
        self.daemon.find(machine)
        self.check_new(name, options.get('Force'))
        source = json.dumps({key: value for key, value in options.items() if key != 'Token'}, sort_keys=True)
        self.start_job(invocation, options, 'commit', machine, lambda: self.new_image(name, source))

    def do_CloneImage(self, invocation, fds, raw, name, new, options):
        self.image(name)
        self.check_new(new)
        self.start_job(invocation, options, 'clone', name, lambda: self.new_image(new, ''))

    def do_CloneMachine(self, invocation, fds, raw, name, new, options):
        machine = self.daemon.find(name)
        self.start_job(invocation, options, 'clone', name,
                       lambda: self.daemon.add_machine(new, machine.image, machine.settings) and new)

    def do_VerifyImage(self, invocation, fds, raw, name, options):
        self.image(name)
        self.start_job(invocation, options, 'verify', name, lambda: '')

    def do_RemoveImage(self, invocation, fds, raw, name, options):
        image = self.image(name)
        if image.read_only:
            raise Failure('NotSupported', f"image '{name}' is read-only")
        if any(m.image == name for m in self.daemon.machines.values()) and not options.get('Force'):
            raise Failure('Busy', f"image '{name}' is used by machines")
        self.drop(self.images, image)
        invocation.return_value(None)

    def do_RenameImage(self, invocation, fds, raw, name, new, options):
        image = self.image(name)
        self.check_new(new)
        self.drop(self.images, image)
        self.add(self.images, Image(new, image.kind, image.source))
        invocation.return_value(None)

    def do_TagImage(self, invocation, fds, raw, name, new, options):
        image = self.image(name)
        self.check_new(new, options.get('Force'))
        self.add(self.images, Image(new, image.kind, image.source))
        invocation.return_value(None)

    def do_SetImageReadOnly(self, invocation, fds, raw, name, on, options):
        self.image(name).read_only = on
        invocation.return_value(None)

    def do_GetImageManifest(self, invocation, fds, raw, name, options):
        if self.image(name).kind != 'oci':
            raise Failure('NotSupported', f"image '{name}' is not one of layers")
        invocation.return_value(GLib.Variant('(ayay)', (MANIFEST.encode(), CONFIG.encode())))

    def do_DiffMachine(self, invocation, fds, raw, name, options):
        self.daemon.find(name)
        invocation.return_value(GLib.Variant('(a(ss))', ([('A', '/new\x1b[2J'), ('C', '/etc'), ('D', '/old'), ('', '7 more changes are not listed')],)))

    def do_ResetMachine(self, invocation, fds, raw, name, options):
        machine = self.daemon.find(name)
        if machine.payload:
            raise Failure('Busy', f"machine '{name}' is {machine.state}")
        machine.status_text = 'reset'
        invocation.return_value(None)

    def do_CreateVolume(self, invocation, fds, raw, name, options):
        if name in self.volumes:
            raise Failure('Exists', f"there is a volume '{name}' already")
        self.add(self.volumes, Volume(name, options.get('Owner', os.getuid())))
        invocation.return_value(GLib.Variant('(o)', (self.volumes[name].path,)))

    def do_RemoveVolume(self, invocation, fds, raw, name, options):
        volume = self.volume(name)
        if name.startswith('used') and not options.get('Force'):
            raise Failure('Busy', f"volume '{name}' is used by machine 'web'")
        self.drop(self.volumes, volume)
        invocation.return_value(None)

    def do_PruneVolumes(self, invocation, fds, raw, options):
        names = sorted(self.volumes)
        for volume in list(self.volumes.values()):
            self.drop(self.volumes, volume)
        invocation.return_value(GLib.Variant('(as)', (names,)))

    def do_Prune(self, invocation, fds, raw, options):
        names = ['sha256:' + 'e' * 64, *(key for key in ('Images', 'Volumes') if options.get(key))]
        invocation.return_value(GLib.Variant('(ast)', (names, 5000000)))

    def do_GetUsage(self, invocation, fds, raw, options):
        things = [('layer', name, 1048576) for name in (*LAYERS, 'sha256:' + 'e' * 64)]
        things += [('volume', name, 2048) for name in sorted(self.volumes)] + [('machine', 'web', 512)]
        invocation.return_value(GLib.Variant('(a(sst))', (things,)))

    def do_CheckStore(self, invocation, fds, raw, options):
        findings = [('layer x', 'is torn', 'lodgectl prune')] + ([('layer y', 'has rotted', '')] if options.get('Deep') else [])
        invocation.return_value(GLib.Variant('(a(sss))', (findings,)))

    def do_CancelJob(self, invocation, fds, raw, name, options):
        job = self.job(name)
        if job.state == 'running':
            job.end('cancelled')
        invocation.return_value(None)

    def do_WaitJob(self, invocation, fds, raw, name, options):
        job = self.job(name)

        def answer():
            invocation.return_value(GLib.Variant('(ss)', (job.state, job.result)))
        if job.state == 'running':
            job.waiters.append(answer)
        else:
            answer()
