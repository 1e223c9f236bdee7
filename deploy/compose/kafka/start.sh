#!/bin/sh
# Starts the broker; at the first start it formats its storage, with the administrator's account in it.
set -eu
umask 077
programs=${KAFKA_PROGRAMS:-/opt/kafka/bin}
here=$(dirname "$0")
settings=$(mktemp)
password=$(cat "${SECRETS:-/run/secrets}/kafka_admin_password")

sed "s/@PASSWORD@/$password/g" "$here/server.properties" >"$settings"
data=$(sed -n 's/^log.dirs=//p' "$settings")
if [ ! -e "$data/meta.properties" ]; then
    "$programs/kafka-storage.sh" format --standalone --config "$settings" \
        --cluster-id "$("$programs/kafka-storage.sh" random-uuid)" \
        --add-scram "SCRAM-SHA-256=[name=admin,password=$password]"
fi
exec "$programs/kafka-server-start.sh" "$settings"
