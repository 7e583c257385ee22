//! The tables. Append only: a database of an older version is opened as it is.

/// Run at every start.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS scheduler_cursor (
        pool TEXT NOT NULL PRIMARY KEY,
        cursor TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS scheduler_deals (
        pool TEXT NOT NULL,
        deal TEXT NOT NULL,
        made INTEGER NOT NULL,
        size INTEGER NOT NULL,
        closed INTEGER NOT NULL,
        PRIMARY KEY (pool, deal)
    )",
    "CREATE TABLE IF NOT EXISTS scheduler_tasks (
        pool TEXT NOT NULL,
        task TEXT NOT NULL,
        deal TEXT NOT NULL,
        idx TEXT NOT NULL,
        phase TEXT NOT NULL,
        closed INTEGER NOT NULL,
        link TEXT,
        callback BLOB,
        why TEXT,
        PRIMARY KEY (pool, task)
    )",
    "CREATE INDEX IF NOT EXISTS scheduler_tasks_open ON scheduler_tasks (pool, closed, deal)",
    "CREATE TABLE IF NOT EXISTS scheduler_replicates (
        pool TEXT NOT NULL,
        task TEXT NOT NULL,
        worker TEXT NOT NULL,
        state TEXT NOT NULL,
        cause TEXT NOT NULL,
        message TEXT NOT NULL,
        assigned INTEGER NOT NULL,
        told INTEGER NOT NULL,
        asked INTEGER,
        upload_failed INTEGER NOT NULL,
        callback BLOB,
        PRIMARY KEY (pool, task, worker)
    )",
    "CREATE INDEX IF NOT EXISTS scheduler_replicates_worker ON scheduler_replicates (pool, worker, state)",
    "CREATE TABLE IF NOT EXISTS scheduler_workers (
        pool TEXT NOT NULL,
        worker TEXT NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (pool, worker)
    )",
    "CREATE TABLE IF NOT EXISTS scheduler_commands (
        pool TEXT NOT NULL,
        worker TEXT NOT NULL,
        number INTEGER NOT NULL,
        task TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (pool, worker, number)
    )",
    "CREATE INDEX IF NOT EXISTS scheduler_commands_task ON scheduler_commands (pool, task)",
];
