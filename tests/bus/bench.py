# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with fake-lodged on it, and a GDBus client that never blocks its own loop, so that it can play polkit too."""
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

SERVICE, ROOT = 'org.lodge1', '/org/lodge1'
MANAGER, MACHINE, PROCESS = 'org.lodge1.Manager', 'org.lodge1.Machine', 'org.lodge1.Process'
IMAGE, VOLUME, JOB, NETWORK = (f'org.lodge1.{kind}' for kind in ('Image', 'Volume', 'Job', 'Network'))
ADDRESS, FILES, XML = (os.environ.get(f'LODGE_TEST_{name}', '') for name in ('ADDRESS', 'FILES', 'XML'))
NOBODY = 65534
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


class OldShim(threading.Thread):
    """A shim that an earlier lodged has started: machine "adopted" runs, and so do programs in it."""
    TAGS = {'pid': 18, 'run_state': 7, 'leader': 8, 'uid_base': 9, 'started': 10, 'ready': 11, 'boot_count': 12,
            'id': 17, 'arg': 19, 'user': 21, 'status': 28, 'signal': 16, 'owner': 32, 'needs_root': 33}
    QUERY, STATE, EXEC_EXITED, EXEC_KILL, DONE = 4, 5, 12, 13, 17

    def __init__(self, root):
        super().__init__(daemon=True)
        directory = f'{root}/run/lodge/unit/adopted'
        os.makedirs(directory)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(f'{directory}/control')
        self.socket.listen()

    @classmethod
    def frame(cls, kind, serial, *fields):
        data = b''
        for tag, value in fields:
            text = isinstance(value, bytes)
            value = value + b'\0' if text else struct.pack('=Q', value)
            data += struct.pack('=HHI', cls.TAGS[tag], 2 if text else 1, len(value)) + value + bytes(-len(value) % 8)
        return struct.pack('=IHHIIQ', 0x4c444731, 1, kind, 24 + len(data), 0, serial) + data

    def run(self):
        peer = self.socket.accept()[0]
        while request := peer.recv(16384):
            kind, serial = struct.unpack_from('=H8xQ', request, 6)
            if kind == self.QUERY:
                peer.send(self.frame(self.STATE, serial, *self.state()))
            elif kind == self.EXEC_KILL:
                peer.send(self.frame(self.DONE, serial))
                peer.send(self.frame(self.EXEC_EXITED, 0, ('id', 7), ('status', 143), ('signal', 15)))

    @staticmethod
    def state():
        now = time.time_ns() // 1000
        yield from (('run_state', 3), ('leader', 4242), ('pid', 4241), ('uid_base', 1 << 20), ('started', now), ('ready', now),
                    ('boot_count', 1))
        yield from (('id', 7), ('pid', 70), ('owner', 65534), ('needs_root', 0), ('user', b'someone'), ('arg', b'sleep'),
                    ('arg', b''))
        yield from (('id', 8), ('pid', 80), ('owner', 0), ('needs_root', 1), ('arg', b'true'), ('status', 9), ('signal', 0))
        # what no lodged has asked for: no number, one twice, bytes that are no text
        yield from (('id', 0), ('arg', b'zero'), ('id', 7), ('arg', b'again'), ('id', 9), ('arg', b'\xff\xfe'))


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
            f.write('[Machine]\nImage=tree\n[Exec]\nStopSignal=TURM\n')
        os.makedirs(f'{root}/usr/lib/lodge/profiles')
        with open(f'{root}/usr/lib/lodge/profiles/shared.profile', 'w', encoding='utf8') as f:
            f.write('[Files]\nBind=/srv:/srv\n[Network]\nNetwork=default\nPublish=80:80\n')
        with open(f'{top}/bus.conf', 'w', encoding='utf8') as f:
            f.write(BUS_CONFIG.format(top))
        started.append(subprocess.Popen(['dbus-daemon', f'--config-file={top}/bus.conf', '--nofork']))
        address = f'unix:path={top}/bus'
        wait_for(lambda: os.path.exists(f'{top}/bus'))
        os.chmod(f'{top}/bus', 0o666)
        OldShim(root).start()
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


def run_tests():
    """main() of a test: FAKE_LODGED XML_DIRECTORY [TEST...]; as an ordinary user too, where it is root."""
    if ADDRESS:
        unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=1)
    fake_lodged, xml = sys.argv[1:3]
    with bench(fake_lodged) as (address, files):
        environment = {**os.environ, 'LODGE_TEST_ADDRESS': address, 'LODGE_TEST_FILES': files, 'LODGE_TEST_XML': xml}
        status = subprocess.run(sys.argv, env=environment, check=False).returncode
        if os.getuid() == 0 and not sys.argv[3:]:
            stranger = subprocess.run([*sys.argv, 'Stranger'], env=environment, check=False, user=NOBODY, group=NOBODY,
                                      extra_groups=[]).returncode
            status = status or stranger
    sys.exit(status)
