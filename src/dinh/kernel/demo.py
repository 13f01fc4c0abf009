"""What modules add to the demo, each safe to repeat, in the order in which they registered."""

from collections.abc import Callable

from dinh.kernel.registry import Registry

demo_steps: Registry[Callable[[], None]] = Registry("demo steps")
