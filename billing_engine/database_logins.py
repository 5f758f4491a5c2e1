"""The three logins of a PostgreSQL server, made by its administrator; used before Django starts, and by `migrate`."""

from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Identifier, Literal

OF_THE_DATABASE = (
    "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
    "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
)
OF_A_LOGIN = (
    "GRANT CONNECT ON DATABASE {database} TO {login}",
    "REVOKE TEMPORARY ON DATABASE {database} FROM {login}",
    "GRANT USAGE ON SCHEMA public TO {login}",
)
# What a restore brought back under the administrator's name becomes the owner's again.
RESTORED = """
    WITH made AS (  -- what belongs to a table, a type or an extension follows it
        SELECT 'pg_class'::regclass AS catalog, oid, relowner AS owner, oid::regclass::text AS name,
               CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
          FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, proowner, oid::regprocedure::text, 'FUNCTION'
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'pg_type'::regclass, oid, typowner, oid::regtype::text, 'TYPE'
          FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e', 'r')
    )
    SELECT format('ALTER %%s %%s OWNER TO ', kind, name) FROM made
     WHERE owner = current_user::regrole AND current_user <> %s
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = made.oid AND deptype IN ('a', 'i', 'e'))
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A name and password in PostgreSQL; empty if none is set."""

    user: str
    password: str

    def __bool__(self) -> bool:
        return bool(self.user)


def create_logins(server: Any, database: str, *, owner: Login, app: Login, reader: Login) -> None:
    """Create the logins with these passwords, or change their passwords; only the owner may create tables."""
    made = [login for login in (owner, app, reader) if login]
    with server.cursor() as cursor:
        for login in made:
            _ensure(cursor, server, login)
        for grant in OF_THE_DATABASE:
            cursor.execute(SQL(grant).format(database=Identifier(database), owner=Identifier(owner.user)))
        for grant in OF_A_LOGIN:
            for login in made[1:]:
                cursor.execute(SQL(grant).format(database=Identifier(database), login=Identifier(login.user)))
        _give_back(cursor, owner)


def _ensure(cursor: Any, server: Any, login: Login) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.user])
    verb = SQL("ALTER" if cursor.fetchone() else "CREATE")
    # A verifier, because a server that logs statements would log the password itself.
    verifier = encrypt_password(login.password, login.user, server, "scram-sha-256")
    cursor.execute(SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, Identifier(login.user), Literal(verifier)))


def _give_back(cursor: Any, owner: Login) -> None:
    cursor.execute(RESTORED, [owner.user])
    found = [statement for (statement,) in cursor.fetchall()]
    if found:  # an administrator that is no superuser, as in RDS, must be a member of the role it gives to
        cursor.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(owner.user)))
    for statement in found:
        cursor.execute(SQL(statement) + Identifier(owner.user))
