"""Compare the service with nginx serving the same bytes from disk, in one run.

    cargo build --release
    python3 benches/http/compare.py [--seconds 4] [--rounds 5]

Starts `locadocs demo` and an nginx with two workers and `gzip_static`, open files cached and no log,
then lets wrk ask both in turn: 64 connections, kept alive. For each kind of read it prints the median
requests a second of both, the median 99th percentile, the CPU time of the servers for a request, and
the ratios. CPU time tells more than requests on a machine that others use too.

Needs nginx and wrk; installs Debian's packages when run as root. Exits with 1 when a goal is missed.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

BINARY = os.environ.get("LOCADOCS", "target/release/locadocs")
SERVICE = "http://127.0.0.1:18480"
SANDBOX = "127.0.0.1:18481"
NGINX = "http://127.0.0.1:18482"
CONNECTIONS = 64
TICKS = os.sysconf("SC_CLK_TCK")
GUIDE = "/v1/guides/urbanisme"
LOCATE = "/v1/locate?document=permis-de-construire&commune=35238&date=1987"
COMMUNES = "/v1/communes?q=renn"

NGINX_CONF = """
worker_processes 2;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    open_file_cache max=1000;
    open_file_cache_valid 60s;
    gzip_static on;
    gzip_vary on;
    default_type application/json;
    server {{
        listen 127.0.0.1:18482;
        root {root}/html;
{headers}    }}
}}
"""

# Random requests: the same ones, in the same order, for both servers.
LOCATE_LUA = """
local codes = {{{codes}}}
math.randomseed(1)
request = function()
  return wrk.format("GET", "{path}?document=permis-de-construire&commune="
    .. codes[math.random(#codes)] .. "&date=" .. math.random(1900, 2025))
end
"""
COMMUNES_LUA = """
local letters = "abcdefghijklmnopqrstuvwxyz"
math.randomseed(1)
request = function()
  local prefix = ""
  for _ = 1, math.random(4) do
    local at = math.random(#letters)
    prefix = prefix .. letters:sub(at, at)
  end
  return wrk.format("GET", "{path}?q=" .. prefix)
end
"""


def get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers


def wait_for(url):
    for _ in range(600):
        with contextlib.suppress(OSError):
            return get(url)
        time.sleep(0.02)
    sys.exit(f"{url} does not answer")


def install():
    missing = [tool for tool in ("nginx", "wrk") if not shutil.which(tool)]
    if missing and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "check": True}
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        subprocess.run(["apt-get", "install", "-yq", "--no-install-recommends", *missing], **quiet)
    elif missing:
        sys.exit(f"install {' and '.join(missing)}")


def start_nginx(root, files, headers):
    """Serves these bodies by path, with the headers that the service gives too."""
    html = root / "html"
    for path, bodies in files.items():
        file = html / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bodies["identity"])
        if "gzip" in bodies:
            pathlib.Path(f"{file}.gz").write_bytes(bodies["gzip"])
    os.chmod(root, 0o755)
    lines = "".join(f'        add_header {name} "{value}";\n' for name, value in headers.items())
    conf = root / "nginx.conf"
    conf.write_text(NGINX_CONF.format(root=root, headers=lines))
    subprocess.run(["nginx", "-c", conf], check=True)
    wait_for(NGINX + next(iter(files)))
    return int((root / "nginx.pid").read_text())


def pids(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu(pid):
    """Seconds that a process and its children have taken."""
    ticks = 0
    for one in pids(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def memory(pid):
    """MB that a process has in memory."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def wrk(pid, url, duration, headers=(), script=None, connections=CONNECTIONS):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--latency"]
    command += [word for header in headers for word in ("-H", header)]
    command += ["-s", str(script)] if script else []
    before = cpu(pid)
    out = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    spent = cpu(pid) - before
    if "Non-2xx" in out and "If-None-Match" not in str(headers):
        sys.exit(f"{url}: {out}")
    if "Socket errors" in out:
        print(f"  {url}: {re.search('Socket errors.*', out)[0]}")
    requests = int(re.search(r"(\d+) requests in", out)[1])
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        "p99": seconds(re.search(r"^\s+99%\s+(\S+)", out, re.MULTILINE)[1]),
        "cpu": spent / requests,
    }


def compare(name, goal, service, nginx, rounds, duration):
    """Asks both in turn; each is (pid, URL, further arguments of wrk)."""
    runs = {"service": [], "nginx": []}
    for _ in range(rounds):
        for who, (pid, url, more) in (("nginx", nginx), ("service", service)):
            runs[who].append(wrk(pid, url, duration, **more))

    def median(who, what):
        return statistics.median(run[what] for run in runs[who])

    rate, p99, spent = (
        median("service", what) / median("nginx", what) for what in ("rate", "p99", "cpu")
    )
    print(
        f"{name:34} {median('service', 'rate'):9.0f} {median('nginx', 'rate'):9.0f} {rate:6.2f}"
        f"   {median('service', 'p99') * 1e3:7.2f} {median('nginx', 'p99') * 1e3:7.2f} {p99:6.2f}"
        f"   {median('service', 'cpu') * 1e6:6.1f} {median('nginx', 'cpu') * 1e6:6.1f} {spent:6.2f}"
        f"   {'ok' if rate >= goal else f'below {goal}'}"
    )
    return rate >= goal


def codes():
    """INSEE codes of communes, all over France."""
    found = set()
    for prefix in ("saint", "la", "le", "vi", "mo", "ch", "ma", "be", "po", "ro", "au", "co", "br"):
        body, _ = get(f"{SERVICE}/v1/communes?q={prefix}&limit=20")
        found.update(item["code"] for item in json.loads(body)["items"])
    return sorted(found)


def reads(pid, nginx, root, rounds, duration):
    bodies = {}
    for path in (GUIDE, LOCATE, COMMUNES):
        plain, headers = get(SERVICE + path)
        bodies[path.split("?")[0]] = {"identity": plain}
    zipped, _ = get(SERVICE + GUIDE, **{"Accept-Encoding": "gzip"})
    bodies[GUIDE]["gzip"] = zipped
    kept = ("Cache-Control", "X-Release", "Content-Security-Policy", "Referrer-Policy",
            "X-Content-Type-Options", "Access-Control-Allow-Origin")
    nginx_pid = nginx(bodies, {name: headers[name] for name in kept if name in headers})
    gzip = {"headers": ["Accept-Encoding: gzip"]}
    print(f"guide tree: {len(bodies[GUIDE]['identity'])} bytes, {len(zipped)} by gzip;"
          f" {CONNECTIONS} connections, {rounds} rounds of {duration} s\n")
    print(f"{'':34} {'requests a second':^26}   {'p99, ms':^22}   {'CPU µs a request':^20}")
    print(f"{'':34} {'service':>9} {'nginx':>9} {'ratio':>6}   {'service':>7} {'nginx':>7}"
          f" {'ratio':>6}   {'service':>6} {'nginx':>6} {'ratio':>6}")

    def both(name, goal, path, more, other=None):
        service = (pid, SERVICE + path, more)
        return compare(name, goal, service, (nginx_pid, NGINX + path, other or more), rounds,
                       duration)

    def known(url):
        return {"headers": [f"If-None-Match: {get(url)[1]['ETag']}"]}

    def random(name, lua, path):
        script = root / f"{name}.lua"
        script.write_text(lua.format(path=path, codes=",".join(f'"{code}"' for code in codes())))
        return {"script": script}

    locate, communes = LOCATE.split("?")[0], COMMUNES.split("?")[0]
    return all([
        both("guide, identity", 1.0, GUIDE, {}),
        both("guide, gzip", 1.0, GUIDE, gzip),
        both("guide, 304", 1.0, GUIDE, known(SERVICE + GUIDE), known(NGINX + GUIDE)),
        both("locate, random", 0.8, locate, random("locate", LOCATE_LUA, locate)),
        both("communes, random prefixes", 0.7, communes,
             random("communes", COMMUNES_LUA, communes)),
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    install()
    demo = subprocess.Popen(
        [BINARY, "demo", "--listen", SERVICE.removeprefix("http://"), "--sandbox", SANDBOX],
        stdout=subprocess.DEVNULL,
    )
    root = pathlib.Path(tempfile.mkdtemp(prefix="locadocs-bench-"))
    started = []

    def nginx(*what):
        started.append(start_nginx(root, *what))
        return started[0]

    try:
        wait_for(f"{SERVICE}/v1")
        has_met = reads(demo.pid, nginx, root, options.rounds, options.seconds)
        print(f"\nmemory of the service: {memory(demo.pid):.0f} MB")
        sys.exit(0 if has_met else 1)
    finally:
        demo.terminate()
        for pid in started:
            os.kill(pid, signal.SIGQUIT)
        demo.wait()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
