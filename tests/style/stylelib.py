# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the style checks share: finding files, C text without comments, missing tools, the verdict."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIP = 77


def need(*tools):
    """End the test if a tool is missing: failed where CI=1, else skipped."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if not missing:
        return
    rows = {row[0]: row[1:] for row in map(str.split, read(pathlib.Path(__file__).with_name('packages')).splitlines())}
    here = [tool for tool in missing if suite() in rows[tool][1:] or not rows[tool][1:]]
    packages = ' '.join(sorted({rows[tool][0] for tool in missing}))
    print(f'{", ".join(missing)} not found; ' + (f'install with: apt-get install {packages}' if here == missing else
                                                 f'this Debian has no {packages}'))
    sys.exit(1 if os.environ.get('CI') == '1' and here == missing else SKIP)


def suite():
    """Code name of this Debian."""
    match = re.search(r'^VERSION_CODENAME=(\w+)', read(pathlib.Path('/etc/os-release')), re.MULTILINE)
    return match.group(1) if match else ''


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


def ctags(root, paths, kind):
    """(file, name, fields) of each C function (kind f) or prototype (kind p); fields: line and, of a function, end."""
    if not paths:
        return []
    _, output = run(['ctags', '--languages=C', '--language-force=C', f'--kinds-C={kind}', '--fields=+ne', '-u',
                     '-I', '_printf_+,_noreturn_', '-f', '-', *paths], cwd=root)
    rows = [line.split('\t') for line in output.splitlines() if '\tline:' in line]
    return [(row[1], row[0], dict(field.split(':', 1) for field in row[3:] if ':' in field)) for row in rows]


def prototypes(root, headers):
    """(header, line, name) of each function declared in a header, by ctags."""
    return [(path, int(fields['line']), name) for path, name, fields in ctags(root, headers, 'p')]


def documented(lines, number, name):
    """Is there `/** name() - ...` right above line @number (from 1)? A return type may stand on a line of its own."""
    above = number - 2
    while above >= 0 and re.match(r'[\w \t*]+$', lines[above]):
        above -= 1
    if above < 0 or not lines[above].rstrip().endswith('*/'):
        return False
    while above >= 0 and '/*' not in lines[above]:
        above -= 1
    return re.match(rf'\s*/\*\* {re.escape(name)}\(\) - \S', lines[above]) is not None


def mutable_externs(text):
    """(line, text) of each extern variable that is not const, in C without comments."""
    return [(text.count('\n', 0, match.start()) + 1, match.group())
            for match in re.finditer(r'^extern\b(?![^;]*\bconst\b)[^(;]*;', text, re.MULTILINE)]
