#!/usr/bin/env python3
"""Passes requests on after a delay, so that round trips can be counted by the clock.

slow_proxy.py TARGET_PORT DELAY_MS SOCKET: listens on a free port, which it prints, and at SOCKET."""

import os
import socket
import sys
import threading
import time

target, delay, path = int(sys.argv[1]), int(sys.argv[2]) / 1000, sys.argv[3]


def pump(source, sink, wait):
    try:
        while part := source.recv(65536):
            time.sleep(wait)
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(listener):
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", target))
        threading.Thread(target=pump, args=(client, server, delay), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, 0), daemon=True).start()


tcp = socket.create_server(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
if os.path.exists(path):
    os.unlink(path)
unix.bind(path)
unix.listen(64)
threading.Thread(target=serve, args=(unix,), daemon=True).start()
print(tcp.getsockname()[1], flush=True)
serve(tcp)
