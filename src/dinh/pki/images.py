"""Whether a picture may stand for a signature or a seal (Decree 30/2020/NĐ-CP, Annex I, part I, II.7.d and II.8.a)."""

import enum

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageChops

from .appearance import UnusableImage, read_image

_VISIBLE = 64
_PAPER = 200
_MOST_PAPER = 0.1
_LEAST_TRANSPARENT = 0.1
_LEAST_INK = 0.6


class Ink(enum.Enum):
    """Blue for a person's signature, red for an agency's seal; the value: how far the colour stands out of 255."""

    BLUE = 15
    RED = 40


def check_image(png: bytes, *, ink: Ink) -> None:
    """
    Judge the image of a signature or a seal: a PNG of at most 4 million pixels, transparent but for its ink, which is
    blue or red as the law has it.

    :raises UnusableImage: saying what is wrong with it
    """
    image = read_image(png)
    visible = _above(image.getchannel("A"), _VISIBLE)
    area, shown = image.width * image.height, _count(visible)
    if not shown:
        raise UnusableImage(_("The image shows nothing: all of it is transparent."), field="image")
    if area - shown < area * _LEAST_TRANSPARENT or _paper(image, visible) > shown * _MOST_PAPER:
        raise UnusableImage(
            _("The background must be transparent; this one would cover the text of the letter."),
            field="image",
        )
    if _inked(image, visible, ink) < shown * _LEAST_INK:
        words = {Ink.BLUE: _("A signature's image must be blue."), Ink.RED: _("A seal's image must be red.")}
        raise UnusableImage(words[ink], field="image")


def _paper(image: Image.Image, visible: Image.Image) -> int:
    """How many visible pixels are as light as paper."""
    red, green, blue, _alpha = image.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    return _count(ImageChops.multiply(_above(darkest, _PAPER), visible))


def _inked(image: Image.Image, visible: Image.Image, ink: Ink) -> int:
    red, green, blue, _alpha = image.split()
    own, other = (blue, red) if ink is Ink.BLUE else (red, blue)
    lead = ImageChops.subtract(own, ImageChops.lighter(other, green))
    return _count(ImageChops.multiply(_above(lead, ink.value), visible))


def _above(channel: Image.Image, least: int) -> Image.Image:
    return channel.point([255 if value >= least else 0 for value in range(256)])


def _count(mask: Image.Image) -> int:
    return mask.histogram()[255]
