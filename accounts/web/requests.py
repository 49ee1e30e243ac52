"""The requests that views receive: who sends them, from where, and how much."""

import re
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.text.fields import plain_id


class AuthenticatedHttpRequest(HttpRequest):
    """The request of a person who is signed in. For annotations only; Django creates the objects."""

    user: User
    htmx: HtmxDetails


def is_larger(request: HttpRequest, most: int) -> bool:
    """Return whether a request's body, which need not be read for this, has more than `most` bytes, or an unknown
    number.
    """
    length = plain_id(request.META.get("CONTENT_LENGTH") or "0")
    return length is None or length > most


# Some proxies add the port: 203.0.113.5:4711, [2001:db8::1]:4711.
WITH_PORT = re.compile(r"^(?:\[([^\]]+)\]|([0-9.]+))(?::[0-9]+)?$")


def network_of(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the /64 of its IPv6 address: what one household or hall shares.

    Behind TRUSTED_PROXIES proxies, the address is the one that the outermost of them recorded; anything a client itself
    puts into X-Forwarded-For comes before it and is ignored.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if hops:
            address = WITH_PORT.sub(r"\1\2", hops[-min(settings.TRUSTED_PROXIES, len(hops))])
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ip_network((ip, 64), strict=False))
    return str(ip)
