"""Which act a fact comes of, as a W3C ``traceparent``: only of sampled acts, and only until the fact is published."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE traces (
            client_ref text NOT NULL,
            source_seq bigint NOT NULL,
            trace text NOT NULL,
            PRIMARY KEY (client_ref, source_seq)
        )""")
