#!/bin/sh
# Makes what deploy/compose.yaml needs and no repository holds: secrets, and the installation with the public keys in it.
# What is there already stays as it is: done again after an organisation was added to prepared/organisations.toml, it makes
# what that one needs.
#
# The folder that they stand in is for whoever runs this only. The files in it can be read by anybody who is given one: a
# container, whose user is another.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
made=$here/prepared
# The version that Compose runs: the variable's or, as there, what stands in deploy/.env.
written=$(sed -n 's/^PALVELUPOLKU_VERSION=//p' "$here/../.env" 2>/dev/null || true)
version=${PALVELUPOLKU_VERSION:-${written:-latest}}
# In the image, as whoever runs this; or a palvelupolku of this machine's: PALVELUPOLKU=.venv/bin/palvelupolku
in_image() { docker run --rm --user "$(id -u):$(id -g)" --volume "$here:$here" "palvelupolku:$version" "$@"; }
palvelupolku() { if [ -n "${PALVELUPOLKU:-}" ]; then "$PALVELUPOLKU" "$@"; else in_image "$@"; fi; }

# Letters and digits only: it stands in an address and in a file of settings.
password() { [ -s "$1" ] || head -c 256 /dev/urandom | tr -dc 'A-Za-z0-9' | head -c 32 >"$1"; }
address() { [ -s "$1" ] || printf 'postgresql://%s:%s@postgres:5432/%s' "$2" "$(cat "$3")" "$4" >"$1"; }
organisations() { awk '/^\[\[/ { at = $0 } at == "[[organisation]]" && $1 == "id" { gsub(/"/, "", $3); print $3 }' "$1"; }
with_a_key() { awk '/^\[\[/ { at = $0 } $1 == "id" { id = $3 } at == "[[organisation]]" && $1 == "public_keys" { gsub(/"/, "", id); print id }' "$1"; }

mkdir -p "$made/secrets"
password "$made/secrets/kafka_admin_password"
password "$made/secrets/postgres_password"
password "$made/secrets/grafana_password"
address "$made/secrets/admin_database_url" postgres "$made/secrets/postgres_password" postgres

installation=$made/organisations.toml
[ -e "$installation" ] || cp "$here/organisations.toml" "$installation"
for organisation in $(organisations "$installation"); do
    own=$made/secrets/$organisation
    mkdir -p "$own"
    password "$own/kafka_sasl_password"
    password "$own/database_password"
    address "$own/database_url" "$organisation" "$own/database_password" "$organisation"
    line=$(palvelupolku keys "$organisation" --installation "$installation" --secrets "$made/secrets")
    if ! with_a_key "$installation" | grep -qxF "$organisation"; then
        awk -v id="\"$organisation\"" -v line="$line" \
            '/^\[\[/ { at = $0 } { print } at == "[[organisation]]" && $1 == "id" && $3 == id { print line }' \
            "$installation" >"$installation.new"
        mv "$installation.new" "$installation"
    fi
done
find "$made/secrets" -type f -exec chmod 444 {} +
find "$made/secrets" -type d -exec chmod 755 {} +
chmod 644 "$installation"
chmod 700 "$made"
echo "Made: $made"
