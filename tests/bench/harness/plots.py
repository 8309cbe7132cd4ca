"""
Pictures of the report, as SVG and PNG: plots.py RESULTS.json FOLDER. Needs Debian's python3-matplotlib.

Bars say medians, and thin lines over them the least and the most of the rounds.
"""

import pathlib
import sys

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as pyplot  # noqa: E402: the line above comes first
import matplotlib.ticker as ticker  # noqa: E402

from report import number, readable  # noqa: E402
from results import FLOOR, SUBJECT, YARDSTICKS, Results, better  # noqa: E402

ACCENT, GREY, PALE, INK, SOFT = '#0b6e99', '#a8adb3', '#d9dcdf', '#1b1f23', '#6a7178'
BAR, ROW = 0.62, 0.42  # of a row; inches

STYLE = {
    'font.family': ['DejaVu Sans'], 'font.size': 10, 'text.color': INK, 'axes.edgecolor': PALE, 'xtick.color': SOFT,
    'ytick.color': INK, 'figure.facecolor': 'white', 'axes.facecolor': 'white', 'savefig.facecolor': 'white',
    'svg.fonttype': 'path', 'svg.hashsalt': 'sluice',
}


def colour(name):
    return ACCENT if name == SUBJECT else PALE if name in YARDSTICKS else GREY


def rows_of(results, load, figure):
    """Names and series, the best first, behind the floor; then who is missing."""
    named = [(name, results.series(load, name, figure)) for name in results.of_load(load) if name not in YARDSTICKS[1:]]
    there = [(name, series) for name, series in named if series]
    there.sort(key=lambda row: row[1].median, reverse=better(figure, 2, 1))
    there.sort(key=lambda row: row[0] != FLOOR)
    return there + [(name, None) for name, series in named if not series and results.why_missing(load, name)]


def draw_bar(axes, at, name, series, unit, left):
    accent = name == SUBJECT
    axes.barh(at, max(series.median - left, 0), BAR, left=left, color=colour(name), zorder=2)
    if series.most > series.least:
        axes.plot([series.least, series.most], [at, at], color=INK, linewidth=1.1, solid_capstyle='butt', zorder=3)
        for end in series.least, series.most:
            axes.plot([end, end], [at - 0.13, at + 0.13], color=INK, linewidth=1.1, zorder=3)
    axes.annotate(f'{number(series.median)} {unit}'.strip(), (max(series.most, series.median), at), (7, 0),
                  textcoords='offset points', va='center', color=ACCENT if accent else INK,
                  weight='bold' if accent else 'normal', bbox={'facecolor': 'white', 'linewidth': 0, 'pad': 1})


def limits(rows, logarithmic):
    """Left and right end, with room for what stands behind the bars."""
    most = max((series.most for _, series in rows if series), default=1)
    least = min((series.least for _, series in rows if series and series.least > 0), default=1)
    if not logarithmic:
        return 0, most * 1.22 or 1
    left = least / 2
    return left, most * (most / left) ** 0.25


def frame(figure_, axes, rows, title, subtitle):
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis='y', length=0, pad=6)
    axes.tick_params(axis='x', length=0)
    axes.xaxis.grid(True, color='#eceef0', linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    for side in 'top', 'right', 'bottom':
        axes.spines[side].set_visible(False)
    for label in axes.get_yticklabels():
        if label.get_text() == SUBJECT:
            label.set(color=ACCENT, weight='bold')
    figure_.text(0.02, 1 - 0.24 / figure_.get_figheight(), title, size=13, weight='bold', va='center')
    figure_.text(0.02, 1 - 0.50 / figure_.get_figheight(), subtitle, color=SOFT, va='center')


def bars(results, load, figure, title, subtitle, logarithmic=False):
    """A bar for each contender of the load; None if there is nothing to draw."""
    rows = rows_of(results, load, figure)
    if not any(series for _, series in rows):
        return None
    unit = readable(figure).rpartition(', ')[2] if ', ' in figure else ''
    height = 1.15 + ROW * len(rows)
    picture, axes = pyplot.subplots(figsize=(8, height))
    picture.subplots_adjust(left=0.32, right=0.97, top=1 - 0.76 / height, bottom=0.34 / height)
    left, right = limits(rows, logarithmic)
    axes.set_xlim(left, right)
    if logarithmic:
        axes.set_xscale('log')
    else:
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    for at, (name, series) in enumerate(rows):
        if series:
            draw_bar(axes, at, name, series, unit, left)
        else:
            axes.annotate('missing', (left, at), (7, 0), textcoords='offset points', va='center', color=SOFT, style='italic')
    frame(picture, axes, rows, title, subtitle)
    return picture


def draw(results, folder, plots):
    """`plots`: name of the file, then the arguments of bars(). The titles and files that came of it."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with pyplot.rc_context(STYLE):
        for name, *arguments in plots:
            picture = bars(results, *arguments)
            if picture is None:
                continue
            picture.savefig(folder / f'{name}.svg', metadata={'Date': None})
            picture.savefig(folder / f'{name}.png', dpi=160)
            pyplot.close(picture)
            drawn.append((arguments[2], f'{name}.svg'))
    return drawn


# By the names of the loads; report.md shows them in this order.
ONE_TOPIC, SATURATION, IDLE = 'one topic', 'saturation', 'idle'
PLOTS = [
    ('cpu', ONE_TOPIC, 'CPU per delivery, us', 'CPU time of the server per delivery',
     'one topic, 10,000 readers, an event of 100 bytes a tick; less is better'),
    ('last', ONE_TOPIC, 'until the last has it, ms', 'Until the last of 10,000 readers has an event',
     'one topic, from publishing to the last arrival, logarithmic; less is better', True),
    ('memory', IDLE, 'memory per subscriber, KB', 'Memory of the server per subscriber',
     '10,000 idle subscribers, logarithmic; less is better', True),
    ('rate', SATURATION, 'deliveries a second', 'Deliveries a second at saturation',
     'one topic, 10,000 readers, as fast as it goes; more is better'),
]


if __name__ == '__main__':
    for _, path in draw(Results.read(sys.argv[1]), sys.argv[2], PLOTS):
        print(path)
