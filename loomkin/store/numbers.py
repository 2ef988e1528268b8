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
    number = next_number(connection, name)
    use_numbers_up_to(connection, name, number)
    return number


def next_number(connection: Connection, name: str) -> int:
    """The number that would be given next."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (f"next:{name}",)).fetchone()
    return int(row[0]) if row else 1


def use_numbers_up_to(connection: Connection, name: str, number: int) -> None:
    """Give none of these any more; within a transaction."""
    value = str(max(number + 1, next_number(connection, name)))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"next:{name}", value))
