"""python3 -m unittest test_report, in this folder."""

import json
import pathlib
import tempfile
import unittest

import report
from results import BEST_PEER, CONTROL, FLOOR, SUBJECT, Results, Verdict


class Stub:
    version_text, settings = '1.0', 'defaults'

    def __init__(self, name, missing=None):
        self.name, self.reason = name, missing

    def missing(self):
        return self.reason

    def version(self):
        return self.version_text


COST, RATE = 'CPU per delivery, us', 'deliveries a second'


def sample():
    results = Results({'cores': 2})
    results.add_load('one topic', 'An event for all.')
    for name in FLOOR, CONTROL, SUBJECT, 'quick', 'slow':
        results.add_contender(Stub(name))
    results.add_contender(Stub('gone', 'it is not there'))
    costs = {FLOOR: [1, 2, 1], CONTROL: [1.1, 1.8, 1], SUBJECT: [1.2, 2.4, 1.2], 'quick': [3, 4, 3], 'slow': [30, 40, 30]}
    for name, values in costs.items():
        for value in values:
            results.add('one topic', name, {COST: value, RATE: 1000 / value, 'lost': 0})
    return results


class ReportTest(unittest.TestCase):
    def test_says_median_and_spread_with_the_best_in_bold_and_the_floor_aside(self):
        text = report.load_table(sample(), 'one topic')
        self.assertIn('| Sluice | **1.20** (1.20..2.40) | **833** (417..833) | 0 |', text)
        self.assertIn('| floor | 1 (1..2) |', text)

    def test_says_why_somebody_is_missing(self):
        results = sample()
        results.add_absent('one topic', 'late', 'it keeps nothing')
        results.add_contender(Stub('late'))
        text = report.load_table(results, 'one topic')
        self.assertIn('| gone: missing: it is not there |', text)
        self.assertIn('| late: missing: it keeps nothing |', text)

    def test_judges_by_the_ratios_of_the_rounds(self):
        judged = Verdict('cost', 'one topic', COST, FLOOR, must=1.3, aim=1.1).judge(sample())
        self.assertAlmostEqual(judged['value'], 1.2)
        self.assertEqual(judged['met'], 'yes, not the aim')
        self.assertEqual(judged['control'], [0.9, 1.1])

    def test_finds_the_best_peer(self):
        judged = Verdict('rate', 'one topic', RATE, BEST_PEER, must=2, at_least=True).judge(sample())
        self.assertEqual(judged['against'], 'quick')
        self.assertAlmostEqual(judged['value'], 2.5)
        self.assertEqual(judged['met'], 'yes')

    def test_judges_a_figure_alone(self):
        self.assertEqual(Verdict('lost', 'one topic', 'lost', None, must=0).judge(sample())['met'], 'yes')

    def test_does_not_judge_what_was_not_measured(self):
        self.assertEqual(Verdict('cost', 'two topics', COST, must=1).judge(sample())['met'], 'not measured')

    def test_writes_all_of_it_and_reads_it_again(self):
        with tempfile.TemporaryDirectory() as folder:
            verdicts = [Verdict('cost', 'one topic', COST, must=1.3)]
            report.write(sample(), verdicts, folder)
            written = json.loads(pathlib.Path(folder, 'results.json').read_text())
            self.assertEqual(written['verdicts'][0]['met'], 'yes')
            again = Results.read(pathlib.Path(folder, 'results.json'))
            self.assertEqual(report.markdown(again, verdicts), pathlib.Path(folder, 'report.md').read_text())

    def test_shows_three_digits_that_count(self):
        self.assertEqual([report.number(value) for value in (0, 0.01234, 1.5, 12, 1234567, 99.97)],
                         ['0', '0.0123', '1.50', '12', '1,230,000', '100.0'])


if __name__ == '__main__':
    unittest.main()
