"""What the server loads: `dinh gateway` runs granian on this."""

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
