# Tests that need the server to themselves run first, then the others four at a time, since two cores are idle
# now and then while tests wait for the processes that they start; a file's tests in one process (conftest.py). 5: none selected.
.venv/bin/python -m pytest -q -m alone "$@" || [ $? = 5 ]
.venv/bin/python -m pytest -q -n 4 -m "not alone" "$@" || [ $? = 5 ]
