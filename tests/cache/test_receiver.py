"""The receiver of purges by itself: whom it believes, and what it drops."""

import base64
import hashlib
import hmac
import pathlib
import tempfile
import unittest

import receiver
from stack import SECRET

KEY = receiver.key_of(SECRET)


def signature(name, timestamp, body, key=KEY):
    signed = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Messages(unittest.TestCase):
    def test_the_example_of_the_standard_is_believed(self):
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
        receiver.verify(KEY, headers, b'{"test": 2432232314}', 1_614_265_330 + 299)

    def test_one_of_several_signatures_is_enough(self):
        former = signature("msg_1", 1000, b"{}", key=b"former")
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1000",
            "webhook-signature": f"{former} {signature('msg_1', 1000, b'{}')}",
        }
        receiver.verify(KEY, headers, b"{}", 1000)

    def test_what_is_not_genuine_or_not_of_now_is_refused(self):
        good = {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1000",
            "webhook-signature": signature("msg_1", 1000, b"{}"),
        }
        for change, body, now in [
            ({}, b"[]", 1000),
            ({}, b"{}", 1301),
            ({}, b"{}", 699),
            ({"webhook-id": "msg_2"}, b"{}", 1000),
            ({"webhook-timestamp": "1001"}, b"{}", 1000),
            ({"webhook-timestamp": ""}, b"{}", 1000),
            ({"webhook-timestamp": "-1000"}, b"{}", 1000),
            ({"webhook-timestamp": "¹"}, b"{}", 1000),
            ({"webhook-signature": ""}, b"{}", 1000),
            ({"webhook-signature": "v1,é"}, b"{}", 1000),
            ({"webhook-signature": signature("msg_1", 1000, b"{}", key=b"else")}, b"{}", 1000),
        ]:
            with self.subTest(change=change, body=body, now=now):
                with self.assertRaises(receiver.Refused):
                    receiver.verify(KEY, {**good, **change}, body, now)

    def test_a_secret_of_another_form_is_refused(self):
        for secret in ["", "whsec_", "whsec_é", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]:
            with self.subTest(secret), self.assertRaises(ValueError):
                receiver.key_of(secret)


class Entries(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = pathlib.Path(folder.name)

    def entry(self, name, text):
        path = self.cache / name[-1] / name[-3:-1] / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"\x05\0\0\0binary" + text)
        return path

    def test_entries_with_a_tag_are_dropped_and_others_stay(self):
        stored = b"\nKEY: /v1/x\nHTTP/1.1 200 OK\r\n%s\r\n\r\n%s"
        guide = self.entry("0" * 32, stored % (b"Cache-Tag: content, guide/a", b"{}"))
        other = self.entry("1" * 32, stored % (b"cache-tag: content,guide/ab", b"guide/a"))
        in_body = self.entry("2" * 32, stored % (b"etag: 1", b"cache-tag: guide/a\r\n\r\n"))
        cut = self.entry("3" * 32, b"\nKEY: /v1/x\nHTTP/1.1 200 OK\r\n")
        unfinished = self.entry("4" * 32 + ".0000000001", stored % (b"cache-tag: guide/a", b""))
        self.assertEqual(receiver.drop(self.cache, {"guide/a", "release"}), 2)
        left = [path.exists() for path in (guide, other, in_body, cut, unfinished)]
        self.assertEqual(left, [False, True, True, False, True])
        self.assertEqual(receiver.drop(self.cache, {"content"}), 1)


if __name__ == "__main__":
    unittest.main()
