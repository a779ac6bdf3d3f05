"""A pytest plugin that turns every pyairtable client to the sandbox, whatever builds it."""

import os

import pyairtable.api.api


def pytest_configure(config):
    config.addinivalue_line("markers", "integration: talks to a live server")
    init = pyairtable.api.api.Api.__init__

    def init_at_sandbox(self, api_key, **options):
        init(self, api_key, **{**options, "endpoint_url": os.environ["SANDBOX_URL"]})

    pyairtable.api.api.Api.__init__ = init_at_sandbox
