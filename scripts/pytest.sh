# Tests that need the server to themselves run first, then the others two at a time; those that share the
# running house stay in one process. 5: none selected.
.venv/bin/python -m pytest -q -m alone "$@" || [ $? = 5 ]
.venv/bin/python -m pytest -q -n 2 --dist loadgroup -m "not alone" "$@" || [ $? = 5 ]
