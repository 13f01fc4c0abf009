"""Who may call without signing in. Every other route answers a stranger with the sign-in page, 401 or 404."""

OPEN: dict[str, int] = {
    "healthz": 503,
    "metrics": 200,
    "api/v1/openapi.json": 200,
}
"""Route as in the resolver, and what a stranger gets (no worker runs beside the tests, hence 503)."""

OPEN_FORMS: frozenset[str] = frozenset({"sign-in", "sign-in/", "directory/sign-in", "directory/sign-in/"})
"""Pages that a stranger must be able to reach in order to sign in."""

REFUSALS: frozenset[int] = frozenset({301, 302, 401, 403, 404, 405})

# Who may call what. To add a route: one line below, with an address that names its objects by the keys of
# `test_route_matrix.World.ids`; a write also says what it sends.

CLERK = frozenset({"clerk"})
KEEPER = frozenset({"keeper"})
ADMINISTRATORS = frozenset({"administrator", "keeper"})
EVERYBODY = frozenset({
    "clerk", "specialist", "division_head", "unit_head", "administrator", "keeper", "other"
})  # fmt: skip
"""Everybody who holds a position; `other` heads another unit, `keeper` administers the whole directory."""
NOBODY: frozenset[str] = frozenset()
"""The objects are another person's own."""
SPEAKERS = frozenset({"unit_head", "administrator", "keeper", "other"})
"""Heads and administrators look after their own unit's systems."""
OVERSEERS = frozenset({"clerk", "unit_head"})
OF_THE_UNIT = frozenset({"clerk", "specialist", "division_head", "unit_head", "administrator"})
"""Whoever holds a position in the unit."""
OWNERS = frozenset({"unit_head", "administrator", "keeper"})
"""Who looks after what the unit offers on the exchange."""

ROLES = ("stranger", *sorted(EVERYBODY))
COMPLETE_UNDER = (
    "directory/", "api/v1/units", "api/v1/people", "api/v1/position-titles", "api/v1/me",
    "api/v1/structure-changes", "api/v1/reorganisations",
)  # fmt: skip
"""Every route that begins so must have a line."""
SIGNING_IN = frozenset({
    "directory/sign-in/", "directory/sign-in/code/", "directory/sign-in/password/",
    "directory/sign-in/second-factor/", "directory/sign-out/",
})  # fmt: skip
"""Open to everybody by their nature."""

NAMES = {"name": "Sở Mới", "short_name": "Sở M", "abbreviation": "SM", "valid_from": "2026-01-01"}
TERMS = {
    "unit_id": "{unit_id}",
    "position_id": "{position_id}",
    "roles": ["clerk"],
    "start_date": "2026-01-01",
}

LIST = {
    "title": "Sắp xếp",
    "effective_date": "2030-01-01",
    "content": "new_commune_code,new_commune,old_commune_code,old_commune,old_district_code,old_district,note\n"
    "01933,Xã Mới,01924,Xã Cũ,061,Huyện Cũ,\n",
}

PAGES: dict[str, frozenset[str]] = {
    "directory/account/": EVERYBODY,
    "directory/account/password/": EVERYBODY,
    "directory/account/second-factor/": EVERYBODY,
    "directory/account/second-factor/codes/": EVERYBODY,
    "directory/account/second-factor/remove/": EVERYBODY,
    "directory/account/tokens/": EVERYBODY,
    "directory/positions/": EVERYBODY,
    "directory/units/": EVERYBODY,
    "directory/units/{unit_id}/": EVERYBODY,
    "directory/units/{unit_id}/branch/": EVERYBODY,
    "directory/people/": EVERYBODY,
    "directory/people/{person_id}/": EVERYBODY,
    "directory/people/list.xlsx": EVERYBODY,
    "api/v1/people.xlsx": EVERYBODY,
    "signing/credentials/list.xlsx": ADMINISTRATORS,
    "signing/custody/": EVERYBODY,
    "api/v1/signing/custody": EVERYBODY,
    "directory/units/new/": KEEPER,
    "directory/units/{unit_id}/change/": KEEPER,
    "directory/units/{unit_id}/dissolve/": KEEPER,
    "directory/units/{unit_id}/identifiers/new/": KEEPER,
    "directory/identifiers/{identifier_id}/end/": KEEPER,
    "directory/changes/": KEEPER,
    "directory/changes/reorganise/": KEEPER,
    "directory/changes/{change_id}/withdraw/": KEEPER,
    "directory/units/{unit_id}/contact/": ADMINISTRATORS,
    "directory/people/{person_id}/change/": ADMINISTRATORS,
    "directory/position-titles/": KEEPER,
    "directory/position-titles/new/": KEEPER,
    "directory/units/{unit_id}/divisions/new/": ADMINISTRATORS,
    "directory/divisions/{division_id}/change/": ADMINISTRATORS,
    "directory/divisions/{division_id}/close/": ADMINISTRATORS,
    "directory/units/{unit_id}/people/new/": ADMINISTRATORS,
    "directory/people/{person_id}/appoint/": ADMINISTRATORS,
    "directory/people/{person_id}/appoint/{unit_id}/": ADMINISTRATORS,
    "directory/appointments/{appointment_id}/end/": ADMINISTRATORS,
    "directory/appointments/{appointment_id}/roles/": ADMINISTRATORS,
    "directory/people/{person_id}/account/new/": ADMINISTRATORS,
    "api/v1/me": EVERYBODY,
    "api/v1/me/sessions": EVERYBODY,
    "api/v1/me/tokens": EVERYBODY,
    "api/v1/me/second-factor": EVERYBODY,
    "api/v1/me/appointments": EVERYBODY,
    "api/v1/work": EVERYBODY,
    "api/v1/work/kinds": EVERYBODY,
    "api/v1/work/late-of-others": frozenset({"unit_head", "division_head", "other"}),
    "late-work/": frozenset({"unit_head", "division_head", "other"}),
    "api/v1/absences": EVERYBODY,
    "absences/of/": SPEAKERS,
    "absences/of/{person_id}/": frozenset({"unit_head", "administrator", "keeper"}),
    "api/v1/absences?person_id={person_id}": frozenset({"unit_head", "administrator", "keeper"}),
    "api/v1/notifications/choices": EVERYBODY,
    "notifications/choices/": EVERYBODY,
    "api/v1/structure-changes": EVERYBODY,
    "api/v1/position-titles": EVERYBODY,
    "api/v1/people/{person_id}": EVERYBODY,
    "api/v1/units/{unit_id}/identifiers": EVERYBODY,
    "api/v1/units/{unit_id}/divisions": EVERYBODY,
    "api/v1/units/{unit_id}/successions": EVERYBODY,
    "api/v1/tree": EVERYBODY,
    "api/v1/units": EVERYBODY,
    "api/v1/units/{unit_id}": EVERYBODY,
    "api/v1/units/{unit_id}/versions": EVERYBODY,
    "api/v1/people": EVERYBODY,
    "api/v1/appointments?unit={unit_id}": EVERYBODY,
    "documents/incoming/": EVERYBODY,
    "documents/incoming/{incoming_id}/": OVERSEERS,
    "documents/incoming/{incoming_id}/content/": OVERSEERS,
    "documents/incoming/{incoming_id}/slip.pdf": OVERSEERS,
    "api/v1/incoming/{incoming_id}/slip.pdf": OVERSEERS,
    "documents/outgoing/": EVERYBODY,
    "documents/outgoing/on-paper/": CLERK,
    "documents/outgoing/proofs/": frozenset({"clerk", "administrator", "keeper"}),
    "api/v1/outgoing/awaited-proofs": frozenset({"clerk", "administrator", "keeper"}),
    "documents/outgoing/draft/signers/?party=x": EVERYBODY,
    "documents/groups/": EVERYBODY,
    "documents/groups/new/": EVERYBODY,
    "documents/groups/{group_id}/": OF_THE_UNIT,
    "documents/search/": EVERYBODY,
    "documents/incoming/to-direct/": frozenset({"unit_head", "other"}),
    "documents/incoming/{incoming_id}/metadata/": OVERSEERS,
    "documents/search/found.xlsx": EVERYBODY,
    "records/list/2026/": EVERYBODY,
    "records/list/2026/list.xlsx": EVERYBODY,
    "records/case-files/list.xlsx": EVERYBODY,
    "api/v1/search": EVERYBODY,
    "api/v1/saved-filters": EVERYBODY,
    "api/v1/file-lists/2026": EVERYBODY,
    "api/v1/incoming/{incoming_id}/metadata": OVERSEERS,
    "api/v1/incoming/{incoming_id}/accesses": OVERSEERS,
    "documents/reports/follow-up/": EVERYBODY,
    "documents/reports/outgoing-settlement/report.xlsx": EVERYBODY,
    "api/v1/incoming/{incoming_id}": OVERSEERS,
    "api/v1/incoming/{incoming_id}/content": OVERSEERS,
    "api/v1/incoming/{incoming_id}/trace": OVERSEERS,
    "api/v1/incoming/{incoming_id}/files": OVERSEERS,
    "api/v1/outgoing": EVERYBODY,
    "api/v1/outgoing/to-sign": EVERYBODY,
    "api/v1/outgoing/to-issue": EVERYBODY,
    "api/v1/document-types": EVERYBODY,
    "api/v1/document-types/CV/word": EVERYBODY,
    "api/v1/incoming.xlsx": EVERYBODY,
    "api/v1/outgoing.xlsx": EVERYBODY,
    "api/v1/search/everything?q=a": EVERYBODY,
    "api/v1/recipient-groups": EVERYBODY,
    "signing/verify/": EVERYBODY,
    "exchange/": EVERYBODY,
    "exchange/dictionaries/": EVERYBODY,
    "exchange/dictionaries/new/": KEEPER,
    "exchange/systems/": SPEAKERS,
    "exchange/systems/new/": SPEAKERS,
    "exchange/services/new/": SPEAKERS,
    "exchange/members/": KEEPER,
    "exchange/members/new/": KEEPER,
    "exchange/members/{member_id}/": KEEPER,
    "exchange/versions/{version_id}/provider/": OWNERS,
    "api/v1/exchange/members": EVERYBODY,
    "api/v1/exchange/gateways": EVERYBODY,
    "exchange/grants/": SPEAKERS,
    "exchange/dashboard/": SPEAKERS,
    "exchange/log/": SPEAKERS,
    "exchange/reports/": SPEAKERS,
    "exchange/outside/": KEEPER,
    "exchange/accesses/": KEEPER,
    "exchange/log/archive/": SPEAKERS,
    "exchange/log/archive/volumes/": KEEPER,
    "exchange/services/{service_id}/": EVERYBODY,
    "exchange/operations/{operation_id}/": EVERYBODY,
    "exchange/versions/{version_id}/keys/": SPEAKERS,
    "api/v1/exchange/services": EVERYBODY,
    "api/v1/exchange/systems": EVERYBODY,
    "api/v1/exchange/systems/{system_id}/certificates": OWNERS,
    "api/v1/exchange/grants": EVERYBODY,
    "api/v1/exchange/log": EVERYBODY,
    "api/v1/exchange/reports": SPEAKERS,
    "api/v1/exchange/archive": EVERYBODY,
    "api/v1/exchange/outside": EVERYBODY,
    "search/?q=a": EVERYBODY,
    "documents/incoming/list.xlsx": EVERYBODY,
    "documents/outgoing/list.pdf": EVERYBODY,
    "law/": EVERYBODY,
    "guide/": EVERYBODY,
    "guide/clerk/": EVERYBODY,
    "api/v1/law": EVERYBODY,
    "api/v1/law/deadline?start=2026-03-02&working_days=5": EVERYBODY,
}
"""What is read, or shown as a form to fill in: address, and who gets it."""

FORMS: dict[str, tuple[frozenset[str], dict[str, object]]] = {
    "notifications/choices/mail/": (EVERYBODY, {"pace": "off"}),
    "directory/account/sessions/end-others/": (EVERYBODY, {}),
    "directory/account/sessions/{session_id}/end/": (NOBODY, {}),
    "directory/account/tokens/{token_id}/revoke/": (NOBODY, {}),
    "directory/positions/{appointment_id}/": (NOBODY, {}),
    "directory/position-titles/{position_id}/retire/": (KEEPER, {}),
    "directory/people/{person_id}/account/password/": (ADMINISTRATORS, {}),
    "documents/outgoing/proofs/retry/": (frozenset({"clerk", "administrator", "keeper"}), {}),
    "directory/people/{person_id}/account/unlock/": (ADMINISTRATORS, {}),
    "directory/people/{person_id}/account/second-factor/": (ADMINISTRATORS, {}),
    "directory/people/{person_id}/account/state/": (ADMINISTRATORS, {"active": "1"}),
    "exchange/versions/{version_id}/trial-address/": (OWNERS, {"trial_url": ""}),
    "exchange/members/{member_id}/act/rename/": (KEEPER, {"name": "Sở Mới"}),
    "exchange/versions/{version_id}/reach/": (OWNERS, {"back": "outside"}),
    "signing/custody/": (SPEAKERS, {"kind": "seal"}),
    "signing/custody/{custody_id}/end/": (
        frozenset({"unit_head", "administrator"}),
        {"until_date": "2026-01-06", "minutes_number": "02/BB"},
    ),
}
"""What only takes POST from a page: address, who may, and what is sent."""

CALLS: dict[str, tuple[frozenset[str], dict[str, object]]] = {
    "POST api/v1/exchange/versions/{version_id}/reach": (OWNERS, {}),
    "POST api/v1/exchange/versions/{version_id}/provider": (OWNERS, {"base_url": "http://127.0.0.1:1"}),
    "POST api/v1/exchange/members": (
        KEEPER,
        {"instance": "VN", "member_class": "GOV", "code": "x9", "name": "Sở Mới", "valid_from": "2026-01-01"},
    ),
    "POST api/v1/exchange/versions/{version_id}/deprecate": (OWNERS, {"sunset_date": "2050-01-01"}),
    "POST api/v1/exchange/versions/{version_id}/retire": (OWNERS, {}),
    "POST api/v1/exchange/archive/disposal": (KEEPER, {"upto": 1, "reason": "Theo quyết định"}),
    "POST api/v1/exchange/members/{member_id}/name": (KEEPER, {"name": "Sở Mới"}),
    "POST api/v1/exchange/members/{member_id}/end": (KEEPER, {"last_day": "2050-01-01"}),
    "POST api/v1/exchange/accesses": (KEEPER, {"number": "001099000001", "reason": "Theo đơn"}),
    "POST api/v1/signing/custody": (
        SPEAKERS,
        {
            "kind": "seal",
            "name": "Dấu",
            "holder": "{appointment_id}",
            "from_date": "2026-01-05",
            "minutes_number": "01/BB",
        },
    ),
    "POST api/v1/signing/custody/{custody_id}/end": (
        frozenset({"unit_head", "administrator"}),
        {"until_date": "2026-01-06", "minutes_number": "02/BB"},
    ),
    "POST api/v1/exchange/systems/{system_id}/certificates/{certificate_id}/revoke": (OWNERS, {}),
    "POST api/v1/exchange/trial-keys": (OWNERS, {"system_id": "{system_id}"}),
    "POST api/v1/exchange/operations/{operation_id}/try": (EVERYBODY, {"system_id": "{system_id}"}),
    "POST api/v1/recipient-groups": (EVERYBODY, {"name": "Các xã", "level": "commune"}),
    "PUT api/v1/recipient-groups/{group_id}": (OF_THE_UNIT, {"name": "Các xã", "level": "commune"}),
    "POST api/v1/units": (
        KEEPER,
        {**NAMES, "bloc": "government", "level": "province", "place": "Bắc Kạn"},
    ),
    "POST api/v1/units/{unit_id}/changes": (KEEPER, NAMES),
    "POST api/v1/units/{unit_id}/contact": (ADMINISTRATORS, {"place": "Bắc Kạn"}),
    "POST api/v1/people/{person_id}/changes": (
        ADMINISTRATORS,
        {"full_name": "Lý Văn Sơn", "is_female": False},
    ),
    "POST api/v1/absences": (EVERYBODY, {"start_date": "2050-01-04", "end_date": "2050-01-05"}),
    "POST api/v1/notifications/choices/mail": (EVERYBODY, {"pace": "off"}),
    "POST api/v1/structure-changes/{change_id}/withdraw": (KEEPER, {}),
    "POST api/v1/reorganisations/check": (KEEPER, LIST),
    "POST api/v1/reorganisations": (KEEPER, LIST),
    "POST api/v1/me/appointments/{appointment_id}": (NOBODY, {}),
    "POST api/v1/units/{unit_id}/dissolution": (KEEPER, {"valid_from": "2030-01-01"}),
    "POST api/v1/units/{unit_id}/identifiers": (
        KEEPER,
        {"form": "new", "value": "H03.77", "valid_from": "2026-01-01"},
    ),
    "POST api/v1/identifiers/{identifier_id}/end": (KEEPER, {"last_day": "2030-01-01"}),
    "POST api/v1/units/{unit_id}/divisions": (
        ADMINISTRATORS,
        {"name": "Phòng Mới", "abbreviation": "PM", "valid_from": "2026-01-01"},
    ),
    "POST api/v1/divisions/{division_id}/changes": (
        ADMINISTRATORS,
        {"name": "Phòng Mới", "abbreviation": "PM", "valid_from": "2026-01-01"},
    ),
    "POST api/v1/position-titles": (KEEPER, {"name": "Trưởng ban", "rank": 9}),
    "POST api/v1/position-titles/{position_id}/retire": (KEEPER, {}),
    "POST api/v1/people": (
        ADMINISTRATORS,
        {"code": "BK5", "full_name": "Lý Văn Sơn", "is_female": False, "appointment": TERMS},
    ),
    "POST api/v1/people/{person_id}/appointments": (
        ADMINISTRATORS,
        {**TERMS, "division_id": "{division_id}"},
    ),
    "POST api/v1/people/{person_id}/account": (ADMINISTRATORS, {"username": "son.lv"}),
    "POST api/v1/people/{person_id}/account/password": (ADMINISTRATORS, {}),
    "POST api/v1/people/{person_id}/account/unlock": (ADMINISTRATORS, {}),
    "POST api/v1/people/{person_id}/account/second-factor/reset": (ADMINISTRATORS, {}),
    "POST api/v1/people/{person_id}/account/state": (ADMINISTRATORS, {"is_active": True}),
    "POST api/v1/appointments/{appointment_id}/end": (ADMINISTRATORS, {"last_day": "2030-01-01"}),
    "POST api/v1/appointments/{appointment_id}/roles": (ADMINISTRATORS, {"roles": ["clerk"]}),
    "POST api/v1/incoming/register": (EVERYBODY, {"ids": []}),
    "DELETE api/v1/me/sessions": (EVERYBODY, {}),
    "DELETE api/v1/me/sessions/{session_id}": (NOBODY, {}),
    "POST api/v1/me/password": (EVERYBODY, {"present": "sai", "new": "một mật khẩu khác hẳn"}),
    "POST api/v1/me/second-factor/begin": (EVERYBODY, {"present": "x"}),
    "POST api/v1/me/second-factor/confirm": (EVERYBODY, {"code": "000000"}),
    "POST api/v1/me/second-factor/recovery-codes": (EVERYBODY, {"code": "000000"}),
    "POST api/v1/me/second-factor/remove": (EVERYBODY, {"code": "000000"}),
    "DELETE api/v1/me/tokens/{token_id}": (NOBODY, {}),
}
"""Writes of the JSON API: method and address, who may, and what is sent."""
