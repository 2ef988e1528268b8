"""A proxy is thought of where the environment names one for the address, as the HTTP library reads it."""

import pytest

from loomkin.llm.http_proxies import may_be_proxied

HTTPS = "https://api.example.test/v1"
HTTP = "http://models.example.test/v1"
PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        (HTTPS, {}, False),
        (HTTPS, {"HTTPS_PROXY": PROXY}, True),
        (HTTPS, {"https_proxy": PROXY}, True),
        (HTTPS, {"ALL_PROXY": PROXY}, True),
        (HTTPS, {"HTTP_PROXY": PROXY}, False),
        (HTTP, {"HTTP_PROXY": PROXY}, True),
        (HTTP, {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, False),
        (HTTP, {"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, True),
        (HTTP, {"HTTP_PROXY": PROXY, "http_proxy": ""}, False),
        (HTTPS, {"HTTPS_PROXY": ""}, False),
        (HTTPS, {"TRAVIS_APT_PROXY": PROXY}, False),
        (HTTPS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "x.test, *"}, False),
        (HTTPS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "other.test"}, True),
        ("http://127.0.0.1:11434", {"ALL_PROXY": PROXY}, False),
        ("http://localhost:11434", {"ALL_PROXY": PROXY}, False),
        ("https://[::1]:1/", {"ALL_PROXY": PROXY}, False),
        ("http://127.evil.test/", {"ALL_PROXY": PROXY}, True),
    ],
)
def test_a_proxy_counts_for_its_scheme_and_never_for_loopback(
    url: str, environ: dict[str, str], expected: bool
) -> None:
    assert may_be_proxied(url, environ) is expected
