"""
What each page that does something is for programs: operations of the API that do the same.

Routes as in the resolver; of a route for many acts, a line for each act. What only a person at a browser does stands in
ALONE, with the reason.
"""

OUT, IN, DRAFT = "outgoing/{outgoing_id}", "incoming/{incoming_id}", "drafts/{outgoing_id}"
FILE, SYSTEM, MEMBER = (
    "case-files/{case_file_id}",
    "exchange/systems/{system_id}",
    "exchange/members/{member_id}",
)
VERSION, ACCOUNT = "exchange/versions/{version_id}", "people/{person_id}/account"

PAIRS: dict[str, tuple[str, ...]] = {
    "absences/": ("POST absences",),
    "absences/<int:absence_id>/cancel/": ("POST absences/{absence_id}/cancel",),
    "absences/of/<int:person_id>/": ("POST absences",),
    "saved-filters/": ("POST saved-filters",),
    "saved-filters/<int:filter_id>/remove/": ("DELETE saved-filters/{filter_id}",),
    "notifications/<int:notification_id>/open/": ("POST notifications/{notification_id}/read",),
    "notifications/choices/<slug:channel>/": ("POST notifications/choices/{channel}",),
    "notifications/read/": ("POST notifications/read",),
    "directory/account/password/": ("POST me/password",),
    "directory/account/second-factor/": ("POST me/second-factor/begin", "POST me/second-factor/confirm"),
    "directory/account/second-factor/codes/": ("POST me/second-factor/recovery-codes",),
    "directory/account/second-factor/remove/": ("POST me/second-factor/remove",),
    "directory/account/sessions/<int:session_id>/end/": ("DELETE me/sessions/{session_id}",),
    "directory/account/sessions/end-others/": ("DELETE me/sessions",),
    "directory/account/tokens/<int:token_id>/revoke/": ("DELETE me/tokens/{token_id}",),
    "directory/appointments/<int:appointment_id>/end/": ("POST appointments/{appointment_id}/end",),
    "directory/appointments/<int:appointment_id>/roles/": ("POST appointments/{appointment_id}/roles",),
    "directory/changes/<int:change_id>/withdraw/": ("POST structure-changes/{change_id}/withdraw",),
    "directory/changes/reorganise/": ("POST reorganisations/check", "POST reorganisations"),
    "directory/divisions/<int:division_id>/change/": ("POST divisions/{division_id}/changes",),
    "directory/divisions/<int:division_id>/close/": ("POST divisions/{division_id}/close",),
    "directory/identifiers/<int:identifier_id>/end/": ("POST identifiers/{identifier_id}/end",),
    "directory/people/<int:person_id>/account/new/": (f"POST {ACCOUNT}",),
    "directory/people/<int:person_id>/account/password/": (f"POST {ACCOUNT}/password",),
    "directory/people/<int:person_id>/account/second-factor/": (f"POST {ACCOUNT}/second-factor/reset",),
    "directory/people/<int:person_id>/account/state/": (f"POST {ACCOUNT}/state",),
    "directory/people/<int:person_id>/account/unlock/": (f"POST {ACCOUNT}/unlock",),
    "directory/people/<int:person_id>/appoint/<int:unit_id>/": ("POST people/{person_id}/appointments",),
    "directory/people/<int:person_id>/change/": ("POST people/{person_id}/changes",),
    "directory/position-titles/<int:position_id>/retire/": ("POST position-titles/{position_id}/retire",),
    "directory/position-titles/new/": ("POST position-titles",),
    "directory/positions/<int:appointment_id>/": ("POST me/appointments/{appointment_id}",),
    "directory/units/<int:unit_id>/change/": ("POST units/{unit_id}/changes",),
    "directory/units/<int:unit_id>/contact/": ("POST units/{unit_id}/contact",),
    "directory/units/<int:unit_id>/dissolve/": ("POST units/{unit_id}/dissolution",),
    "directory/units/<int:unit_id>/divisions/new/": ("POST units/{unit_id}/divisions",),
    "directory/units/<int:unit_id>/identifiers/new/": ("POST units/{unit_id}/identifiers",),
    "directory/units/<int:unit_id>/people/new/": ("POST people",),
    "directory/units/new/": ("POST units",),
    "documents/books/<int:book_id>/close/": ("POST books/{book_id}/close",),
    "documents/books/<int:book_id>/import/": ("POST books/{book_id}/imports",),
    "documents/books/<int:book_id>/keep/": ("POST books/{book_id}/opening-number",),
    "documents/books/import/<int:import_id>/": ("POST books/imports/{import_id}/layout",),
    "documents/books/import/<int:import_id>/start/": ("POST books/imports/{import_id}/start",),
    "documents/books/new/": ("POST books",),
    "documents/books/void/<int:outgoing_id>/": (f"POST {OUT}/void",),
    "documents/copies/device/<uuid:session_id>/finish/": ("POST copies/finish",),
    "documents/groups/<int:group_id>/": ("PUT recipient-groups/{group_id}",),
    "documents/groups/<int:group_id>/delete/": ("DELETE recipient-groups/{group_id}",),
    "documents/groups/new/": ("POST recipient-groups",),
    "documents/incoming/<int:incoming_id>/copies/new/": (f"POST {IN}/copies", f"POST {IN}/copies/begin"),
    "documents/incoming/<int:incoming_id>/direct/": (f"POST {IN}/assign",),
    "documents/incoming/<int:incoming_id>/evidence/": (f"POST {IN}/evidence",),
    "documents/incoming/<int:incoming_id>/file/": (f"POST {FILE}/filings",),
    "documents/incoming/<int:incoming_id>/intake/correct/": (f"POST {IN}/intake/correct",),
    "documents/incoming/<int:incoming_id>/metadata/": (f"POST {IN}/metadata",),
    "documents/incoming/<int:incoming_id>/scan/new/": (f"POST {IN}/scan",),
    "documents/incoming/intake/": ("POST incoming/intake",),
    "documents/incoming/register/": ("POST incoming/register",),
    "documents/outgoing/<int:outgoing_id>/copies/new/": (f"POST {OUT}/copies", f"POST {OUT}/copies/begin"),
    "documents/outgoing/<int:outgoing_id>/draft/edit/": (f"PUT {DRAFT}",),
    "documents/outgoing/<int:outgoing_id>/evidence/": (f"POST {OUT}/evidence",),
    "documents/outgoing/<int:outgoing_id>/file/": (f"POST {FILE}/filings",),
    "documents/outgoing/<int:outgoing_id>/metadata/": (f"POST {OUT}/metadata",),
    "documents/outgoing/<int:outgoing_id>/recipients/further/": (f"POST {OUT}/send-further",),
    "documents/outgoing/<int:outgoing_id>/recipients/posted/": (f"POST {OUT}/posted",),
    "documents/outgoing/<int:outgoing_id>/recipients/recall/": (f"POST {OUT}/recall",),
    "documents/outgoing/<int:outgoing_id>/recipients/remind/": (f"POST {OUT}/remind",),
    "documents/outgoing/<int:outgoing_id>/scan/": (f"POST {OUT}/scan",),
    "documents/outgoing/device/<uuid:session_id>/finish/": (f"POST {OUT}/{{act}}/finish",),
    "documents/outgoing/draft/preview/": ("POST drafts/preview",),
    "documents/outgoing/draft/recipients/": ("POST recipient-groups",),
    "documents/outgoing/new/": ("POST drafts",),
    "documents/outgoing/on-paper/": ("POST outgoing/scans", "POST outgoing/on-paper"),
    "documents/outgoing/proofs/retry/": ("POST outgoing/awaited-proofs/retry",),
    "documents/outgoing/to-issue/": (f"POST {OUT}/issue", f"POST {OUT}/{{act}}/begin"),
    "documents/outgoing/to-sign/": ("POST outgoing/sign", f"POST {OUT}/{{act}}/begin"),
    "exchange/accesses/": ("POST exchange/accesses",),
    "exchange/dictionaries/new/": ("POST exchange/dictionaries",),
    "exchange/log/<uuid:exchange_id>/evidence/": ("POST exchange/log/{exchange_id}/evidence",),
    "exchange/log/archive/volumes/": ("POST exchange/archive/disposal",),
    "exchange/members/new/": ("POST exchange/members",),
    "exchange/operations/<int:operation_id>/": ("POST exchange/operations/{operation_id}/try",),
    "exchange/services/<int:service_id>/versions/new/": ("POST exchange/services/{service_id}/versions",),
    "exchange/services/new/": ("POST exchange/services",),
    "exchange/systems/<int:system_id>/certificates/": (f"POST {SYSTEM}/certificates",),
    "exchange/systems/<int:system_id>/certificates/<int:certificate_id>/revoke/": (
        f"POST {SYSTEM}/certificates/{{certificate_id}}/revoke",
    ),
    "exchange/systems/<int:system_id>/peer/": (f"POST {SYSTEM}/peer",),
    "exchange/systems/<int:system_id>/peer/<int:peer_id>/end/": (f"POST {SYSTEM}/peer/end",),
    "exchange/systems/<int:system_id>/secrets/": (f"POST {SYSTEM}/secrets",),
    "exchange/systems/<int:system_id>/secrets/<int:secret_id>/revoke/": (
        f"POST {SYSTEM}/secrets/{{secret_id}}/revoke",
    ),
    "exchange/systems/new/": ("POST exchange/systems",),
    "exchange/versions/<int:version_id>/ask/": ("POST exchange/grants",),
    "exchange/versions/<int:version_id>/keys/": ("POST exchange/trial-keys",),
    "exchange/versions/<int:version_id>/provider/": (f"POST {VERSION}/provider",),
    "exchange/versions/<int:version_id>/reach/": (f"POST {VERSION}/reach",),
    "exchange/versions/<int:version_id>/trial-address/": (f"POST {VERSION}/trial-address",),
    "records/case-files/<int:case_file_id>/<int:filing_id>/take-out/": (
        f"DELETE {FILE}/filings/{{filing_id}}",
    ),
    "records/case-files/<int:case_file_id>/close/": (f"POST {FILE}/close",),
    "records/case-files/<int:case_file_id>/correct/": (f"POST {FILE}/correct",),
    "records/case-files/<int:case_file_id>/hand-over/": (f"POST {FILE}/hand-over",),
    "records/case-files/<int:case_file_id>/reopen/": (f"POST {FILE}/reopen",),
    "records/case-files/new/": ("POST case-files",),
    "records/list/<int:year>/": ("POST file-lists/{year}/entries",),
    "records/list/<int:year>/<int:entry_id>/remove/": ("DELETE file-lists/{year}/entries/{entry_id}",),
    "records/list/<int:year>/approve/": ("POST file-lists/{year}/approve",),
    "records/list/<int:year>/copy/": ("POST file-lists/{year}/copy",),
    "signing/credentials/<int:credential_id>/image/": ("POST signing/credentials/{credential_id}/image",),
    "signing/custody/": ("POST signing/custody",),
    "signing/custody/<int:custody_id>/end/": ("POST signing/custody/{custody_id}/end",),
    "signing/credentials/new/": ("POST signing/credentials",),
    "signing/verify/": ("POST signing/verify",),
}

ACTS: dict[str, dict[str, str]] = {
    "documents/incoming/<int:incoming_id>/<slug:act>/": {
        **{
            act: f"POST {IN}/{act}"
            for act in (
                "deleted",
                "register",
                "refuse",
                "assign",
                "change",
                "extend",
                "start",
                "note",
                "complete",
                "reopen",
                "verify",
            )
        },
        **{act: f"POST incoming/parts/{{part_id}}/{act}" for act in ("withdraw", "pass", "finish", "resume")},
    },
    "documents/outgoing/<int:outgoing_id>/<slug:act>/": {
        "render": f"PUT {DRAFT}",
        **{act: f"POST {OUT}/{act}" for act in ("return", "number", "issue", "void", "party")},
        **dict.fromkeys(
            ("submit", "pass", "sign", "counterseal", "seal", "send", "withdraw", "paper"),
            f"POST {OUT}/{{act}}",
        ),
    },
    "documents/outgoing/<int:outgoing_id>/draft/<slug:act>/": {
        "comment": f"POST {DRAFT}/comments",
        "delete": f"DELETE {DRAFT}",
        "upload": f"POST {DRAFT}/letter",
        "attach": f"POST {DRAFT}/files",
        "detach": f"DELETE {DRAFT}/files/{{attachment_id}}",
        "place": f"POST {DRAFT}/places",
    },
    "exchange/grants/<int:grant_id>/<slug:act>/": {
        act: f"POST exchange/grants/{{grant_id}}/{act}" for act in ("approve", "refuse", "revoke")
    },
    "exchange/members/<int:member_id>/act/<slug:act>/": {
        "rename": f"POST {MEMBER}/name",
        **{act: f"POST {MEMBER}/{act}" for act in ("end", "suspend", "resume")},
    },
    "exchange/systems/<int:system_id>/act/<slug:act>/": {
        act: f"POST {SYSTEM}/{act}" for act in ("suspend", "resume", "revoke-tokens")
    },
    "exchange/versions/<int:version_id>/end/<slug:act>/": {
        act: f"POST {VERSION}/{act}" for act in ("deprecate", "retire")
    },
    "signing/credentials/<int:credential_id>/<slug:act>/": {
        act: f"POST signing/credentials/{{credential_id}}/{act}" for act in ("suspend", "resume", "revoke")
    },
}
"""Routes of many acts: each act of the page."""

_SESSION = "opens or ends a session of the browser; programs come with a token each time"
_TRIAL = "tries the way from this browser to the holder's token, which a program has not"
_PROGRAM = "the signing program's own protocol, not a page"

ALONE: dict[str, str] = {
    "directory/account/tokens/": "a token makes no other token, which would outlive its own revocation",
    "directory/sign-in/": _SESSION,
    "directory/sign-in/code/": _SESSION,
    "directory/sign-in/password/": _SESSION,
    "directory/sign-in/second-factor/": _SESSION,
    "directory/sign-out/": _SESSION,
    "exchange/dmdc/2.0/Category/<str:code>": "an operation for programs itself, in the national platform's form",
    "language/": "the language of the browser; programs say theirs in each request",
    "signing/mine/trial/": _TRIAL,
    "signing/mine/trial/<uuid:session_id>/finish/": _TRIAL,
    "signing/plugin/<uuid:session_id>/errand/": _PROGRAM,
    "signing/plugin/upload/<str:secret>/": _PROGRAM,
}

READING: frozenset[str] = frozenset({
    "directory/positions/", "documents/reports/", "signing/credentials/", "signing/mine/",
    "signing/mine/trial/<uuid:session_id>/", "signing/mine/trial/<uuid:session_id>/letter.pdf",
})  # fmt: skip
"""Pages that take any method and do the same for each: they show something."""
