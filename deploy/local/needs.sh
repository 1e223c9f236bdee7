#!/bin/sh
# Sees to the commands that tests need beside Python. Says nothing when they are there. As root with apt-get it installs
# Debian's packages; otherwise it names them and ends with status 1.
set -eu

postgres() {
    for folder in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null)" "$(dirname "$(command -v initdb)")"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then return 0; fi
    done
    return 1
}

missing() {
    command -v java >/dev/null || echo default-jre-headless
    command -v mvn >/dev/null || echo maven
    postgres || echo postgresql
    command -v kcat >/dev/null || echo kcat
}

install() {
    # No server is to run that nobody asked for: tests start their own.
    none=/etc/postgresql-common/createcluster.d/palvelupolku.conf
    mkdir -p "${none%/*}"
    echo "create_main_cluster = false" >"$none"
    trap 'rm -f "$none"' EXIT
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq -y --no-install-recommends install "$@"
}

packages=$(missing | tr '\n' ' ')
if [ -z "$packages" ]; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need what these packages hold: apt-get install $packages" >&2
    exit 1
fi
echo "Installing for the tests: $packages"
# shellcheck disable=SC2086  # several packages
if ! said=$(install $packages 2>&1); then
    echo "$said" | tail -n 20 >&2
    echo "These packages could not be installed: $packages" >&2
    exit 1
fi
still=$(missing | tr '\n' ' ')
if [ -n "$still" ]; then
    echo "Installed, and yet there is nothing to run of: $still" >&2
    exit 1
fi
