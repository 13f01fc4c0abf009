"""Translation for code that also runs where no Django is: in the exchange's gateway, which tells nobody such a text."""


def translated(text: str) -> str:
    """In the language of the moment. Django's part for it, and asyncio with it, is loaded with the first text."""
    from django.utils.translation import gettext

    return gettext(text)
