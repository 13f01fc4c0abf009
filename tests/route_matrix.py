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
