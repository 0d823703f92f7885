#!/bin/sh
# Makes the development environment, then runs everything, or the part that is named.
set -eu
cd -- "$(dirname -- "$0")"

usage() {
    cat <<'END'
usage: ./run_tests.sh                      lint, types, contracts, then all tests with coverage
       ./run_tests.sh lint|types|contracts
       ./run_tests.sh unit|integration|e2e|house [pytest's arguments]
       ./run_tests.sh lowest [pytest's arguments]  unit, integration: the lowest versions allowed
       ./run_tests.sh bench [name]         the measured promises, or one of them
       ./run_tests.sh lock [uv's arguments]  pin the dependencies anew; --upgrade moves them
END
}

environment() {
    for python in python3 python python3.14 python3.13 python3.12 python3.11; do
        if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 7))' >/dev/null 2>&1; then
            "$python" -I src/knowctl/probes/bootstrap.py development
            bin=.venv/bin
            [ -d "$bin" ] || bin=.venv/Scripts
            return
        fi
    done
    printf '%s\n' >&2 'x there is no Python to start with' \
        '    neither python3 nor python on PATH runs' \
        '    -> install Python 3.11 or newer (apt install python3 python3-venv), then run this again'
    exit 1
}

lint() {
    "$bin/ruff" check --no-cache
    "$bin/ruff" format --check --no-cache
}

pin() {
    "$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --custom-compile-command './run_tests.sh lock' \
        --extra gemini --extra mysql --group build "$@"
}

lock() {
    uv=uv
    if ! command -v uv >/dev/null 2>&1; then
        echo '==> uv is not on PATH: installing it into .venv' >&2
        environment
        "$bin/python" -m pip install --quiet --disable-pip-version-check uv
        uv=$bin/uv
    fi
    pin --output-file requirements.lock "$@"
    pin --output-file requirements-dev.lock --group dev --constraints requirements.lock "$@"
    # To the lowest versions come the tools as above. uv keeps a pin that is allowed: where a bound
    # was lowered, remove requirements-lowest.lock first.
    grep -vxFf requirements.lock requirements-dev.lock |
        pin --output-file requirements-lowest.lock --group dev --constraints - \
            --resolution lowest-direct "$@"
}

# Makes .venv-lowest anew where it was not made from this lock, or not here.
lowest_environment() {
    made="$(pwd) $(cksum requirements-lowest.lock)"
    python=$bin/python
    bin=.venv-lowest/${bin##*/}
    if [ "$(cat .venv-lowest/made-from 2>/dev/null)" != "$made" ]; then
        echo '==> making .venv-lowest' >&2
        "$python" -I -m venv --clear .venv-lowest
        pip="$bin/python -I -m pip install --quiet --disable-pip-version-check --no-deps"
        $pip --require-hashes -r requirements-lowest.lock
        $pip --no-build-isolation -e .
        printf '%s\n' "$made" >.venv-lowest/made-from
    fi
}

part=${1-all}
[ $# -eq 0 ] || shift
case $part in
    -h | --help) usage ;;
    lock) lock "$@" ;;
    all | lint | types | contracts | unit | integration | e2e | house | lowest | bench)
        environment
        ;;
    *) usage >&2 && exit 2 ;;
esac
case $part in
    all)
        lint
        "$bin/mypy"
        "$bin/lint-imports"
        exec "$bin/python" -m pytest --cov=src tests/unit tests/integration tests/e2e tests/house "$@"
        ;;
    lint) lint ;;
    types) exec "$bin/mypy" "$@" ;;
    contracts) exec "$bin/lint-imports" "$@" ;;
    unit | integration | e2e | house) exec "$bin/python" -m pytest "tests/$part" "$@" ;;
    lowest)
        lowest_environment
        exec "$bin/python" -m pytest tests/unit tests/integration "$@"
        ;;
    bench) exec "$bin/python" -m benchmarks "$@" ;;
esac
