#!/bin/sh
# Makes the virtual environment and the settings where they are missing, then serves.
# Arguments go to `knowctl serve`; KNOWCTL_VERBOSE=1 shows what pip says.
set -eu

self=$0
while [ -h "$self" ]; do
    link=$(readlink "$self")
    case $link in
        /*) self=$link ;;
        *) self=$(dirname "$self")/$link ;;
    esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)

# Any Python from 3.7 will do: the bootstrap looks for a newer one itself.
for python in python3 python python3.14 python3.13 python3.12 python3.11; do
    if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 7))' >/dev/null 2>&1; then
        exec "$python" -I "$root/src/knowctl/probes/bootstrap.py" production -- "$@"
    fi
done

cat >&2 <<'END'
x there is no Python to start with
    neither python3 nor python on PATH runs
    -> install Python 3.11 or newer (apt install python3 python3-venv), then run this again
END
exit 1
