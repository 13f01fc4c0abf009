"""What the server loads: `dinh gateway` runs granian on this."""

import gc
import logging
import os
import sys

from dinh.exchange.gateway.app import Gateway
from dinh.exchange.gateway.settings import settings_from_environment

logging.basicConfig(
    stream=sys.stderr,
    level=os.environ.get("DINH_LOG_LEVEL", "INFO"),
    format='{"level": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}',
)
application = Gateway(settings_from_environment())
# What a call leaves is freed at once by its counts; the collector is for circles only, which are few. So it looks
# rarely, and never at what is there from the start: with thousands of open connections each look stops all calls.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 50, 100)
