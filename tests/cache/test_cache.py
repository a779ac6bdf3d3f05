"""nginx in front of the service, as a client sees the two."""

import concurrent.futures
import contextlib
import gzip
import http.client
import itertools
import unittest

from stack import PATIENCE, SECRET, Stack, ask, until

GUIDE = "/v1/guides/urbanisme"
GUIDES = "/v1/guides"
SERVICES = "/v1/services"
DOCUMENT = "/v1/documents/permis-de-construire"
# As the routes are named in /metrics.
GUIDE_ROUTE = "/v1/guides/{guide}"
COMMUNES = "/v1/communes?q="
TITLES = map("Urbanisme et foncier, version {}".format, itertools.count(1))


class Cached(unittest.TestCase):
    """Answers are kept long, and dropped by purges."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(
            HTTP_MAX_AGE_SECONDS="3600",
            HTTP_RATE_LIMIT_PER_SECOND="1",
            HTTP_RATE_LIMIT_BURST="5",
            PURGE_SECRET=SECRET,
        )
        cls.addClassCleanup(cls.stack.stop)
        stack = cls.stack
        stack.start_receiver()
        stack.image_path = stack.ready()
        until("the receiver is greeted", lambda: stack.delivered() >= 1)

    def edit_guide(self):
        """Gives the guide a new title."""
        title = next(TITLES)
        self.stack.edit("Guides", "recUrbanisme00001", Titre=title)
        return title

    def kept(self, path, **headers):
        """An answer that nginx has kept."""
        self.stack.get(path, **headers)
        answer = self.stack.get(path, **headers)
        self.assertEqual((answer.status, answer.cache), (200, "HIT"), path)
        return answer

    def shows(self, title):
        return self.stack.get(GUIDE).json()["title"] == title

    def test_each_coding_is_asked_for_once(self):
        path = f"{GUIDE}?fields=title,steps"
        before = self.stack.requests(GUIDE_ROUTE)
        bodies = {}
        for coding in ("identity", "gzip", "br", "zstd"):
            with self.subTest(coding):
                first = self.stack.get(path, Accept_Encoding=coding)
                self.assertEqual((first.status, first.cache), (200, "MISS"))
                found = first.headers.get("content-encoding", "identity")
                self.assertEqual(found, coding)
                for _ in range(3):
                    again = self.stack.get(path, Accept_Encoding=coding)
                    self.assertEqual((again.cache, again.body), ("HIT", first.body))
                    self.assertEqual(again.headers["etag"], first.headers["etag"])
                bodies[coding] = first.body
        self.assertEqual(self.stack.requests(GUIDE_ROUTE) - before, len(bodies))
        self.assertEqual(gzip.decompress(bodies["gzip"]), bodies["identity"])
        for coding, body in bodies.items():
            self.assertEqual(self.stack.direct(path, Accept_Encoding=coding).body, body, coding)

    def test_many_who_ask_at_once_are_one_request(self):
        path = f"{GUIDE}?fields=title"
        before = self.stack.requests(GUIDE_ROUTE)
        with concurrent.futures.ThreadPoolExecutor(20) as clients:
            answers = list(clients.map(self.stack.get, [path] * 20))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        self.assertEqual(self.stack.requests(GUIDE_ROUTE) - before, 1)

    def test_a_client_that_has_the_answer_is_told_so_by_the_cache(self):
        etag = self.kept(DOCUMENT).headers["etag"]
        route = "/v1/documents/{document}"
        before = self.stack.requests(route)
        for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            with self.subTest(known):
                answer = self.stack.get(DOCUMENT, If_None_Match=known)
                self.assertEqual((answer.status, answer.cache, answer.body), (304, "HIT", b""))
                self.assertEqual(answer.headers["etag"], etag)
        self.assertEqual(self.stack.get(DOCUMENT, If_None_Match='"other"').status, 200)
        self.assertEqual(self.stack.requests(route), before)

    def test_a_head_is_the_head_of_what_is_kept(self):
        path = f"{SERVICES}?limit=2"
        head = self.stack.get(path, "HEAD")
        self.assertEqual((head.status, head.cache, head.body), (200, "MISS", b""))
        whole = self.stack.get(path)
        self.assertEqual(whole.cache, "HIT")
        for name in ("etag", "content-length", "cache-control", "last-modified", "x-release"):
            self.assertEqual(head.headers[name], whole.headers[name], name)
        self.assertEqual(int(head.headers["content-length"]), len(whole.body))

    def test_ranges_of_files_come_from_the_cache(self):
        path = self.stack.image_path
        whole = self.kept(path).body
        before = self.stack.requests("/v1/media/{id}/{file}")
        for asked, expected in [
            ("bytes=0-9", whole[:10]),
            ("bytes=10-", whole[10:]),
            ("bytes=-10", whole[-10:]),
        ]:
            with self.subTest(asked):
                answer = self.stack.get(path, Range=asked)
                self.assertEqual((answer.status, answer.cache), (206, "HIT"))
                self.assertEqual(answer.body, expected)
        answer = self.stack.get(path, Range=f"bytes={len(whole)}-")
        self.assertEqual((answer.status, answer.cache), (416, "HIT"))
        self.assertEqual(self.stack.requests("/v1/media/{id}/{file}"), before)

    def test_a_range_that_is_asked_for_first_is_right(self):
        path = f"{self.stack.image_path}?width=320"
        part = self.stack.get(path, Range="bytes=0-9")
        whole = self.stack.get(path)
        self.assertEqual((part.status, whole.status), (206, 200))
        self.assertEqual(part.body, whole.body[:10])

    def test_the_order_of_parameters_changes_nothing_but_the_key(self):
        question = "/v1/locate?document=permis-de-construire&commune=35238"
        turned = "/v1/locate?commune=35238&document=permis-de-construire"
        one, other = self.kept(question), self.kept(turned)
        self.assertEqual(one.body, other.body)
        for name in ("etag", "cache-tag"):
            self.assertEqual(one.headers[name], other.headers[name])

    def test_browsers_keep_for_a_minute_what_nginx_keeps_until_it_is_purged(self):
        minute = "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"
        self.assertIn("max-age=3600,", self.stack.direct(GUIDE).headers["cache-control"])
        self.assertEqual(self.kept(GUIDE).headers.get_all("cache-control"), [minute])
        for path in (self.stack.image_path, f"{GUIDES}/none", "/healthz"):
            told = self.stack.direct(path).headers["cache-control"]
            self.assertEqual(self.stack.get(path).headers.get_all("cache-control"), [told], path)

    def test_slips_and_states_are_not_kept(self):
        for path, status in [
            (f"{GUIDE}?unknown=1", 400),
            ("/healthz", 200),
            ("/readyz", 200),
            ("/v1/flat/locate", 200),
        ]:
            for _ in range(2):
                answer = self.stack.get(path)
                self.assertEqual((answer.status, answer.cache), (status, "MISS"), path)

    def test_an_edit_is_public_at_once_and_the_rest_stays(self):
        untouched = [SERVICES, DOCUMENT, self.stack.image_path]
        for path in (GUIDE, GUIDES, *untouched):
            self.kept(path)
        self.kept(GUIDE, Accept_Encoding="gzip")
        former = self.stack.get(GUIDE).headers["etag"]
        before = self.stack.delivered()
        title = self.edit_guide()
        until("the receiver is told", lambda: self.stack.delivered() > before)
        for headers in ({}, {"Accept_Encoding": "gzip"}):
            answer = self.stack.get(GUIDE, If_None_Match=former, **headers)
            self.assertEqual((answer.status, answer.cache), (200, "MISS"))
        self.assertTrue(self.shows(title))
        listed = self.stack.get(GUIDES)
        self.assertEqual(listed.cache, "MISS")
        self.assertEqual(listed.json()["items"][0]["title"], title)
        for path in untouched:
            self.assertEqual(self.stack.get(path).cache, "HIT", path)

    def test_a_purge_waits_for_a_receiver_that_is_down(self):
        self.kept(GUIDE)
        self.stack.end("receiver")
        failed = self.stack.purges("failed")
        title = self.edit_guide()
        until("the purge has failed", lambda: self.stack.purges("failed") > failed)
        self.assertEqual(self.stack.direct(GUIDE).json()["title"], title)
        answer = self.stack.get(GUIDE)
        self.assertEqual(answer.cache, "HIT")
        self.assertNotEqual(answer.json()["title"], title)
        self.stack.start_receiver()
        until("the purge has come", lambda: self.shows(title))

    def test_a_forged_purge_drops_nothing(self):
        self.kept(GUIDE)
        answer = ask(
            self.stack.purge_port,
            "/",
            "POST",
            body='{"type":"purge","release":"0","tags":["content"]}',
            webhook_id="msg_1",
            webhook_timestamp="1795435200",
            webhook_signature="v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        )
        self.assertEqual(answer.status, 401)
        self.assertEqual(self.stack.get(GUIDE).cache, "HIT")

    def test_events_come_as_they_happen(self):
        with contextlib.ExitStack() as listening:
            streams = [listening.enter_context(self.listener()) for _ in range(2)]
            for stream in streams:
                self.assertIn(b"event: release", self.event(stream))
            before = self.stack.delivered()
            self.edit_guide()
            for stream in streams:
                self.assertIn(b'"urbanisme"', self.event(stream))
        # So that it purges nothing of another test.
        until("the receiver is told", lambda: self.stack.delivered() > before)

    @contextlib.contextmanager
    def listener(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", "/v1/events")
            response = connection.getresponse()
            self.assertEqual(response.headers["content-type"], "text/event-stream")
            yield response

    @staticmethod
    def event(stream):
        """The next event: lines up to an empty one; comments are passed over."""
        while True:
            event = b"".join(iter(stream.readline, b"\n"))
            if b"\ndata:" in event:
                return event

    def test_clients_are_counted_by_the_address_that_nginx_saw(self):
        def too_many(client, forged=None):
            """The first question that is refused, of some that nginx can't have kept."""
            forged = forged or (lambda _: {})
            for n in range(100):
                path = f"{COMMUNES}{client}-{n}"
                if ask(self.stack.port, path, client=client, **forged(n)).status == 429:
                    return path
            return None

        refused = too_many("127.0.0.2")
        self.assertIsNotNone(refused)
        # Neither is the refusal kept for others, nor do they pay for it.
        answer = ask(self.stack.port, refused, client="127.0.0.3")
        self.assertEqual((answer.status, answer.cache), (200, "MISS"))
        for forged in (
            lambda n: {"X_Forwarded_For": f"198.51.100.{n}"},
            lambda n: {"X_Forwarded_For": f"198.51.100.{n}, 127.0.0.1"},
            lambda n: {"Forwarded": f"for=198.51.100.{n}"},
        ):
            self.assertIsNotNone(too_many("127.0.0.4", forged))
        # What is kept costs nothing.
        self.kept(SERVICES)
        answers = [ask(self.stack.port, SERVICES, client="127.0.0.2") for _ in range(20)]
        self.assertEqual({answer.status for answer in answers}, {200})


class Revalidated(unittest.TestCase):
    """Answers grow old within a second, and are renewed while the old ones are served."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(
            HTTP_MAX_AGE_SECONDS="1",
            HTTP_STALE_WHILE_REVALIDATE_SECONDS="3600",
            HTTP_STALE_IF_ERROR_SECONDS="0",
        )
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.ready()

    def test_an_old_answer_is_served_while_nginx_asks_if_it_is_still_good(self):
        first = self.stack.get(GUIDE)
        self.assertEqual(first.cache, "MISS")
        renewed = self.stack.requests(GUIDE_ROUTE, status="304")
        old = until("it is old", lambda: not_hit(self.stack.get(GUIDE)))
        self.assertEqual((old.cache, old.body), ("STALE", first.body))
        answered = self.stack.requests(GUIDE_ROUTE, status="200")
        until("it is renewed", lambda: self.stack.requests(GUIDE_ROUTE, status="304") > renewed)
        self.assertEqual(self.stack.requests(GUIDE_ROUTE, status="200"), answered)
        until("it is kept again", lambda: self.stack.get(GUIDE).cache == "HIT")

    def test_an_edit_comes_without_a_purge(self):
        before = self.stack.get(GUIDES).json()["items"][0]["title"]
        title = next(TITLES)
        self.stack.edit("Guides", "recUrbanisme00001", Titre=title)
        found = until("it has come", lambda: changed(self.stack.get(GUIDES), before))
        self.assertEqual(found, title)


class Down(unittest.TestCase):
    """Answers grow old within a second, and nothing but a failure lets old ones be served."""

    def setUp(self):
        self.stack = Stack(
            HTTP_MAX_AGE_SECONDS="1",
            HTTP_STALE_WHILE_REVALIDATE_SECONDS="0",
            HTTP_STALE_IF_ERROR_SECONDS="3600",
        )
        self.addCleanup(self.stack.stop)
        self.stack.ready()

    def test_what_is_known_goes_on_while_the_service_is_down(self):
        first = self.stack.get(GUIDE)
        packed = self.stack.get(GUIDE, Accept_Encoding="gzip")
        renewed = until("it is old", lambda: not_hit(self.stack.get(GUIDE)))
        self.assertEqual((renewed.cache, renewed.body), ("REVALIDATED", first.body))
        self.assertGreaterEqual(self.stack.requests(GUIDE_ROUTE, status="304"), 1)

        self.stack.end("service")
        old = until("it is old again", lambda: not_hit(self.stack.get(GUIDE)))
        self.assertEqual((old.status, old.cache, old.body), (200, "STALE", first.body))
        head = self.stack.get(GUIDE, "HEAD")
        self.assertEqual((head.status, head.cache), (200, "STALE"))
        known = self.stack.get(GUIDE, If_None_Match=first.headers["etag"])
        self.assertEqual((known.status, known.cache), (304, "STALE"))
        old = self.stack.get(GUIDE, Accept_Encoding="gzip")
        self.assertEqual((old.status, old.body), (200, packed.body))
        # What nobody has asked for, nobody knows.
        self.assertEqual(self.stack.get(SERVICES).status, 502)

        # It has the same validators as before.
        self.stack.start_service()
        back = until("it is back", lambda: not_stale(self.stack.get(GUIDE)))
        self.assertEqual((back.cache, back.body), ("REVALIDATED", first.body))
        self.assertEqual(self.stack.get(SERVICES).cache, "MISS")

    def test_what_is_known_goes_on_while_the_service_has_nothing_to_publish(self):
        first = self.stack.get(GUIDE)
        self.stack.end("service")
        self.stack.end("sandbox")
        self.stack.start_service(data="empty")
        self.assertEqual(self.stack.direct(GUIDE).status, 503)
        old = until("it is old", lambda: not_hit(self.stack.get(GUIDE)))
        self.assertEqual((old.status, old.cache, old.body), (200, "STALE", first.body))
        self.assertEqual(self.stack.get(SERVICES).status, 503)


def not_hit(answer):
    return answer if answer.cache != "HIT" else None


def not_stale(answer):
    return answer if answer.cache != "STALE" else None


def changed(answer, before):
    title = answer.json()["items"][0]["title"]
    return title if title != before else None


if __name__ == "__main__":
    unittest.main()
