"""
Started by `sandboxed` with bare Python: set the limits, leave the network, become the program.

Arguments: processor seconds, megabytes of memory, megabytes of one file, then the command. Standard library
only, since it runs without our packages.
"""

import ctypes
import os
import resource
import sys

_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000


def _limit(kind: int, value: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _leave_network() -> None:
    """An empty network name space; kernels that refuse it leave us to the other bounds."""
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "unshare"):
        library.unshare(_NEW_NETWORK if os.geteuid() == 0 else _NEW_USER | _NEW_NETWORK)


def main() -> None:
    """Apply the limits and replace this process by the command."""
    cpu_seconds, memory_mb, file_mb = (int(value) for value in sys.argv[1:4])
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_AS, memory_mb * 1024 * 1024)
    _limit(resource.RLIMIT_FSIZE, file_mb * 1024 * 1024)
    _limit(resource.RLIMIT_CORE, 0)
    _leave_network()
    os.execvp(sys.argv[4], sys.argv[4:])  # noqa: S606 -- becomes the program it was asked to start


if __name__ == "__main__":
    main()
