"""Clients with their root keys, and epochs."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE clients (client_ref text PRIMARY KEY, hetu_hash bytea UNIQUE, root bytea)")
    op.execute("""
        CREATE TABLE epochs (
            number bigint PRIMARY KEY,
            client_ref text,
            source text,
            category text,
            lane text,
            members text,
            begun_after bigint
        )""")
    op.execute("CREATE INDEX epochs_of ON epochs (client_ref, source, category, lane)")
