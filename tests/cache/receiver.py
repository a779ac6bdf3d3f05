#!/usr/bin/env python3
"""Drops from nginx's cache what a release of Locadocs makes old.

Open-source nginx can't drop answers by tag. But each file of its cache begins with the headers of
the answer, `Cache-Tag` among them, and a file that is gone is a miss. So this listens for the
messages that docs/caches.md describes, verifies them, and removes the files that carry one of their
tags. It needs Python 3.8 or later alone, and the right to remove those files: run it as nginx's user.

    LOCADOCS_PURGE_SECRET=whsec_… receiver.py --cache /var/cache/nginx/locadocs --listen 127.0.0.1:9000
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import sys
import time

# How far the clocks of the service and of this machine may be apart, in seconds.
TOLERANCE = 300
# Largest message, in bytes; 250 tags take some 20 KB.
LARGEST = 1_000_000
# What nginx calls a whole answer; unfinished ones have another name.
ENTRY = re.compile(r"[0-9a-f]{32}")
# What of an entry is read: more than `proxy_buffer_size`, into which nginx fits all headers.
HEAD = 64 * 1024


class Refused(Exception):
    """A message that is not from the service, or not of now."""


def key_of(secret):
    """The key in a secret as Standard Webhooks write it."""
    prefix, _, encoded = secret.strip().partition("_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if prefix != "whsec" or not key:
        raise ValueError("the secret is not whsec_ and base64")
    return key


def verify(key, headers, body, now):
    """Checks a message by https://www.standardwebhooks.com; raises Refused if it is not genuine."""
    name = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,15}", timestamp) or abs(now - int(timestamp)) > TOLERANCE:
        raise Refused("the message is not of now")
    signed = f"{name}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # Several, parted by spaces, while a secret is replaced.
    signatures = headers.get("webhook-signature", "").encode().split()
    if not any(hmac.compare_digest(signature, expected) for signature in signatures):
        raise Refused("the signature is not that of the message")


def tags_of(entry):
    """The tags of a file of the cache; None where its headers can't be told."""
    with entry.open("rb") as file:
        head = file.read(HEAD)
    _, key, rest = head.partition(b"\nKEY: ")
    headers, end, _ = rest.partition(b"\r\n\r\n")
    if not key or not end:
        return None
    tags = set()
    for line in headers.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"cache-tag":
            tags.update(tag.strip().decode("latin-1") for tag in value.split(b","))
    return tags


def drop(cache, tags):
    """Removes from the cache what has one of the tags; gives the number of files."""
    dropped = 0
    for folder, _, names in os.walk(cache):
        for name in filter(ENTRY.fullmatch, names):
            entry = pathlib.Path(folder, name)
            try:
                found = tags_of(entry)
                if found is None or not found.isdisjoint(tags):
                    entry.unlink()
                    dropped += 1
            except FileNotFoundError:
                # nginx was faster.
                continue
    return dropped


class Handler(http.server.BaseHTTPRequestHandler):
    """Takes messages. Anything but a 2xx has the service send its message again."""

    # Seconds for which a client may be silent.
    timeout = 10

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            return self.send_error(413)
        body = self.rfile.read(int(length))
        try:
            verify(self.server.key, self.headers, body, time.time())
            message = json.loads(body)
            if message["type"] == "purge":
                count = drop(self.server.cache, set(message["tags"]))
                self.log_message("release %s: %d dropped", message["release"], count)
        except Refused as refused:
            return self.send_error(401, str(refused))
        except (ValueError, KeyError, TypeError):
            return self.send_error(400, "the message is not a purge")
        except OSError as error:
            self.log_error("the cache can't be purged: %s", error)
            return self.send_error(500, "the cache can't be purged")
        self.send_response(204)
        self.end_headers()


def main():
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--cache", type=pathlib.Path, required=True, help="as in proxy_cache_path")
    words.add_argument("--listen", default="127.0.0.1:9000", help="address and port")
    options = words.parse_args()
    try:
        key = key_of(os.environ.get("LOCADOCS_PURGE_SECRET", ""))
    except ValueError as error:
        sys.exit(f"LOCADOCS_PURGE_SECRET: {error}")
    host, _, port = options.listen.rpartition(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
    server.key, server.cache = key, options.cache
    server.serve_forever()


if __name__ == "__main__":
    main()
