"""What was measured: a value for each round, by load, contender and figure; and what is asked of it."""

import dataclasses
import json
import pathlib
import statistics

FLOOR, CONTROL, SUBJECT = 'floor', 'floor, again', 'Sluice'
YARDSTICKS = FLOOR, CONTROL
BEST_PEER = 'the best peer'

# Of all other figures less is better.
MORE_IS_BETTER = {'deliveries a second', 'opens a second', 'told of the end'}

# Of these nothing is better: they say whether the others mean something.
NO_MERIT = {'busy', 'publisher late, ms'}


@dataclasses.dataclass
class Series:
    """The rounds of one figure."""

    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def least(self):
        return min(self.values)

    @property
    def most(self):
        return max(self.values)


def better(figure, a, b):
    return a > b if figure in MORE_IS_BETTER else a < b


class Results:
    """
    `loads`: a sentence on each, in the order of the report. `contenders`: version, settings and why it is missing, by name,
    in the order of the report. `values`: lists by load, contender and figure; a figure is named with its unit behind a
    comma. `absent`: why a contender is not in a load that others are in, by load and contender.
    """

    def __init__(self, machine=None):
        self.machine = machine or {}
        self.loads, self.contenders, self.values, self.absent = {}, {}, {}, {}

    def add_load(self, name, sentence):
        self.loads[name] = sentence

    def add_contender(self, contender):
        missing = contender.missing()
        self.contenders[contender.name] = {'version': '' if missing else contender.version(),
                                           'settings': contender.settings, 'missing': missing}

    def add(self, load, contender, figures):
        """A round. Figures that are None are not there."""
        of_contender = self.values.setdefault(load, {}).setdefault(contender, {})
        for figure, value in figures.items():
            if value is not None:
                of_contender.setdefault(figure, []).append(value)

    def add_absent(self, load, contender, reason):
        self.absent.setdefault(load, {})[contender] = reason

    def why_missing(self, load, contender):
        return self.absent.get(load, {}).get(contender) or self.contenders.get(contender, {}).get('missing')

    def series(self, load, contender, figure):
        """None if it is not there."""
        values = self.values.get(load, {}).get(contender, {}).get(figure)
        return Series(values) if values else None

    def figures(self, load):
        """All of them, in the order in which they came."""
        return list(dict.fromkeys(figure for figures in self.values.get(load, {}).values() for figure in figures))

    def of_load(self, load):
        """The contenders of it that have values or are known to be missing."""
        return [name for name in self.contenders
                if name in self.values.get(load, {}) or self.why_missing(load, name)]

    def best(self, load, figure, names):
        """Whose median is best; None if nobody has any, or all are the same, or it is no merit."""
        if figure in NO_MERIT:
            return None
        medians = {name: self.series(load, name, figure).median for name in names if self.series(load, name, figure)}
        if not medians or (len(medians) > 1 and len(set(medians.values())) == 1):
            return None
        ordered = sorted(medians, key=medians.get, reverse=figure in MORE_IS_BETTER)
        return ordered[0]

    def best_peer(self, load, figure):
        return self.best(load, figure, [name for name in self.contenders if name not in (*YARDSTICKS, SUBJECT)])

    def write(self, path, verdicts=()):
        members = {name: getattr(self, name) for name in ('machine', 'loads', 'contenders', 'values', 'absent')}
        members['verdicts'] = [verdict.judge(self) for verdict in verdicts]
        pathlib.Path(path).write_text(json.dumps(members, indent=1, ensure_ascii=False) + '\n')

    @classmethod
    def read(cls, path):
        members = json.loads(pathlib.Path(path).read_text())
        results = cls(members['machine'])
        for name in 'loads', 'contenders', 'values', 'absent':
            setattr(results, name, members[name])
        return results


def ratios(above, below):
    """Of the rounds, where both have the same ones, so that what slowed a round down slowed both."""
    if len(above.values) == len(below.values):
        pairs = zip(above.values, below.values)
    else:
        pairs = [(above.median, below.median)]
    return Series([a / b if b else float('inf') if a else 1.0 for a, b in pairs])


@dataclasses.dataclass
class Verdict:
    """
    What is asked of Sluice: `figure` under `load` over that of `to` (BEST_PEER: of whichever of the others is best), or
    alone if `to` is None, must be `must` and should be `aim`: at the most, or at the least if that is so.
    """

    name: str
    load: str
    figure: str
    to: str = FLOOR
    must: float = None
    aim: float = None
    at_least: bool = False

    def holds(self, value, limit):
        return limit is None or (value >= limit if self.at_least else value <= limit)

    def judge(self, results):
        """Its members and: value, spread, control (how far a copy of the floor is from it), against, met."""
        answer = {**dataclasses.asdict(self), 'value': None, 'spread': None, 'control': None, 'against': self.to,
                  'met': 'not measured'}
        subject = results.series(self.load, SUBJECT, self.figure)
        if self.to == BEST_PEER:
            answer['against'] = results.best_peer(self.load, self.figure)
        other = results.series(self.load, answer['against'], self.figure) if self.to else None
        floors = [results.series(self.load, name, self.figure) for name in YARDSTICKS]
        if self.to and all(floors):
            control = ratios(floors[1], floors[0])
            answer['control'] = [control.least, control.most]
        if not subject or (self.to and not other):
            return answer
        series = ratios(subject, other) if self.to else subject
        answer.update(value=series.median, spread=[series.least, series.most], met=self.words(series.median))
        return answer

    def words(self, value):
        if not self.holds(value, self.must):
            return 'no'
        if self.aim is None:
            return 'yes'
        return 'yes, and the aim' if self.holds(value, self.aim) else 'yes, not the aim'
