"""The gateway's process: `dinh gateway` runs this."""

import asyncio
import gc
import signal
import sys

import uvloop

from dinh.exchange.gateway.app import CannotStart, Gateway
from dinh.exchange.gateway.keeping import LogFailed
from dinh.exchange.gateway.renewal import day_of_next
from dinh.exchange.gateway.settings import BadSetting, log_to_standard_error, settings_from_environment


def main() -> None:
    log_to_standard_error()
    try:
        while uvloop.run(_served()):
            pass
    except (BadSetting, CannotStart, LogFailed, OSError) as error:
        sys.exit(f"The gateway cannot start: {error}")


async def _served() -> bool:
    """
    Until it is told to end, or the day of its next certificate has come.

    :returns: whether to begin again, with that
    """
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ending.set)
    settings = settings_from_environment()
    gateway = Gateway(settings)
    await gateway.start()
    _collect_rarely()
    renewing = asyncio.create_task(day_of_next(settings.folder))
    renewing.add_done_callback(lambda _task: ending.set())
    await ending.wait()
    is_renewed = renewing.done()
    renewing.cancel()
    await gateway.stop()
    return is_renewed


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
