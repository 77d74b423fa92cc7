# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with fake-lodged on it, and a GDBus client that never blocks its own loop, so that it can play polkit too."""
import contextlib
import os
import shutil
import subprocess
import tempfile
import time

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

SERVICE, ROOT = 'org.lodge1', '/org/lodge1'
MANAGER, MACHINE, PROCESS = 'org.lodge1.Manager', 'org.lodge1.Machine', 'org.lodge1.Process'
PROPERTIES = 'org.freedesktop.DBus.Properties'
POLKIT_XML = """<node><interface name="org.freedesktop.PolicyKit1.Authority"><method name="CheckAuthorization">
<arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/><arg type="u" direction="in"/>
<arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/></method></interface></node>"""
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={0}/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/></policy></busconfig>"""


class BusError(Exception):
    def __init__(self, error):
        self.name = (Gio.DBusError.get_remote_error(error) or '').removeprefix('org.lodge1.Error.')
        Gio.DBusError.strip_remote_error(error)
        self.message = error.message
        super().__init__(f'{self.name}: {self.message}')


def spin(condition, seconds=10):
    """Run the loop until condition() is true; its value."""
    context, deadline = GLib.MainContext.default(), time.monotonic() + seconds
    wake = GLib.timeout_add(20, lambda: True)  # or iteration() would sleep past the deadline
    try:
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError('what was waited for did not happen')
            context.iteration(True)
        return value
    finally:
        GLib.source_remove(wake)


class Pending:
    """A call that has been sent."""

    def __init__(self):
        self.value = self.error = None
        self.is_done = False

    def finish(self, connection, result):
        try:
            reply, self.fds = connection.call_with_unix_fd_list_finish(result)
            self.value = reply.unpack()
        except GLib.Error as e:
            self.error = BusError(e)
        self.is_done = True

    def result(self, seconds=10):
        spin(lambda: self.is_done, seconds)
        if self.error:
            raise self.error
        return self.value[0] if len(self.value) == 1 else self.value


class Client:
    def __init__(self, address):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.connection.set_exit_on_close(False)
        self.signals = []
        self.connection.signal_subscribe(SERVICE, None, None, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)

    def on_signal(self, _connection, _sender, path, _interface, signal, parameters):
        self.signals.append((path, signal, parameters.unpack()))

    def send(self, path, interface, method, signature, *args, fds=None, interactive=False, service=SERVICE):
        return self.send_variant(path, interface, method, GLib.Variant(signature, args), fds, interactive, service)

    def send_variant(self, path, interface, method, parameters, fds=None, interactive=False, service=SERVICE):
        pending = Pending()
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        self.connection.call_with_unix_fd_list(service, path, interface, method, parameters, None, flags,
                                               30000, fds, None, pending.finish)
        return pending

    def call(self, *args, **kwargs):
        return self.send(*args, **kwargs).result()

    def manager(self, method, signature, *args, **kwargs):
        return self.call(ROOT, MANAGER, method, signature, *args, **kwargs)

    def host(self, method, signature='()', *args):
        return self.call('/test', 'org.lodge1.Test', method, signature, *args)

    def get(self, path, interface, name):
        return self.call(path, PROPERTIES, 'Get', '(ss)', interface, name)

    def close(self):
        self.connection.close_sync(None)


class Polkit:
    """org.freedesktop.PolicyKit1: `answer` is (authorized, challenge), a function of (action, details), or None for an error."""

    def __init__(self, client):
        self.asked, self.answer, self.held = [], (True, False), []
        node = Gio.DBusNodeInfo.new_for_xml(POLKIT_XML)
        client.connection.register_object('/org/freedesktop/PolicyKit1/Authority', node.interfaces[0], self.on_call, None, None)
        client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName', '(su)', 'org.freedesktop.PolicyKit1', 0,
                    service='org.freedesktop.DBus')

    def on_call(self, _connection, _sender, _path, _interface, _method, parameters, invocation):
        subject, action, details, flags, _cancel = parameters.unpack()
        self.asked.append((action.removeprefix('org.lodge1.'), details, flags, subject))
        if self.answer == 'hold':
            self.held.append(invocation)
        else:
            self.give(invocation, self.answer(action, details) if callable(self.answer) else self.answer)

    def give(self, invocation, answer):
        if answer is None:
            invocation.return_dbus_error('org.freedesktop.PolicyKit1.Error.Failed', 'broken')
        else:
            invocation.return_value(GLib.Variant('((bba{ss}))', ((*answer, {}),)))


@contextlib.contextmanager
def bench(fake_lodged):
    """Yields (address of the bus, directory of all files)."""
    top = tempfile.mkdtemp(prefix='lodge-bus-')
    os.chmod(top, 0o755)
    started = []
    try:
        root = f'{top}/root'
        for directory in ('etc/lodge/machines', 'run/lodge/machines', 'run/lodge/exit', 'var/lib/lodge/images/tree/bin'):
            os.makedirs(f'{root}/{directory}')
        with open(f'{root}/etc/lodge/machines/broken.machine', 'w', encoding='utf8') as f:
            f.write('[Machine]\nImage=tree\n[Exec]\nStopSignl=TERM\n')
        with open(f'{top}/bus.conf', 'w', encoding='utf8') as f:
            f.write(BUS_CONFIG.format(top))
        started.append(subprocess.Popen(['dbus-daemon', f'--config-file={top}/bus.conf', '--nofork']))
        address = f'unix:path={top}/bus'
        wait_for(lambda: os.path.exists(f'{top}/bus'))
        os.chmod(f'{top}/bus', 0o666)
        started.append(subprocess.Popen([fake_lodged, root], env={**os.environ, 'DBUS_SYSTEM_BUS_ADDRESS': address}))
        yield address, root
        started[1].terminate()
        if status := started[1].wait(10):
            raise SystemExit(f'fake-lodged ended with {status}')
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        shutil.rmtree(top)


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError('what was waited for did not happen')
        time.sleep(0.01)
