"""Which network a request comes from: what limits count by."""

import pytest
from django.test import RequestFactory

from accounts.domain.rate_limit import networks_around
from accounts.web.requests import network_of


def seen(address: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return network_of(RequestFactory().get("/", headers=headers, REMOTE_ADDR=address))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
        ("no address", "unknown"),
        ("192.0.2.999", "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(address, network):
    assert seen(address) == network


def test_around_an_ipv6_64_are_the_56_of_a_household_and_the_48_of_an_office():
    assert networks_around("2001:db8:1:2ff::/64") == ["2001:db8:1:2ff::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]
    assert networks_around("192.0.2.1") == ["192.0.2.1"]
    assert networks_around("unknown") == ["unknown"]


def test_without_proxies_of_ours_nobody_chooses_their_own_address():
    assert seen("192.0.2.1", "198.51.100.1") == "192.0.2.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (1, " 198.51.100.1 ,", "198.51.100.1"),
        (1, "2001:db8::5", "2001:db8::/64"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "198.51.100.1:4711", "198.51.100.1"),
        (1, "[2001:db8::5]:4711", "2001:db8::/64"),
        (1, "", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "nonsense", "unknown"),
    ],
)
def test_behind_proxies_of_ours_the_address_is_what_the_outermost_wrote(settings, proxies, forwarded, network):
    settings.TRUSTED_PROXIES = proxies
    assert seen("192.0.2.1", forwarded) == network
