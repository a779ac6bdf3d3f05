"""The service between a sandbox and an nginx, each a process of its own on a free port."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).parent
# `run` sets them.
PROGRAM, NGINX = os.environ.get("LOCADOCS", ""), os.environ.get("NGINX", "")
BASE_AND_URL = re.compile(r"Grids +(http://\S+)/\n.*Base +(app\w+)", re.DOTALL)
TOKEN = "patSandbox00000000.sandbox"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# How long anything may take on a slow machine, in seconds.
PATIENCE = 30


def until(what, check):
    """Asks again until there is an answer, and gives it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        if found := check():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {PATIENCE} s: {what}")
        time.sleep(0.02)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def cache(self):
        """What nginx says of its cache: MISS, HIT, STALE…"""
        return self.headers["x-cache-status"]

    def json(self):
        return json.loads(self.body)


def ask(port, path, method="GET", client="127.0.0.1", body=None, **headers):
    """A request from an address of this machine, on a connection of its own."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=PATIENCE, source_address=(client, 0)
    )
    with contextlib.closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers={"Accept-Encoding": "identity", **named})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


class Process:
    """A program under way. What it says is in a file."""

    def __init__(self, name, folder, *command, **environment):
        self.name = name
        self.log = folder / f"{name}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )

    def said(self, pattern):
        """What it says, once it does."""

        def find():
            if self.child.poll() is not None:
                raise AssertionError(f"{self.name} ended:\n{self.log.read_text()}")
            return re.search(pattern, self.log.read_text())

        return until(f"{self.name} says {pattern}", find)

    def listens(self, port):
        def connect():
            if self.child.poll() is not None:
                raise AssertionError(f"{self.name} ended:\n{self.log.read_text()}")
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                return True

        until(f"{self.name} listens", connect)
        return self

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Stack:
    """Sandbox, service, nginx, and a receiver of purges if one is wanted."""

    def __init__(self, **settings):
        self.settings = settings
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="locadocs-cache-"))
        # nginx gives up its rights, and must still find its cache.
        self.folder.chmod(0o755)
        self.cache = self.folder / "cache"
        self.processes = {}
        self.purge_port = free_port()
        self.service_port = 0
        try:
            self.start_sandbox()
            self.start_service()
            self.start_nginx()
        except BaseException:
            self.stop()
            raise

    def run(self, name, *command, **environment):
        process = Process(name, self.folder, *command, **environment)
        self.processes[name] = process
        return process

    def end(self, name):
        self.processes.pop(name).stop()

    def stop(self):
        for name in reversed(list(self.processes)):
            self.end(name)
        shutil.rmtree(self.folder)

    def start_sandbox(self):
        sandbox = self.run("sandbox", PROGRAM, "sandbox", "--listen", "127.0.0.1:0", "--rate", "0")
        self.airtable, self.base = sandbox.said(BASE_AND_URL).groups()

    def start_service(self, data="data"):
        """Starts the service, on the port that it had before."""
        names = {
            "AIRTABLE_BASE": self.base,
            "AIRTABLE_REQUESTS_PER_SECOND": "0",
            "AIRTABLE_TOKEN": TOKEN,
            "AIRTABLE_URL": self.airtable,
            "HTTP_TRUSTED_PROXIES": "[127.0.0.1]",
            "LOG_FORMAT": "json",
            "STORE_DATA_DIR": str(self.folder / data),
            "SYNC_EVERY_SECONDS": "1",
            "SYNC_MONTHLY_CALLS": "0",
            **self.settings,
        }
        if "PURGE_SECRET" in names:
            names["PURGE_URLS"] = f"[http://127.0.0.1:{self.purge_port}/]"
        environment = {f"LOCADOCS_{name}": value for name, value in names.items()}
        listen = f"127.0.0.1:{self.service_port}"
        service = self.run("service", PROGRAM, "serve", "--listen", listen, **environment)
        self.service_port = int(service.said(r'"address":"127\.0\.0\.1:(\d+)"')[1])

    def ready(self):
        """Waits until something is published, with its images."""
        until("something is published", lambda: self.direct("/readyz").status == 200)
        return until("images are copied", self.image)

    def image(self):
        step = self.direct("/v1/guides/urbanisme/steps/permis-contenu").json()
        found = step["step"]["illustrations"]
        return found and found[0]["url"]

    def start_nginx(self):
        port = free_port()
        text = (HERE / "nginx.conf").read_text()
        for name, value in {
            "FOLDER": str(self.folder),
            "LISTEN": f"127.0.0.1:{port}",
            "SERVICE": f"127.0.0.1:{self.service_port}",
        }.items():
            text = text.replace(f"@{name}@", value)
        conf = self.folder / "nginx.conf"
        conf.write_text(text)
        nginx = self.run("nginx", NGINX, "-e", "stderr", "-p", str(self.folder), "-c", str(conf))
        nginx.listens(port)
        self.port = port

    def start_receiver(self):
        command = [sys.executable, str(HERE / "receiver.py"), "--cache", str(self.cache)]
        listen = f"127.0.0.1:{self.purge_port}"
        receiver = self.run("receiver", *command, "--listen", listen, LOCADOCS_PURGE_SECRET=SECRET)
        receiver.listens(self.purge_port)

    def get(self, path, method="GET", **headers):
        """Through nginx."""
        return ask(self.port, path, method, **headers)

    def direct(self, path, method="GET", **headers):
        """Past nginx."""
        return ask(self.service_port, path, method, **headers)

    def count(self, metric, **labels):
        """What the service has counted."""
        total = 0
        for line in self.direct("/metrics").body.decode().splitlines():
            name, _, rest = line.partition("{")
            found = dict(re.findall(r'(\w+)="([^"]*)"', rest))
            if name == metric and labels.items() <= found.items():
                total += int(rest.rpartition(" ")[2])
        return total

    def requests(self, route, **labels):
        """How many requests to a route have reached the service."""
        return self.count("locadocs_http_requests_total", route=route, **labels)

    def purges(self, result):
        """How many attempts to bring a purge have ended so."""
        return self.count("locadocs_purges_total", result=result)

    def delivered(self):
        return self.purges("delivered")

    def edit(self, table, record, **cells):
        """What an archivist does."""
        path = f"/v0/{self.base}/{urllib.parse.quote(table)}/{record}"
        port = urllib.parse.urlsplit(self.airtable).port
        answer = ask(
            port,
            path,
            "PATCH",
            body=json.dumps({"fields": cells}),
            Authorization=f"Bearer {TOKEN}",
            Content_Type="application/json",
        )
        if answer.status != 200:
            raise AssertionError(f"the sandbox refuses an edit: {answer.body.decode()}")
