"""Which act a fact comes of, as a W3C ``traceparent``: only of sampled acts, and only until the fact is published."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE fact_traces (number bigint PRIMARY KEY, trace text NOT NULL)")
