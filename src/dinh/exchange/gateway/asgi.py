"""What the server loads: `dinh gateway` runs granian on this."""

import gc

from dinh.exchange.gateway.app import Gateway
from dinh.exchange.gateway.settings import log_to_standard_error, settings_from_environment

log_to_standard_error()
application = Gateway(settings_from_environment())
# What a call leaves is freed at once by its counts; the collector is for circles only, which are few. So it looks
# rarely, and never at what is there from the start: with thousands of open connections each look stops all calls.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 50, 100)
