"""Records that somebody has dismissed: nobody made them, and nothing waits behind them any more."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE dismissed (position bigint PRIMARY KEY, client_ref text NOT NULL, record_id text NOT NULL, "
        "reason text NOT NULL, because text NOT NULL, person text NOT NULL, dismissed_at text NOT NULL)"
    )
