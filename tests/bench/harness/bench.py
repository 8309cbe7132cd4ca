"""Runs the loads in rounds, each with all contenders one after the other, and writes the report."""

import argparse
import pathlib
import sys
import time

import loads
import plots
import report
from contenders import Floor, Sluice
from go_peers import Centrifugo, Mercure
from machine import machine
from peers import BetterSse, Nchan, Threads
from processes import ROOT, Failed
from results import CONTROL, FLOOR, SUBJECT, Results, Verdict

ONE_TOPIC, SATURATION, BURSTS, BEYOND = 'one topic', 'saturation', 'bursts', 'beyond the floor'
SINGLES, TENS, TOKENS, IDLE = '10,000 topics', '1,000 topics', 'tokens', 'idle'
OPENING, REPLAY, INGEST, STALLED, BESIDE = 'opening', 'replay', 'ingest', 'stalled readers', 'beside a crowd'
HUB = 'the hub alone'

LOADS = {
    ONE_TOPIC: 'One topic, 10,000 readers, an event of 100 bytes at a time, so many a second that the floor rests for half of '
               'the time or more.',
    SATURATION: 'The same as fast as it goes: an event more as soon as all but seven are with everyone.',
    BURSTS: 'The same with 2, 4 and 16 events at once: what each costs, over one send of the floor.',
    BEYOND: 'The same with 100 events a second, which is more than one send an event can carry.',
    SINGLES: '10,000 topics with a reader each, 25,000 events a second in bursts of 1,000 requests. The floor is fed by the same '
             'gRPC call.',
    TENS: '1,000 topics with ten readers each, 5,000 events a second in bursts of 500 requests.',
    TOKENS: '1,000 streams side by side, 200 events of 20 bytes each, 50 a second, and their ends.',
    IDLE: '10,000 readers to whom nothing happens: anonymous memory, and heartbeats.',
    OPENING: '10,000 readers who all come at once.',
    REPLAY: '10,000 readers who all come at once, and are owed 100 events each.',
    INGEST: 'One producer, as fast as it goes, beside a gRPC server that discards what comes without looking.',
    STALLED: 'Half of the readers read nothing, and the server knows it: the other half, over the same half alone.',
    BESIDE: '500 topics with a reader each, beside a topic with 10,000 readers, over the same 500 alone.',
    HUB: 'What one more topic takes in memory, and what it takes to append an event of 100 bytes that nobody reads, without '
         'gRPC and HTTP.',
}

PEERS = Nchan, Mercure, Centrifugo, BetterSse, Threads

PACE = {SINGLES: {'topics': 1, 'requests_a_tick': 1000, 'tick_us': 40000},
        TENS: {'topics': 10, 'requests_a_tick': 500, 'tick_us': 100000}}

VERDICTS = [
    Verdict('one topic: CPU per delivery', ONE_TOPIC, 'CPU per delivery, us', must=1.20, aim=1.05),
    Verdict('one topic: until the last has it', ONE_TOPIC, 'until the last has it, ms', must=1.25, aim=1.05),
    Verdict('one topic: until the last has it', ONE_TOPIC, 'until the last has it, ms', to='nchan', must=0.65, aim=0.5),
    *(Verdict(f'bursts of {burst}: CPU per event over one send', BURSTS, f'{burst} at once', to=None, must=must, aim=aim)
      for burst, must, aim in ((2, 0.75, 0.62), (4, 0.45, 0.31), (16, 0.18, 0.09))),
    Verdict('100 a second: CPU per delivery over one send', BEYOND, 'over one send', to=None, must=0.2, aim=0.12),
    Verdict('100 a second: lost', BEYOND, 'lost', to=None, must=0),
    Verdict('10,000 topics: CPU per delivery', SINGLES, 'CPU per delivery, us', must=1.3, aim=1.1),
    Verdict('1,000 topics: CPU per delivery', TENS, 'CPU per delivery, us', must=1.3, aim=1.1),
    Verdict('memory per idle subscriber, KB', IDLE, 'memory per subscriber, KB', to=None, must=0.7, aim=0.4),
    Verdict('opening 10,000', OPENING, 'opening all, s', must=1.5, aim=1.2),
    *(Verdict(f'ingest, {mode}', INGEST, f'{mode}, over the bare sink', to=None, must=must, aim=aim, at_least=True)
      for mode, must, aim in zip(loads.INGEST_MODES, (0.7, 0.6, 0.25), (0.9, 0.8, 0.5))),
    Verdict('stalled half: p99 of the others', STALLED, 'latency p99, over the same alone', to=None, must=1.2, aim=1.0),
    Verdict('beside a crowd: p99 of the single readers', BESIDE, 'latency p99, over the same alone', to=None, must=3, aim=1.5),
    Verdict('one more idle topic of a million, bytes', HUB, 'idle topic of 1,000,000, bytes', to=None, must=600, aim=300),
    Verdict('append to one of a million topics, µs', HUB, 'append to one of 1,000,000, us', to=None, must=1, aim=0.5),
    Verdict('replay: CPU per event over a live delivery', REPLAY, 'over a live delivery', to=None, must=0.3, aim=0.15),
]


def over(figures, alone, figure):
    return {**figures, f'{figure.split(",")[0]}, over the same alone': figures[figure] / max(alone[figure], 1e-9)}


class Bench:
    def __init__(self, options, results):
        self.options, self.results = options, results
        self.readers, self.seconds = options.readers, options.seconds
        self.floor, self.control, self.sluice = Floor(FLOOR), Floor(CONTROL), Sluice()
        self.failed = False

    def wanted(self, load):
        return not self.options.loads or load in self.options.loads

    def attempt(self, load, contender, run, *words, **members):
        """One run, if it is wanted. What goes wrong in it is told, and is in the report."""
        if not self.wanted(load):
            return None
        began = time.monotonic()
        try:
            figures = run(contender, *words, **members)
        except Failed as error:
            print(f'{load}: {contender.name}: {error}', file=sys.stderr, flush=True)
            self.results.add_absent(load, contender.name, str(error).splitlines()[0])
            self.failed = self.failed or contender in (self.floor, self.control, self.sluice)
            return None
        print(f'{load}: {contender.name}, {time.monotonic() - began:.1f} s', flush=True)
        return figures

    def put(self, load, contender, run, *words, **members):
        """One run, whose figures are in the report as they are."""
        figures = self.attempt(load, contender, run, *words, **members)
        if figures:
            self.results.add(load, contender.name, figures)
        return figures

    def fan_out(self, contenders, compared):
        """What all contenders are put under. The first load counts against some peers, who are there in every round."""
        tick_us = loads.find_pace(self.floor, self.readers)
        live = {c.name: self.put(ONE_TOPIC, c, loads.one_topic, self.readers, tick_us, self.seconds)
                for c in [*contenders, *(peer for peer in compared if peer not in contenders)]}
        for contender in contenders:
            self.put(SATURATION, contender, loads.saturation, self.readers, self.seconds)
        for load, pace in PACE.items():
            for contender in contenders:
                self.put(load, contender, loads.many_topics, self.readers, self.readers // pace['topics'],
                         pace['requests_a_tick'], pace['tick_us'], self.seconds)
        for contender in contenders:
            self.put(OPENING, contender, loads.connecting, self.readers)
        return tick_us, live

    def peers_only(self, peers):
        """What the floor has no part in: it keeps nothing and ends nothing."""
        topics, events = self.options.streams, self.options.tokens
        for contender in peers:
            heartbeat = self.options.heartbeat if contender is self.sluice else None
            self.put(IDLE, contender, loads.idle, self.readers, heartbeat)
            self.put(TOKENS, contender, loads.tokens, topics, events, 50, contender is self.sluice)

    def replays(self, peers, live):
        for contender in peers:
            if contender is self.sluice or contender.replays:
                settings = {} if contender is self.sluice else {'replay': True}
                figures = self.put(REPLAY, contender, loads.replay, self.readers, 100, **settings)
                of_one = live.get(contender.name)
                if figures and of_one:
                    self.results.add(REPLAY, contender.name, {
                        'over a live delivery': figures['CPU per event, us'] / of_one['CPU per delivery, us']})
            elif self.wanted(REPLAY):
                self.results.add_absent(REPLAY, contender.name, 'keeps no events')

    def alone(self, tick_us, live):
        """What only Sluice is asked for."""
        one_send = live.get(FLOOR)
        for burst in (2, 4, 16) if one_send else ():
            figures = self.attempt(BURSTS, self.sluice, loads.one_topic, self.readers, 2 * tick_us, self.seconds, burst)
            if figures:
                self.results.add(BURSTS, SUBJECT, {
                    f'{burst} at once': figures['CPU per delivery, us'] / one_send['CPU per delivery, us'],
                    f'{burst} at once, lost': figures['lost']})
        figures = self.attempt(BEYOND, self.sluice, loads.one_topic, self.readers, 10000, self.seconds, busy=True)
        if figures and one_send:
            figures['over one send'] = figures['CPU per delivery, us'] / one_send['CPU per delivery, us']
        if figures:
            self.results.add(BEYOND, SUBJECT, figures)
        for mode in loads.INGEST_MODES if self.wanted(INGEST) else ():
            sink = loads.ingest(self.floor, mode, 0, self.seconds / 2, discard=True)
            self.results.add(INGEST, FLOOR, {f'{mode}, events a second': sink['events a second']})
            for readers in 0, 1, 100:
                rate = loads.ingest(self.sluice, mode, readers, self.seconds / 2)['events a second']
                name = f', {readers} readers' if readers else ''
                self.results.add(INGEST, SUBJECT, {f'{mode}{name}, events a second': rate})
                if not readers:
                    self.results.add(INGEST, SUBJECT, {f'{mode}, over the bare sink': rate / sink['events a second']})
        self.put(HUB, self.sluice, loads.hub, self.options.topics)
        for load, run in [(STALLED, loads.stalled), (BESIDE, loads.beside)] * self.options.pairs:
            base = self.attempt(load, self.sluice, run, self.readers, tick_us, self.seconds, False)
            figures = base and self.attempt(load, self.sluice, run, self.readers, tick_us, self.seconds, True)
            if figures:
                self.results.add(load, SUBJECT, over(figures, base, 'latency p99, ms'))

    def round(self, peers, compared):
        contenders = [self.floor, self.sluice, self.control, *peers]
        tick_us, live = self.fan_out(contenders, compared)
        self.peers_only([self.sluice, *peers])
        self.replays([self.sluice, *peers], live)
        self.alone(tick_us, live)


def parse_options():
    parser = argparse.ArgumentParser(prog='scripts/bench.sh', description='Measures Sluice beside a floor and its peers.')
    parser.add_argument('--quick', action='store_true', help='two minutes: shows that it works, and measures nothing')
    parser.add_argument('--rounds', type=int, default=3, help='of Sluice and the floor (%(default)s)')
    parser.add_argument('--peer-rounds', type=int, default=1, help='of these, with the peers (%(default)s)')
    parser.add_argument('--pairs', type=int, default=3, help='of runs in a round where p99 counts, which varies (%(default)s)')
    parser.add_argument('--load', dest='loads', action='append', choices=list(LOADS), help='only this one; may be repeated')
    parser.add_argument('--peer', dest='peers', action='append', choices=[*(peer.name for peer in PEERS), 'none'],
                        help='only this one; may be repeated')
    parser.add_argument('--readers', type=int, default=10000, help='how many there are (%(default)s)')
    parser.add_argument('--seconds', type=float, default=2.0, help='how long each load lasts (%(default)s)')
    parser.add_argument('--output', type=pathlib.Path, default=ROOT / 'build/bench/report', help='a folder (%(default)s)')
    options = parser.parse_args()
    options.streams, options.tokens, options.heartbeat, options.topics = 1000, 200, 1, 1000000
    if options.quick:
        options.rounds = options.peer_rounds = options.pairs = 1
        options.readers, options.seconds, options.streams, options.tokens = 200, 0.3, 20, 20
        options.topics = 1000
    return options


def main():
    options = parse_options()
    results = Results(machine())
    for name, sentence in LOADS.items():
        results.add_load(name, sentence)
    bench = Bench(options, results)
    peers = [peer() for peer in PEERS if not options.peers or peer.name in options.peers]
    for peer in peers:
        if options.quick and not options.peers and peer.takes_minutes and peer.absent():
            peer.failure = 'not built for a quick run'
        else:
            peer.install()
    for contender in (bench.floor, bench.sluice, bench.control, *peers):
        results.add_contender(contender)
    there = [peer for peer in peers if not peer.missing()]
    compared = [peer for peer in there if any(verdict.to == peer.name for verdict in VERDICTS)]
    for number in range(options.rounds):
        print(f'== round {number + 1} of {options.rounds}', flush=True)
        bench.round(there if number < options.peer_rounds else [], compared)
    drawn = plots.draw(results, options.output, plots.PLOTS)
    report.write(results, VERDICTS, options.output, drawn)
    print((options.output / 'report.md').read_text())
    print(f'{options.output}/report.md, results.json and plots')
    return 1 if bench.failed or any(lost(results)) else 0


def lost(results):
    """What Sluice has lost, in any round."""
    for load, contenders in results.values.items():
        for figure, values in contenders.get(SUBJECT, {}).items():
            if figure.endswith('lost') and any(values):
                print(f'{load}: Sluice has lost events: {values}', file=sys.stderr)
                yield load


if __name__ == '__main__':
    sys.exit(main())
