# Tests that need the server to themselves run first, then the others two at a time, a file's tests in
# one process (conftest.py). 5: none selected.
.venv/bin/python -m pytest -q -m alone "$@" || [ $? = 5 ]
.venv/bin/python -m pytest -q -n 2 -m "not alone" "$@" || [ $? = 5 ]
