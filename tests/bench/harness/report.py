"""The report: a table for each load, in Markdown, and what is asked of it all."""

import math
import pathlib

from results import YARDSTICKS


def number(value):
    """Three digits that count, and no more zeros than it takes."""
    if value is None:
        return ''
    if math.isinf(value):
        return '∞'
    if value == 0:
        return '0'
    digits = 2 - math.floor(math.log10(abs(value)))
    text = f'{round(value, digits):,.{max(0, digits)}f}'
    return text.rstrip('0').rstrip('.') if '.' in text and float(value).is_integer() else text


def readable(figure):
    """Its name, with the unit as people write it."""
    return figure.replace(', us', ', µs')


def spread(least, most):
    return f'{number(least)}..{number(most)}'


def cell(series, is_best):
    if series is None:
        return ''
    text = number(series.median)
    if is_best:
        text = f'**{text}**'
    return text if series.least == series.most else f'{text} ({spread(series.least, series.most)})'


def table(head, rows):
    """The first column is text, the others are numbers."""
    lines = [head, ['---', *['---:'] * (len(head) - 1)], *rows]
    return '\n'.join('| ' + ' | '.join(str(word).replace('|', '\\|') for word in line) + ' |' for line in lines)


def load_table(results, load):
    figures, names = results.figures(load), results.of_load(load)
    best = {figure: results.best(load, figure, [name for name in names if name not in YARDSTICKS]) for figure in figures}
    rows = []
    for name in names:
        missing = results.why_missing(load, name)
        if name not in results.values.get(load, {}):
            rows.append([f'{name}: missing: {missing}', *[''] * len(figures)])
            continue
        rows.append([name, *(cell(results.series(load, name, figure), best[figure] == name) for figure in figures)])
    return table(['', *map(readable, figures)], rows)


def limit(verdict, name):
    value = verdict[name]
    return '' if value is None else f'{"≥" if verdict["at_least"] else "≤"} {number(value)}'


def verdict_table(verdicts):
    rows = []
    for verdict in verdicts:
        against = f' ({verdict["against"]})' if verdict['against'] and verdict['against'] != verdict['to'] else ''
        rows.append([
            verdict['name'] + against,
            number(verdict['value']),
            spread(*verdict['spread']) if verdict['spread'] else '',
            spread(*verdict['control']) if verdict['control'] else '',
            limit(verdict, 'must'), limit(verdict, 'aim'), verdict['met'],
        ])
    return table(['', 'value', 'spread', 'the floor over itself', 'must', 'aim', 'met'], rows)


def contender_table(results):
    rows = [[name, of['missing'] and f'missing: {of["missing"]}' or of['version'], of['settings']]
            for name, of in results.contenders.items()]
    return table(['', 'version', 'settings'], rows).replace('---:', '---')


def markdown(results, verdicts, plots=()):
    parts = ['# What was measured']
    parts.append('\n'.join(f'- {name}: {value}' for name, value in results.machine.items()))
    parts.append('Medians of the rounds, with the least and the most of them (in pictures: the thin lines); the best in bold, '
                 'the floor aside.')
    if verdicts:
        parts += ['## What is asked of it', verdict_table([verdict.judge(results) for verdict in verdicts])]
    parts += [f'![{title}]({path})' for title, path in plots]
    for load, sentence in results.loads.items():
        if results.values.get(load) or results.absent.get(load):
            parts += [f'## {load}', sentence, load_table(results, load)]
    parts += ['## Who was measured', contender_table(results)]
    return '\n\n'.join(part for part in parts if part) + '\n'


def write(results, verdicts, folder, plots=()):
    """report.md and results.json, with everything."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'report.md').write_text(markdown(results, verdicts, plots))
    results.write(folder / 'results.json', verdicts)
