"""
Addresses that nothing of the platform connects to for others' sake: those of its own machine, and of no single machine.

Private networks are open: the province's systems stand in them. No Django here, since the gateway judges by it, too.
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_THIS_NETWORK: Final = ip_network("0.0.0.0/8")
_OWN_NAMES: Final = frozenset({"localhost", "ip6-localhost", "ip6-loopback", "localhost.localdomain"})


def is_closed(address: str) -> bool:
    """
    Whether an IP address is loopback, link-local (cloud machines tell their secrets there), unspecified, multicast or
    reserved; also if another form of address holds such a one.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    if isinstance(found, IPv4Address) and found in _THIS_NETWORK:
        return True
    return (
        found.is_loopback
        or found.is_link_local
        or found.is_unspecified
        or found.is_multicast
        or found.is_reserved
    )


def names_closed(host: str) -> bool:
    """
    Whether a host of an address is closed by what it says: an IP address in any form, or a name of this machine.

    Nobody is asked; other names are judged when they are connected to.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name in _OWN_NAMES or name.endswith(".localhost"):
        return True
    try:
        # Systems read 2130706433, 0x7f.1 and 127.1 as addresses, too.
        return is_closed(name if ":" in name else socket.inet_ntoa(socket.inet_aton(name)))
    except OSError:
        return False


def open_ones(addresses: Iterable[str]) -> list[str]:
    """Those that may be connected to, in their order."""
    return [each for each in dict.fromkeys(addresses) if not is_closed(each)]
