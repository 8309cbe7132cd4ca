"""Readers that fall silent: black_hole.py PORT COUNT TARGET

Opens COUNT streams, waits for the opening of each, and then has the kernel drop whatever comes for them, unseen: no
acknowledgement, no reset, as when a cable is cut. Prints "silent" when that is so, and stays until standard input ends.
"""

import ctypes
import socket
import struct
import sys

SO_ATTACH_FILTER = 26  # Linux; the socket module has no name for it
DROP_ALL = struct.pack('HBBI', 0x06, 0, 0, 0)  # one instruction: accept 0 bytes of the packet


def open_stream(port, target):
    peer = socket.create_connection(('127.0.0.1', port))
    peer.sendall(f'GET {target} HTTP/1.1\r\nHost: sluice.test\r\n\r\n'.encode())
    seen = b''
    while b'\r\n\r\n' not in seen or b'retry: ' not in seen:
        data = peer.recv(4096)
        if not data:
            sys.exit('closed before the stream opened')
        seen += data
    return peer


def fall_silent(peer):
    code = ctypes.create_string_buffer(DROP_ALL)
    peer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack('HL', 1, ctypes.addressof(code)))


port, count, target = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
peers = [open_stream(port, target) for _ in range(count)]
for peer in peers:
    fall_silent(peer)
print('silent', flush=True)
sys.stdin.read()
