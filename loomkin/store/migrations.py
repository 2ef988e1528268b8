"""The schema, as numbered steps that only go forward; step N makes `user_version` N."""

_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('project', lower(hex(randomblob(8))))",
    """CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, project TEXT NOT NULL,
        session TEXT NOT NULL, agent TEXT NOT NULL, task TEXT NOT NULL,
        kind TEXT NOT NULL, data TEXT NOT NULL)""",
    "CREATE INDEX events_session ON events (session, seq)",
    """CREATE TABLE sessions (
        id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
        cwd TEXT NOT NULL, model TEXT NOT NULL, mode TEXT NOT NULL, parent TEXT NOT NULL,
        started REAL NOT NULL, updated REAL NOT NULL, turns INTEGER NOT NULL,
        cleared INTEGER NOT NULL)""",
    "CREATE INDEX sessions_updated ON sessions (project, updated)",
    """CREATE TABLE messages (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, agent TEXT NOT NULL, id TEXT NOT NULL,
        role TEXT NOT NULL, sender TEXT NOT NULL, at REAL NOT NULL, parts TEXT NOT NULL)""",
    "CREATE INDEX messages_session ON messages (session, agent, seq)",
    """CREATE TABLE turns (
        session TEXT NOT NULL, agent TEXT NOT NULL, number INTEGER NOT NULL, woke TEXT NOT NULL,
        started REAL NOT NULL, ended REAL, outcome TEXT NOT NULL, detail TEXT NOT NULL,
        steps INTEGER NOT NULL, PRIMARY KEY (session, agent, number)) WITHOUT ROWID""",
    """CREATE TABLE calls (
        session TEXT NOT NULL, agent TEXT NOT NULL, call_id TEXT NOT NULL, tool TEXT NOT NULL,
        arguments TEXT NOT NULL, started REAL NOT NULL, state TEXT NOT NULL, seconds REAL NOT NULL,
        output_id TEXT NOT NULL, PRIMARY KEY (session, call_id)) WITHOUT ROWID""",
    """CREATE TABLE changes (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, agent TEXT NOT NULL, call_id TEXT NOT NULL,
        at REAL NOT NULL, path TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
        added INTEGER NOT NULL, removed INTEGER NOT NULL, diff TEXT NOT NULL)""",
    "CREATE INDEX changes_path ON changes (path, seq)",
    """CREATE TABLE usage (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
        task TEXT NOT NULL, model TEXT NOT NULL, at REAL NOT NULL, input INTEGER NOT NULL,
        output INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
        reasoning INTEGER NOT NULL, cost INTEGER, price_source TEXT NOT NULL,
        milliseconds INTEGER NOT NULL, woke TEXT NOT NULL)""",
    "CREATE INDEX usage_at ON usage (project, at)",
    "CREATE INDEX usage_session ON usage (session)",
    """CREATE TABLE verdicts (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
        at REAL NOT NULL, call_id TEXT NOT NULL, tool TEXT NOT NULL, target TEXT NOT NULL,
        decision TEXT NOT NULL, reason TEXT NOT NULL, rule TEXT NOT NULL, source TEXT NOT NULL,
        decided_by TEXT NOT NULL)""",
    "CREATE INDEX verdicts_at ON verdicts (project, seq)",
    """CREATE TABLE grants (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, at REAL NOT NULL,
        rule TEXT NOT NULL, scope TEXT NOT NULL, revoked INTEGER NOT NULL)""",
    """CREATE TABLE questions (
        session TEXT NOT NULL, call_id TEXT NOT NULL, agent TEXT NOT NULL, at REAL NOT NULL,
        question TEXT NOT NULL, options TEXT NOT NULL, answer TEXT, assumed INTEGER NOT NULL,
        PRIMARY KEY (session, call_id)) WITHOUT ROWID""",
)

_TEAM = (
    # call identifiers are unique in one agent's conversation, not among those of several
    "ALTER TABLE calls RENAME TO calls_of_one",
    """CREATE TABLE calls (
        session TEXT NOT NULL, agent TEXT NOT NULL, call_id TEXT NOT NULL, tool TEXT NOT NULL,
        arguments TEXT NOT NULL, started REAL NOT NULL, state TEXT NOT NULL, seconds REAL NOT NULL,
        output_id TEXT NOT NULL, PRIMARY KEY (session, agent, call_id)) WITHOUT ROWID""",
    "INSERT INTO calls SELECT * FROM calls_of_one",
    "DROP TABLE calls_of_one",
    "ALTER TABLE questions RENAME TO questions_of_one",
    """CREATE TABLE questions (
        session TEXT NOT NULL, call_id TEXT NOT NULL, agent TEXT NOT NULL, at REAL NOT NULL,
        question TEXT NOT NULL, options TEXT NOT NULL, answer TEXT, assumed INTEGER NOT NULL,
        PRIMARY KEY (session, agent, call_id)) WITHOUT ROWID""",
    "INSERT INTO questions SELECT * FROM questions_of_one",
    "DROP TABLE questions_of_one",
    """CREATE TABLE agents (
        session TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, team TEXT NOT NULL,
        spawner TEXT NOT NULL, model TEXT NOT NULL, purpose TEXT NOT NULL, budget INTEGER,
        depth INTEGER NOT NULL, tier TEXT NOT NULL, joined REAL NOT NULL, state TEXT NOT NULL,
        reason TEXT NOT NULL, report TEXT NOT NULL, since REAL NOT NULL,
        PRIMARY KEY (session, name)) WITHOUT ROWID""",
    """CREATE TABLE mail (
        session TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, sender TEXT NOT NULL,
        recipient TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL,
        priority TEXT NOT NULL, delivery TEXT NOT NULL, reply_by REAL NOT NULL, not_before REAL NOT NULL,
        correlation TEXT NOT NULL, task TEXT NOT NULL, rank INTEGER NOT NULL, state TEXT NOT NULL,
        reason TEXT NOT NULL, answered INTEGER NOT NULL, PRIMARY KEY (session, id)) WITHOUT ROWID""",
    """CREATE TABLE tasks (
        session TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, title TEXT NOT NULL,
        state TEXT NOT NULL, role TEXT NOT NULL, owner TEXT NOT NULL, priority INTEGER NOT NULL,
        attempts INTEGER NOT NULL, reason TEXT NOT NULL, data TEXT NOT NULL, added REAL NOT NULL,
        moved REAL NOT NULL, ended REAL, handoff TEXT, PRIMARY KEY (session, id)) WITHOUT ROWID""",
    """CREATE TABLE edges (
        session TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, kind TEXT NOT NULL,
        name TEXT NOT NULL, on_failure TEXT NOT NULL,
        PRIMARY KEY (session, before, after, kind, name)) WITHOUT ROWID""",
    """CREATE TABLE evidence (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, task TEXT NOT NULL, data TEXT NOT NULL)""",
    "CREATE INDEX evidence_task ON evidence (session, task)",
    """CREATE TABLE partials (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, task TEXT NOT NULL, number INTEGER NOT NULL,
        total INTEGER NOT NULL, milestone TEXT NOT NULL, text TEXT NOT NULL)""",
    "CREATE INDEX partials_task ON partials (session, task)",
    """CREATE TABLE rendezvous (
        session TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (session, name)) WITHOUT ROWID""",
    """CREATE TABLE claims (
        session TEXT NOT NULL, id TEXT NOT NULL, agent TEXT NOT NULL, path TEXT NOT NULL,
        data TEXT NOT NULL, PRIMARY KEY (session, id)) WITHOUT ROWID""",
    """CREATE TABLE surveys (
        project TEXT NOT NULL, session TEXT NOT NULL, at REAL NOT NULL, tree TEXT NOT NULL,
        text TEXT NOT NULL, PRIMARY KEY (project, session)) WITHOUT ROWID""",
)

_TRANSCRIPT = (
    # what a message says stands in the log alone; old SQLite cannot drop a column
    "ALTER TABLE messages RENAME TO messages_twice",
    "DROP INDEX messages_session",
    """CREATE TABLE messages (
        seq INTEGER NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL, id TEXT NOT NULL,
        role TEXT NOT NULL, sender TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (session, agent, seq)) WITHOUT ROWID""",
    "INSERT INTO messages SELECT seq, session, agent, id, role, sender, at FROM messages_twice",
    "DROP TABLE messages_twice",
)

_KEEPERS = (
    """CREATE TABLE keepers (
        session TEXT NOT NULL, id TEXT NOT NULL, project TEXT NOT NULL, seq INTEGER NOT NULL,
        at REAL NOT NULL, agent TEXT NOT NULL, kind TEXT NOT NULL, tokens INTEGER NOT NULL,
        title TEXT NOT NULL, messages INTEGER NOT NULL, files INTEGER NOT NULL, data TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX keepers_own ON keepers (session, id)",
    "CREATE INDEX keepers_id ON keepers (project, id)",
    """CREATE TABLE keeper_messages (
        session TEXT NOT NULL, keeper TEXT NOT NULL, place INTEGER NOT NULL, message TEXT NOT NULL,
        PRIMARY KEY (session, keeper, place)) WITHOUT ROWID""",
    "CREATE INDEX keeper_of_message ON keeper_messages (message)",
    """CREATE TABLE keeper_files (
        session TEXT NOT NULL, keeper TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL,
        sha TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (session, keeper, number)) WITHOUT ROWID""",
    "CREATE INDEX keeper_files_path ON keeper_files (path, at, sha)",
    """CREATE TABLE keeper_uses (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, agent TEXT NOT NULL, at REAL NOT NULL,
        keeper TEXT NOT NULL, how TEXT NOT NULL, useful INTEGER, reason TEXT NOT NULL)""",
    "CREATE INDEX keeper_uses_keeper ON keeper_uses (keeper)",
    """CREATE TABLE keeper_changes (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, at REAL NOT NULL, keeper TEXT NOT NULL,
        state TEXT, card TEXT)""",
    "CREATE INDEX keeper_changes_keeper ON keeper_changes (keeper)",
)

_DECISIONS = (
    # an event's number is the key: the index below names its rows by it, and a new one is never an old one
    """CREATE TABLE decisions (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, change_id TEXT NOT NULL UNIQUE,
        id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL, confidence INTEGER, failed INTEGER NOT NULL,
        branch TEXT NOT NULL, commit_id TEXT NOT NULL, messages TEXT NOT NULL, keepers TEXT NOT NULL,
        author TEXT NOT NULL, agent TEXT NOT NULL, task TEXT NOT NULL, prompt TEXT NOT NULL,
        created REAL NOT NULL, updated REAL NOT NULL)""",
    "CREATE INDEX decisions_kind ON decisions (project, kind, status)",
    "CREATE INDEX decisions_updated ON decisions (project, updated)",
    """CREATE TABLE decision_files (
        node TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL,
        PRIMARY KEY (node, number)) WITHOUT ROWID""",
    "CREATE INDEX decision_files_path ON decision_files (path)",
    """CREATE TABLE decision_edges (
        start TEXT NOT NULL, finish TEXT NOT NULL, type TEXT NOT NULL, change_id TEXT NOT NULL,
        reason TEXT NOT NULL, earlier TEXT, later TEXT, at REAL NOT NULL,
        PRIMARY KEY (start, finish, type)) WITHOUT ROWID""",
    "CREATE INDEX decision_edges_finish ON decision_edges (finish)",
    "CREATE INDEX decision_edges_earlier ON decision_edges (earlier)",
    "CREATE INDEX decision_edges_later ON decision_edges (later)",
    """CREATE VIRTUAL TABLE decision_search USING fts5 (
        title, description, reasons, files, tokenize = "unicode61 remove_diacritics 2")""",
    """CREATE TABLE doubts (
        node TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL, told INTEGER NOT NULL,
        at REAL NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
        PRIMARY KEY (node, source)) WITHOUT ROWID""",
    "CREATE INDEX doubts_owner ON doubts (session, agent, told)",
    """CREATE INDEX events_decisions ON events (seq) WHERE kind IN ('DecisionLogged', 'DecisionRevised',
        'DecisionRemoved', 'DecisionLinked', 'DecisionUnlinked')""",
)

_FAILURES = (
    """CREATE TABLE failures (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
        at REAL NOT NULL, signature TEXT NOT NULL, command TEXT NOT NULL, error TEXT NOT NULL,
        data TEXT NOT NULL)""",
    "CREATE INDEX failures_signature ON failures (project, signature)",
    "CREATE INDEX failures_command ON failures (project, command)",
    """CREATE TABLE failure_fixes (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
        at REAL NOT NULL, signature TEXT NOT NULL, key TEXT NOT NULL, worked INTEGER NOT NULL,
        data TEXT NOT NULL)""",
    "CREATE INDEX failure_fixes_signature ON failure_fixes (project, signature, key)",
    """CREATE TABLE failure_shows (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
        signature TEXT NOT NULL, how TEXT NOT NULL)""",
    "CREATE INDEX failure_shows_agent ON failure_shows (session, agent)",
    """CREATE TABLE failure_forgets (
        seq INTEGER PRIMARY KEY, project TEXT NOT NULL, session TEXT NOT NULL, signature TEXT NOT NULL)""",
    "CREATE INDEX failure_forgets_signature ON failure_forgets (project, signature)",
)

_CARRIED = (
    """CREATE TABLE imports (
        session TEXT PRIMARY KEY, project TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID""",
    # events that nobody can read any more, as they were; repairing puts them here and deletes nothing
    """CREATE TABLE damaged_events (
        seq INTEGER PRIMARY KEY, at REAL NOT NULL, project TEXT NOT NULL, session TEXT NOT NULL,
        agent TEXT NOT NULL, task TEXT NOT NULL, kind TEXT NOT NULL, data BLOB)""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST, _TEAM, _TRANSCRIPT, _KEEPERS, _DECISIONS, _FAILURES, _CARRIED,
)  # fmt: skip
