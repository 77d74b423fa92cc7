# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the style checks share: finding files, C text without comments, missing tools, the verdict."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIP = 77
PACKAGES = {  # tool: Debian package; the list to install for CI is `tests/style/packages`
    'clang-format-14': 'clang-format-14', 'run-clang-tidy': 'clang-tidy', 'clang-tidy': 'clang-tidy',
    'shellcheck': 'shellcheck', 'codespell': 'codespell', 'xmllint': 'libxml2-utils', 'mandoc': 'mandoc',
    'ctags': 'universal-ctags', 'pmccabe': 'pmccabe', 'cloc': 'cloc', 'readelf': 'binutils', 'bash': 'bash',
    'systemd-analyze': 'systemd',
}


def need(*tools):
    """End the test if a tool is missing: failed where CI=1, else skipped."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if not missing:
        return
    packages = ' '.join(sorted({PACKAGES[tool] for tool in missing}))
    print(f'{", ".join(missing)} not found; install with: apt-get install {packages}')
    sys.exit(1 if os.environ.get('CI') == '1' else SKIP)


def skip(reason):
    print(f'skipped: {reason}')
    sys.exit(SKIP)


def verdict(errors, checked):
    """Print what is wrong and end the test. Nothing checked is wrong too: the check looks in the wrong place."""
    for error in errors:
        print(error)
    if not checked:
        print('error: found nothing to check')
        sys.exit(1)
    print(f'{len(errors)} error{"" if len(errors) == 1 else "s"}, {checked} checked')
    sys.exit(1 if errors else 0)


def files(root, *patterns):
    """Files of the tree by glob pattern, relative to @root, sorted; editor backups and bytecode left out."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(path.relative_to(root) for path in found
                  if '__pycache__' not in path.parts and not path.name.endswith(('~', '.orig', '.rej')))


def read(path):
    return path.read_text(encoding='utf-8', errors='surrogateescape')


def root_argument():
    return pathlib.Path(sys.argv[1]).resolve()


_TOKEN = re.compile(r'''/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*\'''', re.DOTALL)


def without_comments(text):
    """C text with each comment blanked out, lines and literals kept."""
    def blank(match):
        token = match.group()
        return re.sub(r'[^\n]', ' ', token) if token.startswith('/') else token
    return _TOKEN.sub(blank, text)


def shebang(path):
    try:
        with path.open('rb') as file:
            first = file.readline(128)
    except OSError:
        return ''
    return first.decode('ascii', 'replace').strip() if first.startswith(b'#!') else ''


def run(command, **options):
    """Run a tool; its return code and all it printed."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding='utf-8', errors='replace', check=False, **options)
    return done.returncode, done.stdout
