"""What it was measured on."""

import datetime
import os
import pathlib
import platform
import re


def _line(path, pattern):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    except OSError:
        return ''
    return found[1].strip() if found else ''


def machine():
    memory = _line('/proc/meminfo', r'^MemTotal:\s+(\d+)')
    return {
        'date': datetime.date.today().isoformat(),
        'processor': _line('/proc/cpuinfo', r'^model name\s*:(.*)$') or platform.machine(),
        'cores': os.cpu_count(),
        'memory': f'{int(memory) / 2**20:.0f} GiB' if memory else '',
        'system': _line('/etc/os-release', r'^PRETTY_NAME="?([^"\n]*)'),
        'kernel': platform.release(),
    }
