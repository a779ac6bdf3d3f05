"""Measure what it costs to stay live on a base of 50,000 rows, beside reading all of it, in one run.

    cargo build --release --bins --examples
    target/release/examples/large_base > target/large.json
    python3 benches/sync/live.py

Starts the sandbox on the rows of `large_base`, with 200 ms of latency on every call, and the service
on it, with a folder to keep things in. Prints, and compares with the first, full round:

- calls of a round without news, and of one after an edit;
- the time from an edit to the new answer, by ping and by polling, and the CPU time that it takes;
- calls for 1,000 rows changed at once;
- the time from the start to the first answer with what an earlier run kept, while Airtable is away;
- the memory that it takes.

Exits with 1 when a bound below is missed.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BINARY = os.environ.get("LOCADOCS", "target/release/locadocs")
SEED = os.environ.get("SEED", "target/large.json")
BASE = "appLocadocsDemo01"
TOKEN = "patSandbox00000000.sandbox"
LATENCY_MS = 200
EDITS = 20

# What is promised.
IDLE_CALLS = 1
EDIT_CALLS = 3
EDIT_SECONDS = 2.0
EDIT_CPU_MS = 50
THOUSAND_CALLS = 15
WARM_MS = 300

missed = []


def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


SANDBOX, SERVICE = (f"http://127.0.0.1:{port()}" for _ in range(2))


def told(name, found, bound, unit=""):
    verdict = "" if found <= bound else "  MISSED"
    print(f"{name:58} {found:9.1f} {unit:3} (at most {bound}){verdict}", flush=True)
    if found > bound:
        missed.append(name)


def ask(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def until(condition, patience=180.0, pause=0.01):
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > patience:
            sys.exit("waited in vain")
        time.sleep(pause)
    return time.monotonic() - start


def is_ready():
    try:
        ask(f"{SERVICE}/v1/guides/guide-1")
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def calls():
    """The calls since the last time."""
    log = json.loads(ask(f"{SANDBOX}/_sandbox/calls"))
    ask(f"{SANDBOX}/_sandbox/calls", "DELETE")
    return len(log if isinstance(log, list) else log["calls"])


def idle_rounds():
    count = 'locadocs_round_duration_seconds_count{kind="idle",outcome="unchanged"} '
    lines = ask(f"{SERVICE}/metrics").decode().splitlines()
    return next(int(line.removeprefix(count)) for line in lines if line.startswith(count))


def cpu_ms(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000 / os.sysconf("SC_CLK_TCK")


def memory_mb(process, key):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key))


def edit(table, record, field, value):
    cell = {"base": BASE, "table": table, "record": record, "field": field, "value": value}
    ask(f"{SANDBOX}/_sandbox/cells", "PUT", cell)


def serve(folder, airtable=SANDBOX, **settings):
    environment = {
        **os.environ,
        "LOCADOCS_AIRTABLE_URL": airtable,
        "LOCADOCS_AIRTABLE_BASE": BASE,
        "LOCADOCS_AIRTABLE_TOKEN": TOKEN,
        "LOCADOCS_AIRTABLE_REQUESTS_PER_SECOND": "0",
        "LOCADOCS_SYNC_MONTHLY_CALLS": "0",
        "LOCADOCS_STORE_DATA_DIR": folder,
        "LOCADOCS_HTTP_PUBLIC_URL": SERVICE,
        "LOCADOCS_SYNC_EVERY_SECONDS": "3600",
        "LOCADOCS_LOG_FILTER": "error",
        **settings,
    }
    command = [BINARY, "serve", "--listen", SERVICE.removeprefix("http://")]
    return subprocess.Popen(command, env=environment)


def stop(process):
    process.terminate()
    process.wait()


def title():
    return json.loads(ask(f"{SERVICE}/v1/guides/guide-1"))["title"]


def live_seconds(n):
    """Edits a title, and waits for it."""
    start = time.monotonic()
    edit("Guides", "recGui00000000001", "Titre", f"Guide {n}")
    until(lambda: title() == f"Guide {n}")
    return time.monotonic() - start


def main():
    folder = tempfile.mkdtemp()
    sandbox = subprocess.Popen(
        [BINARY, "sandbox", "--listen", SANDBOX.removeprefix("http://"), "--seed", SEED,
         "--rate", "0"],
        stdout=subprocess.DEVNULL,
    )
    service = None
    try:
        until(lambda: can_connect(SANDBOX))
        ask(f"{SANDBOX}/_sandbox/faults", "POST", {
            "fault": {"kind": "delay", "milliseconds": LATENCY_MS}
        })
        service = serve(folder)
        cold = until(is_ready, pause=0.1)
        time.sleep(2)
        cold_cpu = cpu_ms(service)
        print(f"first, full round: {cold:.1f} s, {cold_cpu:.0f} ms of CPU, {calls()} calls")

        seconds, costs, before = [], [], cpu_ms(service)
        for n in range(EDITS):
            seconds.append(live_seconds(n))
            time.sleep(1.2)
            costs.append(calls())
        cpu = (cpu_ms(service) - before) / EDITS
        told("an edit by ping, p95, until it is answered", percentile(seconds), EDIT_SECONDS, "s")
        told("calls for an edit, most", max(costs), EDIT_CALLS)
        told("CPU for an edit, mean, asking for it included", cpu, EDIT_CPU_MS, "ms")
        print(f"  that is 1/{cold_cpu / cpu:.0f} of the first round")
        print(f"memory: {memory_mb(service, 'VmHWM'):.0f} MB at most, "
              f"{memory_mb(service, 'VmRSS'):.0f} MB now")
        stop(service)

        service = serve(folder, LOCADOCS_SYNC_EVERY_SECONDS="2")
        until(is_ready)
        time.sleep(5)
        calls()
        rounds, before = idle_rounds(), cpu_ms(service)
        time.sleep(10)
        made, rounds = calls(), idle_rounds() - rounds
        told("calls of a round without news", made / rounds, IDLE_CALLS)
        print(f"CPU of a round without news: {(cpu_ms(service) - before) / rounds:.1f} ms")
        stop(service)

        change_thousand()
        calls()
        service = serve(folder)
        until(is_ready)
        time.sleep(8)
        told("calls for 1,000 changed rows, after a restart", calls(), THOUSAND_CALLS)
        stop(service)

        warm = []
        for _ in range(5):
            service = serve(folder, airtable=f"http://127.0.0.1:{port()}")
            warm.append(until(is_ready, pause=0.002) * 1_000)
            stop(service)
        told("start to first answer, Airtable away, median", statistics.median(warm), WARM_MS, "ms")
        print(f"  that is 1/{cold * 1_000 / statistics.median(warm):.0f} of a first start")
    finally:
        for process in (service, sandbox):
            if process and process.poll() is None:
                process.kill()
        shutil.rmtree(folder)
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


def can_connect(url):
    try:
        ask(f"{url}/_sandbox/calls")
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def percentile(values):
    return statistics.quantiles(values, n=20)[-1]


def change_thousand():
    """As a script of an archivist would: ten rows a call."""
    for start in range(0, 1_000, 10):
        rows = [
            {"id": f"recDon{n:011}", "fields": {"Cote": f"{n} W 1"}}
            for n in range(start, start + 10)
        ]
        url = f"{SANDBOX}/v0/{BASE}/Donn%C3%A9es%20locales"
        request = urllib.request.Request(
            url,
            json.dumps({"records": rows}).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"},
            method="PATCH",
        )
        urllib.request.urlopen(request, timeout=60).read()


main()
