"""The gateway's process: `dinh gateway` runs this."""

import asyncio
import gc
import signal
import sys

import uvloop

from dinh.exchange.gateway.app import CannotStart, Gateway
from dinh.exchange.gateway.keeping import LogFailed
from dinh.exchange.gateway.settings import BadSetting, log_to_standard_error, settings_from_environment


def main() -> None:
    log_to_standard_error()
    try:
        uvloop.run(_served())
    except (BadSetting, CannotStart, LogFailed, OSError) as error:
        sys.exit(f"The gateway cannot start: {error}")


async def _served() -> None:
    """Until it is told to end."""
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ending.set)
    gateway = Gateway(settings_from_environment())
    await gateway.start()
    _collect_rarely()
    await ending.wait()
    await gateway.stop()


def _collect_rarely() -> None:
    """
    What a call leaves is freed at once by its counts; the collector is for circles only, which are few. So it looks
    rarely, and never at what is there from the start: with thousands of open connections each look stops all calls.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


if __name__ == "__main__":
    main()
