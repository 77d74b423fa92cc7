# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samples, their table, and the targets."""
import os
import statistics


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, round(part * (len(values) - 1)))]


class Row:
    def __init__(self, name, what):
        self.name, self.what, self.samples, self.failures = name, what, [], []

    @property
    def median(self):
        return statistics.median(self.samples) if self.samples else None


class Table:
    def __init__(self, title, base, unit='ms'):
        self.title, self.base, self.unit, self.rows = title, base, unit, {}
        self.loads, self.targets = [], []

    def row(self, name, what):
        return self.rows.setdefault(name, Row(name, what))

    def add(self, name, sample):
        self.rows[name].samples.append(sample)

    def fail(self, name, reason):
        self.rows[name].failures.append(str(reason))

    def note_load(self):
        self.loads.append(os.getloadavg()[0])

    def median(self, name):
        return self.rows[name].median if name in self.rows else None

    def at_most(self, name, limit, what):
        """A target in the table's unit"""
        self._target(what, self.median(name), limit, self.unit)

    def at_least(self, name, limit, what):
        self._target(what, self.median(name), limit, self.unit, least=True)

    def ratio_at_most(self, name, base, limit, what):
        mine, its = self.median(name), self.median(base)
        self._target(what, mine / its if mine is not None and its else None, limit, 'x')

    def ratio_at_least(self, name, base, limit, what):
        mine, its = self.median(name), self.median(base)
        self._target(what, mine / its if mine is not None and its else None, limit, 'x', least=True)

    def difference_at_most(self, name, base, limit, what):
        mine, its = self.median(name), self.median(base)
        self._target(what, None if mine is None or its is None else mine - its, limit, self.unit)

    def _target(self, what, found, limit, unit, least=False):
        met = None if found is None else found >= limit if least else found <= limit
        self.targets.append({'what': what, 'found': found, 'limit': limit, 'unit': unit, 'least': least, 'met': met})

    def show(self):
        loads = [f'{value:.1f}' for value in (min(self.loads), max(self.loads))] if self.loads else ['?', '?']
        print(f'\n## {self.title}   [{self.unit}; load {loads[0]}..{loads[1]} on {os.cpu_count()} CPUs]')
        base = self.median(self.base)
        width = max(len(name) for name in self.rows)
        print(f'{"":{width}} {"n":>4} {"median":>9} {"min":>9} {"p95":>9} {"max":>9} {"x base":>7} {"fail":>4}')
        for row in self.rows.values():
            if row.samples:
                figures = [row.median, min(row.samples), percentile(row.samples, 0.95), max(row.samples)]
                ratio = f'{row.median / base:7.2f}' if base else '      -'
                text = ' '.join(f'{value:9.2f}' for value in figures) + ' ' + ratio
            else:
                text = ' '.join(['        -'] * 4 + ['      -'])
            print(f'{row.name:{width}} {len(row.samples):4} {text} {len(row.failures):4}  {row.what}')
        for row in self.rows.values():
            for reason in dict.fromkeys(row.failures):
                print(f'  {row.name} failed {row.failures.count(reason)} times: {reason}')
        for target in self.targets:
            state = {None: 'NOT MEASURED', True: 'met', False: 'MISSED'}[target['met']]
            found = '-' if target['found'] is None else f'{target["found"]:.2f}'
            word = 'at least' if target['least'] else 'at most'
            print(f'  {state:12} {target["what"]}: {found} {target["unit"]}, {word} {target["limit"]} wanted')
        print(flush=True)

    def data(self):
        return {'title': self.title, 'unit': self.unit, 'base': self.base, 'load': self.loads, 'targets': self.targets,
                'rows': [vars(row) | {'median': row.median} for row in self.rows.values()]}
