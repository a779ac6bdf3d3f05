#!/usr/bin/env python3
"""What idle listeners of /v1/events cost: starts the demo, opens many connections, prints its memory.

    benches/events.py target/release/locadocs [LISTENERS]

The figures are those of the whole process, the sandbox of the demo included.
"""

import resource
import selectors
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

SETTLE = 20  # seconds: each listener has then had its first heartbeat


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def rss_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def wait_until_ready(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1", timeout=5).read()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("the demo does not answer")


def listen(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


def read_for(selector: selectors.BaseSelector, seconds: float) -> dict[socket.socket, bytes]:
    """What each client reads meanwhile; clients whose stream ends are dropped."""
    read: dict[socket.socket, bytes] = {}
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            chunk = key.fileobj.recv(65536)
            if not chunk:
                selector.unregister(key.fileobj)
            read[key.fileobj] = read.get(key.fileobj, b"") + chunk
    return read


def main() -> None:
    binary, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port = free_port()
    flags = ["--listen", f"127.0.0.1:{port}", "--sandbox", f"127.0.0.1:{free_port()}"]
    demo = subprocess.Popen([binary, "demo", *flags], stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(port)
        before = rss_mb(demo.pid)
        selector = selectors.DefaultSelector()
        for _ in range(count):
            selector.register(listen(port), selectors.EVENT_READ)
        read = read_for(selector, SETTLE)
        events = sum(b"event: release" in text for text in read.values())
        beats = sum(b":\n\n" in text for text in read.values())
        after = rss_mb(demo.pid)
        print(f"listeners           {len(selector.get_map())} of {count}")
        print(f"heard of a release  {events}, had a heartbeat {beats}")
        print(f"memory              {before:.0f} MB, then {after:.0f} MB")
        print(f"a listener          {(after - before) * 1024 / count:.1f} KB")
    finally:
        demo.terminate()
        started = time.monotonic()
        demo.wait(timeout=30)
        print(f"stopped in          {time.monotonic() - started:.1f} s, every stream open")


if __name__ == "__main__":
    main()
