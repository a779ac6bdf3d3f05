"""Compare a full sync with pyairtable's Table.all() over the same tables, in one run.

    cargo build --release --bins --examples
    target/release/examples/large_base > target/large.json
    pip install pyairtable
    python benches/sync/compare.py

Starts the sandbox without limits on the 50,000 rows of `large_base`, then lets the two clients read
all of it in turn (ours: `examples/full_read.rs`). Prints medians of wall and CPU time and their
ratios, then what `locadocs check` takes, which also parses, checks and builds a release. With
`--rated`, reads once under Airtable's own limit (about two minutes) and prints the time, by the
sandbox's own log of calls, beside calls ÷ rate. Exits with 1 when a bound below is missed.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

BINARY = os.environ.get("LOCADOCS", "target/release/locadocs")
READER = os.environ.get("READER", "target/release/examples/full_read")
SEED = os.environ.get("SEED", "target/large.json")
ADDRESS = "127.0.0.1:18765"
BASE = "appLocadocsDemo01"
TOKEN = "patSandbox00000000.sandbox"
RUNS = 5
# Schema; pages of guides, steps, choices, documents, services, territories, holdings.
CALLS = 1 + 1 + 15 + 40 + 1 + 45 + 100 + 300
RATE = 4

# What is promised: how many times as fast as pyairtable, and how near to calls ÷ rate.
LEAST_RATIO = 4
MOST_RATED = 1.05

PYAIRTABLE = f"""
from pyairtable import Api
base = Api({TOKEN!r}, endpoint_url="http://{ADDRESS}").base({BASE!r})
tables = [t for t in base.tables() if t.name != "Retours"]
print(sum(len(t.all()) for t in tables))
"""


def measured(command, **environment):
    """Runs a command; wall seconds, CPU seconds, peak MB."""
    start = time.monotonic()
    pid = os.posix_spawnp(
        command[0],
        command,
        {**os.environ, **environment},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{command[0]} failed")
    wall = time.monotonic() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def ours(command, rate):
    return measured(
        command,
        LOCADOCS_AIRTABLE_URL=f"http://{ADDRESS}",
        LOCADOCS_AIRTABLE_BASE=BASE,
        LOCADOCS_AIRTABLE_TOKEN=TOKEN,
        LOCADOCS_AIRTABLE_REQUESTS_PER_SECOND=str(rate),
        LOCADOCS_LOG_FILTER="error",
    )


def theirs():
    return measured([sys.executable, "-c", PYAIRTABLE])


def calls(method):
    """Reads (GET) or empties (DELETE) the sandbox's log."""
    request = urllib.request.Request(f"http://{ADDRESS}/_sandbox/calls", method=method)
    return urllib.request.urlopen(request).read()


def rated():
    """Reads all under the limit; whether it took no longer than promised."""
    calls("DELETE")
    # The sandbox has just counted our own call.
    time.sleep(1)
    ours([READER], rate=RATE)
    log = json.loads(calls("GET"))["calls"]
    refused = sum(call["status"] != 200 for call in log)
    seconds = (log[-1]["atMs"] - log[0]["atMs"]) / 1000
    ratio = seconds / (CALLS / RATE)
    print(
        f"{len(log)} calls ({CALLS} are needed, {refused} refused) at {RATE} a second: "
        f"{seconds:.1f} s, {ratio:.3f} × calls ÷ rate"
    )
    return len(log) >= CALLS and ratio <= MOST_RATED


def compared():
    """Reads all without a limit, with both clients; whether ours is as fast as promised."""
    runs = [(ours([READER], 0), theirs(), ours([BINARY, "check"], 0)) for _ in range(RUNS)]
    is_kept = True
    for name, index in (("wall", 0), ("CPU", 1)):
        mine, other, whole = (
            statistics.median(run[who][index] for run in runs) for who in range(3)
        )
        ratio = statistics.median(run[1][index] / run[0][index] for run in runs)
        is_kept = is_kept and ratio >= LEAST_RATIO
        print(
            f"{name}: ours {mine:.2f} s, pyairtable {other:.2f} s, median ratio {ratio:.1f}; "
            f"with parsing and building {whole:.2f} s"
        )
    peaks = (max(run[who][2] for run in runs) for who in range(3))
    print("peak memory: ours {:.0f} MB, pyairtable {:.0f} MB, with building {:.0f} MB".format(*peaks))
    return is_kept


def wait():
    request = urllib.request.Request(
        f"http://{ADDRESS}/v0/meta/whoami", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    for _ in range(200):
        try:
            urllib.request.urlopen(request).read()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the sandbox did not start")


def main():
    is_rated = "--rated" in sys.argv
    limit = "5" if is_rated else "0"
    sandbox = subprocess.Popen(
        [BINARY, "sandbox", "--listen", ADDRESS, "--seed", SEED, "--rate", limit],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait()
        is_kept = rated() if is_rated else compared()
    finally:
        sandbox.terminate()
        sandbox.wait()
    if not is_kept:
        sys.exit("a bound is missed")


main()
