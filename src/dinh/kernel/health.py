"""Checks behind GET /healthz. Each returns an empty string when well, a reason otherwise."""

from collections.abc import Callable

from dinh.kernel.registry import Registry

checks: Registry[Callable[[], str]] = Registry("health checks")
