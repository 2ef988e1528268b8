"""Whom connections by TLS trust: SSL_CERT_FILE, SSL_CERT_DIR, else the authorities of the system."""

import os
import ssl
import sys
import threading

from loomkin.errors import TlsError
from loomkin.llm.failures import shorten

# where systems keep their authorities when OpenSSL was built to look elsewhere
_BUNDLES = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
_made: dict[tuple[str, str], ssl.SSLContext] = {}
_making = threading.Lock()


def authorities() -> ssl.SSLContext:
    """The one context of the process for what the two variables say now; making it takes about 30 ms.

    Raises TlsError where the certificates cannot be loaded. Blocks: call it in a thread.
    """
    file, folder = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    with _making:
        if (file, folder) not in _made:
            try:
                _made[file, folder] = _context(file, folder)
            except OSError as error:
                raise _bad_bundle(file or folder, error) from error
        return _made[file, folder]


def _context(file: str, folder: str) -> ssl.SSLContext:
    """What `httpx2.create_ssl_context` makes, without loading that library."""
    if file:
        context = ssl.create_default_context(cafile=file)
    elif folder:
        context = ssl.create_default_context(capath=folder)
    elif sys.platform == "darwin":
        import truststore  # heavy: late on purpose

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = _of_the_system()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _of_the_system() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    file = paths.openssl_cafile if os.path.isfile(paths.openssl_cafile) else None
    folder = paths.openssl_capath if os.path.isdir(paths.openssl_capath) else None
    if folder and not file and not any(_is_hashed(name) for name in os.listdir(folder)):
        folder = None
    if not file and not folder:
        file = next(filter(os.path.isfile, _BUNDLES), None)
    if file or folder:
        context.load_verify_locations(file, folder)
    return context


def _is_hashed(name: str) -> bool:
    """Whether a file is named as OpenSSL looks for authorities, `9d04f354.0`."""
    stem, dot, number = name.partition(".")
    hexadecimal = len(stem) == 8 and all(digit in "0123456789abcdefABCDEF" for digit in stem)
    return hexadecimal and bool(dot) and len(number) == 1 and number.isdigit()


def _bad_bundle(named: str, error: OSError) -> TlsError:
    where = named or "the system's certificates"
    hint = "Set SSL_CERT_FILE to a readable PEM file, or unset it."
    return TlsError(f"the certificates in {where} cannot be loaded: {shorten(str(error))}", hint=hint)
