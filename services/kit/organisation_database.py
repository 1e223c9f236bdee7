"""An organisation's own database and role, made by whoever administers the server."""

from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Identifier

CONNECT_SECONDS = 5
LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL does not cut off."""


def create_organisation_database(admin_url: str, organisation: str, password: str) -> str:
    """The organisation's role, which may do nothing outside its database, and a database that nobody else enters; both
    are named as the organisation. Done again, it sets the password and what may have been loosened.
    ``admin_url``: of a role that may create roles and databases. Returns the organisation's URL.
    Raises ValueError for an id that cannot be a name, and psycopg's errors."""
    if not organisation or len(organisation.encode()) > LONGEST_NAME or not organisation.isprintable():
        raise ValueError(f"{organisation!r} cannot be the name of a database")
    own = Identifier(organisation)
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=CONNECT_SECONDS) as admin:
        _create_role(admin, organisation, password)
        if not admin.execute("SELECT FROM pg_database WHERE datname = %s", (organisation,)).rowcount:
            # Ordered by bytes, as SQLite orders: the same stories read the same on both.
            admin.execute(SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'").format(own, own))
        admin.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(own))
    inside = psycopg.conninfo.make_conninfo(admin_url, dbname=organisation, connect_timeout=CONNECT_SECONDS)
    with psycopg.connect(inside, autocommit=True) as admin:
        admin.execute(SQL("ALTER SCHEMA public OWNER TO {}").format(own))
        admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return _url(admin_url, organisation, password)


def _create_role(admin: psycopg.Connection[tuple[object, ...]], name: str, password: str) -> None:
    """The password is sent as what proves it, so that it stands in no log of the server's."""
    proof = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).rowcount:
        command = "ALTER ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}"
    else:
        command = "CREATE ROLE {} LOGIN NOCREATEDB NOCREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS PASSWORD {}"
    admin.execute(SQL(command).format(Identifier(name), sql.Literal(proof)))
    # Who is not a superuser may only make a role the owner of something when it is in it.
    admin.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(name)))


def _url(admin_url: str, name: str, password: str) -> str:
    """The administrator's way to the server, whatever it is, with the organisation's name and password."""
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(name, safe='')}:{quote(password, safe='')}@{place}", path=f"/{quote(name)}").geturl()
