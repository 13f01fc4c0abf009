from datetime import UTC, datetime

import pytest
from django.template import Context, Template, engines
from django.test import RequestFactory
from django.urls import reverse
from django.utils.translation import override
from jinja2 import UndefinedError

from dinh.kernel.addresses import addresses

MOMENT = datetime(2026, 3, 2, 18, 5, tzinfo=UTC)


def shown(source, path="/", **given):
    return engines["jinja2"].from_string(source).render(given, RequestFactory().get(path))


def test_texts_are_escaped_and_icons_are_not():
    assert shown("{{ text }}", text="<script>") == "&lt;script&gt;"
    assert shown("{{ icon('x') }}").startswith("<svg ")


def test_a_name_that_is_not_given_is_a_fault():
    with pytest.raises(UndefinedError):
        shown("{{ nothing }}")


@pytest.mark.parametrize(("language", "words"), [("vi", "Các trang"), ("en", "Pages")])
def test_words_are_in_the_language_of_the_reader(language, words):
    with override(language):
        assert shown("{{ _('Pages') }}") == words


def test_moments_are_shown_in_the_time_of_viet_nam_and_what_is_missing_is_empty():
    source = "{{ at|date('d/m/Y H:i') }};{{ day|date('d/m/Y') }};{{ none|date('d/m/Y') }}"

    assert shown(source, at=MOMENT, day=MOMENT.date(), none=None) == "03/03/2026 01:05;02/03/2026;"


def test_query_keeps_what_it_does_not_change():
    source = "{{ query(state='06', page=None) }}"

    assert shown(source, "/?q=%C4%91&q=b&state=01&page=3") == "?q=%C4%91&amp;q=b&amp;state=06"


def test_addresses_are_those_of_the_routes():
    assert addresses("documents:incoming")(120) == reverse("documents:incoming", args=[120])


def test_a_part_of_django_templates_sees_its_values_and_the_page():
    html = shown("{{ component('kernel/components/exports.html', pdf='/a', xlsx='/b') }}", "/?q=x&page=2")

    assert ('href="/a?q=x"' in html, 'href="/b?q=x"' in html) == (True, True)


def test_a_django_page_shows_a_jinja_template_with_all_that_it_sees(tmp_path, settings, monkeypatch):
    (tmp_path / "rows.html").write_text("{% for row in rows %}<b>{{ row }}</b>{% endfor %}")
    monkeypatch.setattr(engines["jinja2"].env.loader, "searchpath", [str(tmp_path)])
    context = Context({"rows": ["a", "<i>"], "request": RequestFactory().get("/")})

    html = Template("{% load ui %}<p>{% jinja 'rows.html' %}</p>").render(context)

    assert html == "<p><b>a</b><b>&lt;i&gt;</b></p>"
