import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.worklist.models import SavedFilter
from dinh.worklist.operations.saved_filters import MOST, remove_filter, save_filter
from dinh.worklist.queries.saved_filters import cleaned
from dinh.worklist.tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


def save(actor, *, name="Khẩn", query="urgency=1", path="/"):
    return save_filter(actor=actor, path=path, query=query, name=name, at=NOON)


def test_a_view_reads_the_same_in_any_order_and_on_any_page():
    assert cleaned("state=01&page=3&q=&urgency=1") == cleaned("urgency=1&state=01") == "state=01&urgency=1"


def test_the_same_name_again_replaces(clerk):
    save(clerk)
    save(clerk, query="urgency=2")

    assert list(SavedFilter.objects.values_list("name", "query")) == [("Khẩn", "urgency=2")]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"path": "//elsewhere.example/"}, "path"),
        ({"path": "/nothing/"}, "path"),
        ({"query": "q=" + "x" * 4000}, "query"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(clerk, given, field):
    with pytest.raises(InvalidInput) as refused:
        save(clerk, **given)

    assert refused.value.field == field
    assert SavedFilter.objects.count() == 0


def test_no_more_than_fifty(clerk):
    for number in range(MOST):
        save(clerk, name=str(number))

    with pytest.raises(InvalidInput):
        save(clerk, name="one more")


def test_another_position_neither_sees_nor_removes_it(client, clerk):
    saved, other = save(clerk), AppointmentFactory(roles=[Role.CLERK])
    client.force_login(AccountFactory(current_appointment=other, person=other.person))

    with pytest.raises(NotFound):
        remove_filter(filter_id=saved.pk, actor=other)
    assert client.delete(f"/api/v1/saved-filters/{saved.pk}").status_code == 404
    assert client.get("/?urgency=1").context["list_parts"][0].value.rows == []
    assert SavedFilter.objects.get() == saved


def test_a_page_saves_shows_and_removes_its_filter(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk, person=clerk.person))

    saved = client.post("/saved-filters/", {"path": "/", "query": "when=late&page=2", "name": "Việc trễ"})

    assert saved.url == "/?when=late"
    page = client.get("/?when=late")
    part = page.context["list_parts"][0].value
    assert ([row.name for row in part.rows], part.is_new) == (["Việc trễ"], False)
    removed = client.post(f"/saved-filters/{part.rows[0].pk}/remove/")
    assert (removed.url, SavedFilter.objects.count()) == ("/", 0)


@pytest.mark.parametrize("path", ["//elsewhere.example/", "elsewhere", "worklist:home", "", "?"])
def test_a_filter_of_another_house_leads_nowhere(client, clerk, path):
    client.force_login(AccountFactory(current_appointment=clerk, person=clerk.person))

    answer = client.post("/saved-filters/", {"path": path, "query": "a=1", "name": "x"})

    assert (answer.status_code, answer.templates[0].name) == (422, "worklist/home.html")


def test_a_filter_that_is_refused_shows_the_list_again_and_says_why(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk, person=clerk.person))
    sent = {"path": "/documents/incoming/", "query": "state=06", "name": "Đã xong"}

    done = client.post("/saved-filters/", sent)
    refused = client.post("/saved-filters/", {**sent, "name": ""})

    assert (done.status_code, done["Location"]) == (302, "/documents/incoming/?state=06")
    assert (refused.status_code, refused.context["wanted"].tab) == (422, "06")
    told = [str(each) for each in refused.context["messages"]][-1]
    assert told != "Đã lưu bộ lọc."
    assert told in refused.content.decode()


def test_programs_keep_list_and_remove_their_filters(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk, person=clerk.person))
    kept = {"path": "/documents/search/", "query": "urgency=1&page=2", "name": "Khẩn"}
    save(clerk, name="Việc trễ", query="when=late")

    made = client.post("/api/v1/saved-filters", kept, content_type="application/json").json()

    assert [row["name"] for row in client.get("/api/v1/saved-filters").json()] == ["Việc trễ", "Khẩn"]
    assert client.get("/api/v1/saved-filters?path=/documents/search/").json() == [made]
    assert made["query"] == "urgency=1"
    refused = client.post("/api/v1/saved-filters", kept | {"name": " "}, content_type="application/json")
    assert [fault["field"] for fault in refused.json()["errors"]] == ["name"]
    assert client.delete(f"/api/v1/saved-filters/{made['id']}").status_code == 204
    assert SavedFilter.objects.get().name == "Việc trễ"
