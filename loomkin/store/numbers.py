"""Numbers that count up once in a repository, whoever asks: those of `k7` and `d42`."""

from sqlite3 import Connection

from loomkin.store.database import transaction


def take_number(connection: Connection, name: str) -> int:
    """The next number of that name, from 1 on; two processes never get the same.

    Within a transaction it is taken with it, else in one of its own.
    """
    if not connection.in_transaction:
        with transaction(connection):
            return take_number(connection, name)
    key = f"next:{name}"
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    number = int(row[0]) if row else 1
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(number + 1)))
    return number
