#!/usr/bin/env python3
"""metrics_check.py < METRICS - hold a text against Prometheus' exposition format 0.0.4 and its naming rules.

Standard library only. Prints what does not hold, a line each; the exit status is 1 then. With a file named, the
counters of that earlier text must not be greater than now.
"""
import re
import sys

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
UNITS = ('_seconds', '_bytes', '_info', '_entries', '_requests', '_certificates')
# Counts of things, named after them, and two that are yes or no.
PLAIN = {'quatrain_issuing', 'quatrain_revoking', 'quatrain_checkpoints', 'quatrain_tenants', 'quatrain_tenants_without_room', 'quatrain_edges',
         'quatrain_event_streams'}
bad = []


def say(n, what):
    bad.append('line %d: %s' % (n, what))


def labels(n, text):
    found, at = {}, 0
    while at < len(text):
        m = LABEL.match(text, at)
        if not m:
            say(n, 'labels: %s' % text)
            break
        if m.group(1) in found:
            say(n, 'label %s twice' % m.group(1))
        found[m.group(1)] = m.group(2)
        at = m.end()
    return found


def named(n, name, kind):
    if kind == 'counter' and not name.endswith('_total'):
        say(n, '%s: a counter ends in _total' % name)
    if kind == 'gauge' and not name.endswith(UNITS) and name not in PLAIN:
        say(n, '%s: a gauge without a unit' % name)
    if kind == 'histogram' and not name.endswith('_seconds'):
        say(n, '%s: a histogram without a unit' % name)
    if not name.startswith('quatrain_') or name != name.lower():
        say(n, '%s: not one of ours' % name)


def family(name, kinds):
    for suffix in ('_bucket', '_sum', '_count'):
        base = name[:-len(suffix)]
        if name.endswith(suffix) and kinds.get(base) == 'histogram':
            return base
    return name


def histogram(name, rows):
    for key, row in rows.items():
        counts = [(float(le), v) for le, v in row['le']]
        if counts != sorted(counts) or [v for _, v in counts] != sorted(v for _, v in counts):
            bad.append('%s%s: buckets do not rise' % (name, key))
        if not counts or counts[-1][0] != float('inf') or counts[-1][1] != row.get('count'):
            bad.append('%s%s: the last bucket is not the count' % (name, key))
        if 'sum' not in row:
            bad.append('%s%s: no sum' % (name, key))


def read(text):
    helps, kinds, done, samples, rows, current = {}, {}, set(), {}, {}, None
    if not text.endswith('\n'):
        bad.append('the text does not end in a line end')
    for n, line in enumerate(text.split('\n')[:-1], 1):
        if line.startswith('# HELP '):
            name, _, words = line[7:].partition(' ')
            if name in helps or not words:
                say(n, 'HELP of %s a second time, or without words' % name)
            helps[name] = words
        elif line.startswith('# TYPE '):
            name, _, kind = line[7:].partition(' ')
            if name in kinds or name not in helps or kind not in ('counter', 'gauge', 'histogram'):
                say(n, 'TYPE of %s: %s' % (name, kind))
            kinds[name] = kind
            named(n, name, kind)
            if current:
                done.add(current)
            current = name
        else:
            m = SAMPLE.match(line)
            if not m:
                say(n, 'no sample: %s' % line)
                continue
            name, label, value = m.group(1), labels(n, m.group(2) or ''), float(m.group(3))
            base = family(name, kinds)
            if base != current or base in done:
                say(n, '%s outside of its family' % name)
            key = (name, tuple(sorted(label.items())))
            if key in samples:
                say(n, '%s twice' % line)
            samples[key] = value
            if value < 0 or value != value:
                say(n, 'value %s' % value)
            if kinds.get(base) == 'histogram':
                le = label.pop('le', None)
                row = rows.setdefault(base, {}).setdefault(tuple(sorted(label.items())), {'le': []})
                if name.endswith('_bucket'):
                    row['le'].append((le, value))
                else:
                    row[name.rsplit('_', 1)[1]] = value
    for name in helps:
        if name not in kinds:
            bad.append('%s: no TYPE' % name)
    for name in rows:
        histogram(name, rows[name])
    return kinds, samples


kinds, now = read(sys.stdin.read())
if len(sys.argv) > 1:
    with open(sys.argv[1], encoding='utf-8') as f:
        before = read(f.read())[1]
    for (name, label), value in before.items():
        if name.endswith(('_total', '_count', '_sum', '_bucket')) and now.get((name, label), -1) < value:
            bad.append('%s%s went back' % (name, label))
print('\n'.join(bad), end='\n' if bad else '')
sys.exit(1 if bad else 0)
