# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on a pseudo terminal, as a person has it: for tests of what needs one."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


class Terminal:
    def __init__(self, argv, rows=24, columns=80, env=None):
        self.output = ''
        self.at = 0  # what until() has consumed
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(env or {})
            os.execvp(argv[0], argv)
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def send(self, text):
        os.write(self.fd, text.encode())

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has the other side any more
            data = b''
        self.output += data.decode(errors='replace')
        return bool(data)

    def until(self, regex, seconds=10):
        """Reads until the output since the last match has this; returns the match."""
        end, is_open = time.monotonic() + seconds, True
        while True:
            found = re.search(regex, self.output[self.at:], re.MULTILINE)
            if found:
                self.at += found.end()
                return found
            if not is_open or time.monotonic() > end:
                self.fail(f'waited for {regex!r}{"" if is_open else ", the terminal was closed"}')
            is_open = self._read(0.1)

    def ask(self, command, regex, seconds=10):
        """Types a command to a shell that prompts; returns what the answer, a line by itself, has for the regex's group."""
        self.send(f'{command}\n')
        found = self.until(rf'(?:^|\r|[#$] ){regex}\r?\n', seconds).group(1)
        self.until('[#$] ', seconds)
        return found

    def wait(self, seconds=10):
        """Reads to the end; returns the exit status, negative for a signal."""
        end = time.monotonic() + seconds
        while self._read(0.1):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                self.fail(f'still there after {seconds} s')
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def fail(self, text):
        sys.exit(f'FAIL: {text}; the whole output was:\n{self.output}')


def equal(what, wanted, found):
    if wanted != found:
        sys.exit(f'FAIL: {what}: wanted {wanted!r}, found {found!r}')
