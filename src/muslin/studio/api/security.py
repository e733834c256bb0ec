"""What stands before every route: who may ask, from where, how much, and what a browser may do with the answer.

A page from the internet must not reach a service on this computer: not by a form or a script (Origin,
Sec-Fetch-Site), not by a name that suddenly points at 127.0.0.1 (Host; "DNS rebinding").
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from muslin.images import MAX_BYTES
from muslin.studio.api import problems
from muslin.studio.service import Limits

COOKIE = "muslin_token"
OPEN_PATHS = ("/healthz", "/readyz")  # what a supervisor asks; they tell whether it works
CONTENT_SECURITY_POLICY = "; ".join([
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "font-src 'self'",
    "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'none'",
    "frame-ancestors 'none'",
])  # fmt: skip
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"  # a lookbook opened as a file
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


UPLOADS = re.compile(r"/v1/(garments|looks|garments/[0-9a-f]+/mask)")
IMPORTS = re.compile(r"/v1/(projects/import|sets|sets/[0-9a-f]+/pictures)")
LARGEST_JSON = 2_000_000  # bytes
FORM = 100_000  # bytes around the file of a form


@dataclass(frozen=True)
class Rules:
    """host: what the service is bound to. token: asked of everyone, unless None (loopback only)."""

    host: str
    token: str | None
    limits: Limits

    def largest_body(self, path: str) -> int:
        """Bytes that a request to this path may have."""
        if IMPORTS.fullmatch(path):
            return self.limits.import_bytes
        if path == "/v1/settings":  # a picture that the studio made itself
            return MAX_BYTES + FORM
        return self.limits.upload_bytes + FORM if UPLOADS.fullmatch(path) else LARGEST_JSON

    def allows_host(self, host: str) -> bool:
        """Whether a Host header names this service. With a token any name does: a rebound name has no cookie."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return self.token is not None or name.strip("[]").lower() in ("localhost", self.host.lower(), *LOOPBACK)


LOOPBACK = ("127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether an address to bind to is reachable from this computer only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Guard:
    """The ASGI layer around the app; see the module's text."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app, self.rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._refusal(scope, headers)
        guarded = _with_headers(send, scope["path"])
        await (answer or self.app)(scope, _limited(receive, self.rules.largest_body(scope["path"])), guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Any:
        path = scope["path"]
        if not self.rules.allows_host(headers.get("host", "")):
            return problems.plain(403, "The studio is not known under this host name.", path)
        if _foreign(scope, headers):
            return problems.plain(403, "A page of another origin may not use the studio.", path)
        length, largest = headers.get("content-length", "0"), self.rules.largest_body(path)
        if length.isdecimal() and int(length) > largest:
            return problems.plain(413, f"A request to this address has at most {largest:,} bytes.", path)
        if self.rules.token is None or path in OPEN_PATHS:
            return None
        return self._token_refusal(scope, headers, self.rules.token)

    def _token_refusal(self, scope: Scope, headers: Headers, token: str) -> Any:
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and asked and _same(asked, token):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
            return answer
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and _same(given.strip(), token)) or _same(_cookie(headers), token):
            return None
        return problems.plain(
            401,
            "This studio asks for its token: open the address that it printed when it started.",
            scope["path"],
            {"WWW-Authenticate": "Bearer"},
        )


def _same(given: str, token: str) -> bool:
    """False for an empty token too, which a request without one would have."""
    return bool(token) and hmac.compare_digest(given.encode("utf-8", "replace"), token.encode("utf-8"))


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _foreign(scope: Scope, headers: Headers) -> bool:
    """Whether a browser sent this for a page of another origin. Programs that are no browsers send neither header."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() != f"{scope.get('scheme', 'http')}://{headers.get('host', '')}".lower()
    site = headers.get("sec-fetch-site", "none")
    navigates = headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET" and scope["path"] == "/"
    return site not in ("none", "same-origin") and not navigates


def _limited(receive: Receive, limit: int) -> Receive:
    """Count what comes in: a body without a length must not fill the disk."""
    seen = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, f"A request to this address has at most {limit:,} bytes.")
        return message

    return counted


def _with_headers(send: Send, path: str) -> Send:
    async def sender(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            headers.setdefault("Cache-Control", _caching(path))
        await send(message)

    return sender


def _caching(path: str) -> str:
    """Built assets carry a hash in their names; everything else may change."""
    return "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-store"
