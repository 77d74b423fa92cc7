# SPDX-License-Identifier: LGPL-2.1-or-later
"""Definitions of machines, for fake-lodged: text that is kept as it is, but for what lodged adds."""
from gi.repository import GLib

from fakestore import Failure

ETC = '/etc/lodge/machines'


class Definitions:
    def __init__(self, daemon):
        self.daemon, self.texts, self.calls = daemon, {}, []

    def text(self, name):
        self.daemon.find(name)
        return self.texts.setdefault(name, f'[Machine]\nImage={self.daemon.find(name).image}\nOwner=0\n')

    def do_GetDefinitionMachine(self, invocation, fds, raw, name, options):
        text = self.text(name)
        files = [('/usr/lib/lodge/profiles/app.profile', '[Exec]\nBoot=no\n'), (f'{ETC}/{name}.machine', text)]
        invocation.return_value(GLib.Variant('(sa(ss))', (text, files)))

    def do_GetEffectiveMachine(self, invocation, fds, raw, name, options):
        self.text(name)
        rows = [('Image', [self.daemon.find(name).image], 'Machine', f'{ETC}/{name}.machine:2'),
                ('Environment', ['A=1', 'B=two words'], 'Exec', 'profile app: /usr/lib/lodge/profiles/app.profile:4'),
                ('StopTimeoutSec', ['1min 30s'], 'Exec', 'default')]
        invocation.return_value(GLib.Variant('(a(sasss))', (rows,)))

    def do_SetDefinition(self, invocation, fds, raw, name, text, options):
        exists = name in self.daemon.machines
        if exists and not options.get('Replace'):
            raise Failure('Exists', f"there is a machine '{name}' already")
        if 'Image=missing' in text:
            raise Failure('NoSuchImage', "there is no image 'missing'")
        if not options.get('DryRun'):
            if not exists:
                self.daemon.add_machine(name, 'debian', {})
            self.texts[name] = text if 'Owner=' in text else text.replace('[Machine]\n', '[Machine]\nOwner=0\nCreated=1\n', 1)
        waiting = ['Environment'] if exists and 'Environment=' in text else []
        invocation.return_value(GLib.Variant('(oas)', ('/org/lodge1/machine/' + name, waiting)))

    def do_RenameMachine(self, invocation, fds, raw, name, new, options):
        machine = self.daemon.find(name)
        if new in self.daemon.machines:
            raise Failure('Exists', f"there is a machine '{new}' already")
        if machine.payload:
            raise Failure('Busy', f"machine '{name}' is {machine.state}: stop it first")
        self.daemon.forget(machine)
        self.daemon.add_machine(new, machine.image, machine.settings)
        notes = [f"machine 'b' has lodge@{name}.service in After="] if 'b' in self.daemon.machines else []
        invocation.return_value(GLib.Variant('(oas)', ('/org/lodge1/machine/' + new, notes)))

    def do_SetPropertiesMachine(self, invocation, fds, raw, name, settings, options):
        machine = self.daemon.find(name)
        if settings.get('StopTimeoutSec') == 'soon':
            raise Failure('InvalidOption', "StopTimeoutSec='soon' is not valid")
        machine.status_text = f'set {settings} {options}'
        invocation.return_value(GLib.Variant('(as)', (['Environment'] if 'Environment' in settings else [],)))
