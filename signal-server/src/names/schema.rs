//! The database file: how it is made, opened and brought up to date.
//!
//! A file that is there is one of ours and whole, or it is refused: an empty one would give every
//! name to whoever comes next.
//!
//! WAL, so that `names list` reads while a server writes, and waits for a lock instead of failing.
//! FULL synchronisation, because a claim that was granted must not be forgotten by a power failure:
//! the next to come would own the name.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::NameStoreError;
use super::file;

/// Tells a file of ours from another program's ("vsvs").
const APPLICATION_ID: i64 = 0x7673_7673;
/// How long to wait for another connection's lock.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How soon to ask again where the database does not wait by itself.
const RETRY: Duration = Duration::from_millis(10);

/// What brings a database from one format to the next; the format is the number of those that were
/// applied. One that was released is never changed.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE names (
        name       TEXT    NOT NULL PRIMARY KEY,
        skeleton   TEXT    NOT NULL UNIQUE,
        public_key BLOB    NOT NULL CHECK (length(public_key) = 32),
        claimed_at INTEGER NOT NULL,
        last_seen  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE missed_calls (
        name       TEXT    NOT NULL PRIMARY KEY,
        public_key BLOB    NOT NULL CHECK (length(public_key) = 32),
        oldest     INTEGER NOT NULL,
        calls      TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX missed_calls_oldest ON missed_calls (oldest);
",
];
/// The format that this version writes.
const FORMAT: i64 = MIGRATIONS.len() as i64;

/// Opens the database in a file, which is made when it is not there.
pub(super) fn open(path: &Path) -> Result<Connection, NameStoreError> {
    if !file::is_there(path)? {
        file::put_in_place(path, |aside| {
            let mut connection = connect(aside)?;
            migrate(&mut connection, aside)
        })?;
    }
    file::keep_private(path);
    let mut connection = connect(path)?;
    prepare(&mut connection, path)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, NameStoreError> {
    let sql = |error| NameStoreError::new(path, error);
    // Not as a URI, lest a strange file name carry options.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sql)?;
    connection.busy_timeout(PATIENCE).map_err(sql)?;
    Ok(connection)
}

/// Opens a database that is gone when it is closed.
pub(super) fn open_in_memory(path: &Path) -> Result<Connection, NameStoreError> {
    let mut connection =
        Connection::open_in_memory().map_err(|error| NameStoreError::new(path, error))?;
    migrate(&mut connection, path)?;
    prepare(&mut connection, path)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection, path: &Path) -> Result<(), NameStoreError> {
    let sql = |error| NameStoreError::new(path, error);
    // Looks before it touches: another program's file stays as it is.
    if format_of(connection, path)? == 0 {
        return Err(NameStoreError::Empty(path.to_owned()));
    }
    check(connection, path)?;
    use_wal(connection).map_err(sql)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(sql)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(sql)?;
    // Who called whom is not to be read from the file once it is erased.
    connection.pragma_update(None, "secure_delete", true).map_err(sql)?;
    migrate(connection, path)
}

/// Finds out whether a file that was put in the place of the names can be opened, and leaves it as
/// it is.
pub(super) fn check_copy(path: &Path) -> Result<(), NameStoreError> {
    let no_place = |source| NameStoreError::NoPlace { path: path.to_owned(), source };
    if !file::is_there(path)? {
        return Err(NameStoreError::Missing(path.to_owned()));
    }
    let copy = file::aside(path);
    let checked = fs::copy(path, &copy).map_err(no_place).and_then(|_| {
        let connection = connect(&copy)?;
        if format_of(&connection, path)? == 0 {
            return Err(NameStoreError::Empty(path.to_owned()));
        }
        check(&connection, path)
    });
    // Nothing else knows of them.
    let _ = fs::remove_file(&copy).and_then(|()| file::remove_log(&copy));
    checked
}

/// Finds out whether the file is whole. It reads all of it: a million names in about a second.
fn check(connection: &Connection, path: &Path) -> Result<(), NameStoreError> {
    const HAS_TABLE: &str =
        "SELECT count(*) = 1 FROM sqlite_schema WHERE type = 'table' AND name = 'names'";
    let sql = |error| NameStoreError::new(path, error);
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql)?;
    let has_table: bool = connection.query_row(HAS_TABLE, [], |row| row.get(0)).map_err(sql)?;
    let page: i64 =
        connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(sql)?;
    if verdict == "ok" && has_table && file::has_whole_pages(path, page.unsigned_abs()) {
        Ok(())
    } else {
        Err(NameStoreError::Damaged(path.to_owned()))
    }
}

/// Writes the format that is there again.
pub(super) fn touch(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", FORMAT)
}

/// How many migrations were applied.
fn format_of(connection: &Connection, path: &Path) -> Result<usize, NameStoreError> {
    // One statement sees one state of the file, also while another connection makes its tables.
    const LOOK: &str = "SELECT (SELECT application_id FROM pragma_application_id),
                               (SELECT user_version FROM pragma_user_version),
                               (SELECT count(*) FROM sqlite_schema)";
    let (application, version, tables): (i64, i64, i64) = connection
        .query_row(LOOK, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(|error| NameStoreError::new(path, error))?;
    if application != APPLICATION_ID {
        let is_new = application == 0 && version == 0 && tables == 0;
        return if is_new { Ok(0) } else { Err(NameStoreError::Foreign(path.to_owned())) };
    }
    match usize::try_from(version) {
        Ok(format) if format <= MIGRATIONS.len() => Ok(format),
        _ => Err(NameStoreError::Later { path: path.to_owned(), version }),
    }
}

/// Turns the write-ahead log on. Two connections that do so at once don't wait for each other, so
/// this asks again.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let asked = Instant::now();
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) => {
                if mode != "wal" && mode != "memory" {
                    tracing::warn!(
                        "the disk with the names has no shared memory: `names list` may have to wait"
                    );
                }
                return Ok(());
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && asked.elapsed() < PATIENCE =>
            {
                thread::sleep(RETRY);
            }
            Err(error) => return Err(error),
        }
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), NameStoreError> {
    if format_of(connection, path)? == MIGRATIONS.len() {
        return Ok(());
    }
    let sql = |error| NameStoreError::new(path, error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    // Another connection may have been faster.
    let format = format_of(&transaction, path)?;
    for migration in MIGRATIONS.iter().skip(format) {
        transaction.execute_batch(migration).map_err(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
    transaction.pragma_update(None, "user_version", FORMAT).map_err(sql)?;
    transaction.commit().map_err(sql)
}
