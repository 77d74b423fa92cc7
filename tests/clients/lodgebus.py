# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Python clients of the tests share: calls to lodged by GDBus, with the error's name as an exception, and threads
that make several calls at once. Shares no code with lodge."""
import subprocess
import threading
import time

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

SERVICE, ROOT = 'org.lodge1', '/org/lodge1'
MANAGER, MACHINE = 'org.lodge1.Manager', 'org.lodge1.Machine'
TIMEOUT_MS = 120000
IDLE = ['/bin/sh', '-c', 'trap "exit 0" TERM INT; sleep 100000 & wait']
SETTLED = ('stopped', 'failed', 'ready')

bus = Gio.bus_get_sync(Gio.BusType.SYSTEM, None)


class Failed(Exception):
    """A call that failed: name without org.lodge1.Error., and the sentence."""

    def __init__(self, error):
        name = Gio.DBusError.get_remote_error(error) or 'local'
        Gio.DBusError.strip_remote_error(error)
        super().__init__(f'{name}: {error.message}')
        self.name = name.removeprefix('org.lodge1.Error.')


def call(path, interface, method, signature='()', *args):
    try:
        return bus.call_sync(SERVICE, path, interface, method, GLib.Variant(signature, args), None, 0, TIMEOUT_MS, None).unpack()
    except GLib.Error as e:
        raise Failed(e) from None


def manager(method, signature, *args):
    return call(ROOT, MANAGER, method, signature, *args)


def create(name, image='busybox', command=None, **settings):
    values = {key: GLib.Variant('s', value) for key, value in settings.items()}
    if command:
        values['Command'] = GLib.Variant('as', command)
    return manager('CreateMachine', '(ssa{sv})', name, image, values)[0]


def simple(method, name, **options):
    kinds = {bool: 'b', str: 's', int: 't'}
    values = {key: GLib.Variant(kinds[type(value)], value) for key, value in options.items()}
    return manager(f'{method}Machine', '(sa{sv})', name, values)


def start(name):
    simple('Start', name)


def stop(name, **options):
    simple('Stop', name, **options)


def remove(name, force=False):
    simple('Remove', name, **({'Force': True} if force else {}))


def wait_ready(name):
    return manager('WaitMachine', '(ssa{sv})', name, 'ready', {'TimeoutSec': GLib.Variant('s', '100s')})


def run(name, *argv):
    status, out, _ = manager('RunMachine', '(sasa{sv})', name, argv, {})
    return status, bytes(out).decode()


def path_of(name):
    return manager('GetMachine', '(s)', name)[0]


def get(name, prop):
    return call(path_of(name), 'org.freedesktop.DBus.Properties', 'Get', '(ss)', MACHINE, prop)[0]


def objects():
    return call(ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')[0]


class Answer(str):
    """The name of an error, which shows the whole sentence where it is printed."""

    def __new__(cls, error):
        answer = super().__new__(cls, error.name)
        answer.sentence = str(error)
        return answer

    def __repr__(self):
        return self.sentence


def outcome(function, *args, **kwargs):
    """'ok', or the name of the error; anything but an error of lodge's own is one of the test."""
    try:
        function(*args, **kwargs)
    except Failed as e:
        if '.' in e.name or e.name == 'local':
            raise
        return Answer(e)
    return 'ok'


def command(*argv):
    """'ok', or 'exit N'; by a program."""
    status = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_MS / 1000, check=False).returncode
    return 'ok' if status == 0 else f'exit {status}'


def settle(name, states=SETTLED, seconds=15):
    """The state once it is one of these; a machine that is gone is 'gone'."""
    end = time.monotonic() + seconds
    while True:
        try:
            state = get(name, 'State')
        except Failed as e:
            if e.name not in ('NoSuchMachine', 'org.freedesktop.DBus.Error.UnknownObject'):
                raise
            state = 'gone'
        if state in states or state == 'gone':
            return state
        if time.monotonic() > end:
            raise AssertionError(f'{name} is still {state} after {seconds} s')
        time.sleep(0.02)


class Task(threading.Thread):
    """A call in a thread of its own; result() gives what it returned or raises what it raised."""

    def __init__(self, function, *args, **kwargs):
        super().__init__(daemon=True)
        self.work, self.value, self.error = (function, args, kwargs), None, None
        self.start()

    def run(self):
        function, args, kwargs = self.work
        try:
            self.value = function(*args, **kwargs)
        except BaseException as e:  # noqa: B902: handed to who asks for the result
            self.error = e

    def result(self, seconds=TIMEOUT_MS / 1000):
        self.join(seconds)
        if self.is_alive():
            raise AssertionError(f'{self.work[0].__name__}{self.work[1]} has not returned after {seconds} s')
        if self.error:
            raise self.error
        return self.value


def together(*calls, seconds=TIMEOUT_MS / 1000):
    """[function, arg...] each, at once: the list of what they returned."""
    return [task.result(seconds) for task in [Task(*c) for c in calls]]
