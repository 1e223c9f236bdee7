"""The client files, the positions, what of them has been published, and the client register.

Facts are numbered in the order in which they become visible. A sequence alone does not see to that: a number taken first
may be committed last, and a reader who has gone past it would never see it. So ``order_of_numbers`` lets one
transaction in at a time, from before its first number until it is committed: whoever inserts, and however. It is
no lock of the table's: one that keeps writers apart would also wait for the server's own ANALYZE and VACUUM.
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE stored_events (
            originator_id text NOT NULL,
            originator_version bigint NOT NULL,
            topic text NOT NULL,
            state bytea NOT NULL,
            notification_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
            PRIMARY KEY (originator_id, originator_version)
        )""")
    op.execute("""
        CREATE FUNCTION order_of_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('stored_events', 0));
            NOTIFY stored_events;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER order_of_numbers BEFORE INSERT ON stored_events
        FOR EACH STATEMENT EXECUTE FUNCTION order_of_numbers()""")
    op.execute("CREATE TABLE tracking (application_name text PRIMARY KEY, notification_id bigint NOT NULL)")
    op.execute("""
        CREATE FUNCTION position_moved(name text, place bigint) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO tracking AS t (application_name, notification_id) VALUES (name, place)
            ON CONFLICT (application_name) DO UPDATE SET notification_id = place WHERE t.notification_id < place;
            IF NOT FOUND THEN
                RAISE integrity_constraint_violation USING MESSAGE = 'the position of ' || name || ' does not grow';
            END IF;
            RETURN TRUE;
        END $$""")
    op.execute("CREATE TABLE published (number bigint PRIMARY KEY, position bigint, time bigint, recipients text)")
    op.execute("CREATE TABLE published_again (number bigint, lane text, position bigint, time bigint, recipients text)")
    op.execute("CREATE INDEX again_number ON published_again (number)")
    op.execute("CREATE TABLE to_backfill (client_ref text PRIMARY KEY)")
    op.execute("CREATE TABLE reactions_refused (position bigint PRIMARY KEY, client_ref text, fact_id text, code text)")
    op.execute("CREATE TABLE register (client_ref text PRIMARY KEY, sealed bytea, introduced bigint)")
