#!/usr/bin/env python3
"""Runs clang-tidy on sources, two at a time: scripts/tidy.py BUILD SOURCE...

BUILD has the compile_commands.json. A source that was clean is not read again while everything its findings come from is as it
was: its text, that of all it includes, its flags, .clang-tidy, clang-tidy itself. ~/.cache/sluice/tidy keeps an empty file for
each clean state of a source, and loses those that nobody has asked for in a month. Exits 1 if there are findings.
"""

import concurrent.futures
import functools
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path.home() / '.cache/sluice/tidy'
MONTH = 30 * 24 * 3600


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@functools.cache
def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def included(commands):
    """What each source reads, itself first."""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        json.dump(commands, file)
        file.flush()
        said = output('clang-scan-deps-14', '--format=experimental-full', '-j', '2', f'--compilation-database={file.name}')
    return {unit['input-file']: unit['file-deps'] for unit in json.loads(said)['translation-units']}


def key(command, files, common):
    """Of a source's state, wherever the project lies."""
    parts = [common, command['command'].replace(str(ROOT), ''), *map(digest, files)]
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


def tidy(build, source):
    """Whether a source is clean; what is found is printed."""
    run = subprocess.run(['clang-tidy-14', '-p', build, '--quiet', source], cwd=ROOT, check=False, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # How many findings in others' headers it keeps to itself is of no interest.
    print(run.stdout + re.sub(r'(?m)^\d+ warnings?.* generated\.\n', '', run.stderr), end='', flush=True)
    return run.returncode == 0


def main(build, *sources):
    sources = [str((ROOT / source).resolve()) for source in sources]
    database = json.loads((pathlib.Path(build) / 'compile_commands.json').read_text())
    commands = {command['file']: command for command in database}
    missing = [source for source in sources if source not in commands]
    if missing:
        sys.exit(f'tidy: nobody compiles {", ".join(missing)}')
    common = output('clang-tidy-14', '--version') + digest(ROOT / '.clang-tidy')
    files = included([commands[source] for source in sources])
    marks = {source: CACHE / key(commands[source], files[source], common) for source in sources}

    CACHE.mkdir(parents=True, exist_ok=True)
    known = [source for source in sources if marks[source].exists()]
    for source in known:
        marks[source].touch()
    for mark in CACHE.iterdir():
        if mark.stat().st_mtime < time.time() - MONTH:
            mark.unlink(missing_ok=True)

    changed = [source for source in sources if source not in known]
    print(f'clang-tidy: {len(changed)} of {len(sources)} sources; the others are as they were when they were clean', flush=True)
    clean = True
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for source, found_clean in zip(changed, pool.map(functools.partial(tidy, build), changed)):
            if found_clean:
                marks[source].touch()
            clean = clean and found_clean
    return not clean


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
