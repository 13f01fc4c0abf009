"""An act that is refused: told on the next page, or beside its fields; what is missing answers 404."""

import json
import re

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse, HttpResponseRedirect
from django.template import RequestContext, Template
from django.template.loader import render_to_string
from django.urls import path

from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound
from dinh.kernel.refusals import page_after, refusals_beside, refusals_kept, refusals_told, shown_again
from dinh.kernel.requests import MissingPageMiddleware


class NameForm(forms.Form):
    name = forms.CharField(required=False)


def test_each_fault_is_told_once(rf):
    request = rf.post("/")
    request._messages = CookieStorage(request)
    faults = [FieldFault("a", "Sai ngày."), FieldFault("b", "Sai ngày."), FieldFault("c", "Thiếu tên.")]

    with refusals_told(request):
        raise InvalidInput("Sai.", faults=faults)
    with refusals_told(request):
        raise DomainError("Đã gửi rồi.")

    assert [str(each) for each in get_messages(request)] == ["Sai ngày.", "Thiếu tên.", "Đã gửi rồi."]


def test_a_refusal_stands_beside_its_field_or_above_the_form():
    form = NameForm({"name": "x"})

    with refusals_beside(form):
        raise InvalidInput(
            "Sai.", faults=[FieldFault("name", "Tên đã có."), FieldFault("other", "Sai khác.")]
        )
    with refusals_beside(form):
        raise DomainError("Đã gửi rồi.")

    assert form.errors == {"name": ["Tên đã có."], "__all__": ["Sai khác.", "Đã gửi rồi."]}


@pytest.mark.parametrize("failure", [NotFound("Không có."), RuntimeError("broken")])
def test_what_is_missing_or_broken_goes_on(rf, failure):
    with pytest.raises(type(failure)), refusals_told(rf.get("/")):
        raise failure
    with pytest.raises(type(failure)), refusals_beside(NameForm({})):
        raise failure


@pytest.mark.django_db
def test_missing_records_answer_404_on_pages_alone(rf):
    middleware = MissingPageMiddleware(lambda request: HttpResponse())

    page = middleware.process_exception(rf.get("/documents/books/7/"), NotFound("Không có."))

    assert page is not None
    assert page.status_code == 404
    assert middleware.process_exception(rf.get("/api/v1/books/7"), NotFound("Không có.")) is None
    assert middleware.process_exception(rf.get("/documents/books/7/"), DomainError("Sai.")) is None


def test_htmx_swaps_what_was_refused_and_nothing_else_that_failed():
    page = render_to_string("kernel/base.html")

    (given,) = re.findall(r"""name="htmx-config" content='([^']*)'""", page)
    rules = json.loads(given)["responseHandling"]
    swaps = {
        status: next(rule["swap"] for rule in rules if re.match(rule["code"], status))
        for status in ("200", "204", "404", "422", "500")
    }
    assert swaps == {"200": True, "204": False, "404": False, "422": True, "500": False}


FORM = Template(
    "{% load acts %}<details{% unfolded 'close' %}><input name='reason'{% typed 'close' 'reason' default='Xong' %}>"
    "{% fault 'close' 'reason' %}<input type='radio'{% chosen 'close' 'way' 'mail' default=True %}></details>"
)


def test_a_refused_act_comes_back_with_what_was_typed_and_its_faults(rf):
    request = rf.post("/", {"reason": 'Chưa "xong"', "way": "post"})
    request._messages = CookieStorage(request)

    with refusals_kept(request, "close"):
        raise InvalidInput("Nêu rõ hơn.", field="reason")
    shown = shown_again(HttpResponse(FORM.render(RequestContext(request))))

    assert shown.status_code == 422
    assert shown.content.decode() == (
        '<details open><input name=\'reason\' value="Chưa &quot;xong&quot;" aria-invalid="true"'
        ' aria-describedby="fault-close-reason">'
        '<div class="text-danger small mb-2 w-100" id="fault-close-reason" role="alert"><div>Nêu rõ hơn.</div></div>'
        "<input type='radio'></details>"
    )
    assert [str(each) for each in get_messages(request)] == ["Nêu rõ hơn."]


def test_forms_of_other_acts_stay_as_they_were(rf):
    request = rf.post("/", {"reason": "x"})
    request._messages = CookieStorage(request)

    with refusals_kept(request, "open"):
        raise InvalidInput("Nêu rõ hơn.", field="reason")

    assert FORM.render(RequestContext(request)) == (
        "<details><input name='reason' value=\"Xong\"><input type='radio' checked></details>"
    )


def test_a_page_that_the_refused_may_not_see_answers_as_it_would(rf, settings):
    request = rf.post("/")
    request._messages = CookieStorage(request)
    settings.ROOT_URLCONF = (path("away/", lambda _request: HttpResponseRedirect("/elsewhere/")),)

    with refusals_told(request):
        raise DomainError("Đã gửi rồi.")
    answer = page_after(request, "/away/")

    assert (answer.status_code, answer["Location"]) == (302, "/elsewhere/")
    assert request.method == "POST"
