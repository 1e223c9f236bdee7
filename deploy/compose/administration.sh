#!/bin/sh
# What an administrator prepares at Kafka and PostgreSQL for the organisations named. May be done again at any time: what
# is there stays, and passwords become those of the files.
set -eu
secrets=${SETTINGS_FOLDER:-/run/secrets}

palvelupolku create-topic --replication 1 --min-insync 1
for organisation in "$@"; do
    palvelupolku create-account "$organisation" --password-file "$secrets/$organisation/kafka_sasl_password"
    palvelupolku create-database "$organisation" --password-file "$secrets/$organisation/database_password"
done
