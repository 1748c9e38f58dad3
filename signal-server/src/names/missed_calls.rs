//! The missed calls of owned names, in the store's file.
//!
//! One row for each name that was called, which holds a [`CallList`]. It is for the key that owned
//! the name when it was called: for another one there is no list. Times are arguments. None of it
//! waits for the disk: a power failure may lose the last calls, or tell them twice.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, named_params};
use visavis_shared::limits::MISSED_CALL_MEMORY;
use visavis_shared::{MissedCall, PublicKey, Timestamp, Username};

use super::call_list::CallList;
use super::decision::Standing;
use super::error::NameStoreError;
use super::schema;
use super::store::{self, NameStore};

/// For how many names there are lists. Beyond that the list with the oldest call gives way.
pub const MAX_LISTS: usize = 50_000;
/// How long to wait for another program's lock: who wants to log in waits for that, too.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many lists are looked through at a time.
const BATCH: usize = 128;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It will be told.
    New,
    /// The caller tried the same call again.
    Again,
    /// Nobody owns the name, so nobody could be told.
    NotOwned,
}

impl NameStore {
    /// Notes that somebody called a name under which nobody was online.
    ///
    /// # Errors
    /// When the file can't be read or written; then nothing has changed.
    pub fn keep_missed(
        &mut self,
        callee: &Username,
        caller: &Username,
        at: Timestamp,
    ) -> Result<Kept, NameStoreError> {
        self.quickly(|connection| keep(connection, callee, caller, at, MAX_LISTS))
    }

    /// The calls that the owner of a name missed, in the order of their times.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn missed(
        &self,
        name: &Username,
        owner: &PublicKey,
        now: Timestamp,
    ) -> Result<Vec<MissedCall>, NameStoreError> {
        let mut list = self.read(|connection| find(connection, name, owner))?;
        list.forget_old(now);
        Ok(list.calls().to_vec())
    }

    /// Forgets calls that the owner of a name was told.
    ///
    /// # Errors
    /// When the file can't be read or written; then nothing has changed.
    pub fn forget_told(
        &mut self,
        name: &Username,
        owner: &PublicKey,
        told: &[MissedCall],
    ) -> Result<(), NameStoreError> {
        self.quickly(|connection| {
            let mut list = find(connection, name, owner)?;
            if list.forget_told(told) { put(connection, name, owner, &list) } else { Ok(()) }
        })
    }

    /// Erases some of the calls that are too old to be told. Says whether there may be more.
    ///
    /// # Errors
    /// When the file can't be read or written; then nothing has changed.
    pub fn erase_old_missed(&mut self, now: Timestamp) -> Result<bool, NameStoreError> {
        self.quickly(|connection| {
            let lists = overdue(connection, now)?;
            for (name, owner, text) in &lists {
                let mut list = CallList::parse(text);
                list.forget_old(now);
                put(connection, name, owner, &list)?;
            }
            Ok(lists.len() == BATCH)
        })
    }

    /// Erases all missed calls.
    ///
    /// # Errors
    /// When the file can't be written; then nothing has changed.
    pub fn erase_all_missed(&mut self) -> Result<(), NameStoreError> {
        self.quickly(|connection| connection.execute("DELETE FROM missed_calls", []).map(|_| ()))
    }

    /// Does something that nobody else comes between, without waiting for the disk or, for long,
    /// for another program.
    fn quickly<T>(
        &mut self,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, NameStoreError> {
        self.write(|connection| {
            connection.busy_timeout(PATIENCE)?;
            let done = store::without_waiting(connection, |connection| {
                let behavior = TransactionBehavior::Immediate;
                let transaction = connection.transaction_with_behavior(behavior)?;
                let done = act(&transaction)?;
                transaction.commit().map(|()| done)
            });
            connection.busy_timeout(schema::PATIENCE)?;
            done
        })
    }
}

fn keep(
    connection: &Connection,
    callee: &Username,
    caller: &Username,
    at: Timestamp,
    most: usize,
) -> rusqlite::Result<Kept> {
    let Standing::Owned(owner) = store::standing(connection, callee)? else {
        return Ok(Kept::NotOwned);
    };
    // Only its owner can have been online under an owned name.
    let guest = !matches!(store::standing(connection, caller)?, Standing::Owned(_));
    let mut list = find(connection, callee, &owner)?;
    if !list.add(MissedCall { from: caller.clone(), at, guest }) {
        return Ok(Kept::Again);
    }
    put(connection, callee, &owner, &list)?;
    let count: i64 =
        connection.query_row("SELECT count(*) FROM missed_calls", [], |row| row.get(0))?;
    let over = count.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX));
    if over > 0 {
        connection.execute(
            "DELETE FROM missed_calls WHERE name IN
             (SELECT name FROM missed_calls WHERE name <> ?1 ORDER BY oldest LIMIT ?2)",
            (callee.as_str(), over),
        )?;
    }
    Ok(Kept::New)
}

fn find(connection: &Connection, name: &Username, owner: &PublicKey) -> rusqlite::Result<CallList> {
    let mut query = connection
        .prepare_cached("SELECT calls FROM missed_calls WHERE name = ?1 AND public_key = ?2")?;
    let text: Option<String> =
        query.query_row((name.as_str(), owner.0), |row| row.get(0)).optional()?;
    Ok(text.map(|text| CallList::parse(&text)).unwrap_or_default())
}

fn put(
    connection: &Connection,
    name: &Username,
    owner: &PublicKey,
    list: &CallList,
) -> rusqlite::Result<()> {
    let Some(oldest) = list.oldest() else { return erase(connection, name) };
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO missed_calls (name, public_key, oldest, calls)
         VALUES (:name, :key, :oldest, :calls)",
    )?;
    insert
        .execute(named_params! {
            ":name": name.as_str(),
            ":key": owner.0,
            ":oldest": seconds(oldest),
            ":calls": list.to_text(),
        })
        .map(|_| ())
}

/// Erases the missed calls of one name.
pub(super) fn erase(connection: &Connection, name: &Username) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM missed_calls WHERE name = ?1")?
        .execute([name.as_str()])
        .map(|_| ())
}

/// Lists in which something is too old, or was written by a clock that was far ahead.
fn overdue(
    connection: &Connection,
    now: Timestamp,
) -> rusqlite::Result<Vec<(Username, PublicKey, String)>> {
    let memory = i64::try_from(MISSED_CALL_MEMORY.as_secs()).unwrap_or(i64::MAX);
    let now = seconds(now);
    let mut query = connection.prepare_cached(
        "SELECT name, public_key, calls FROM missed_calls
         WHERE oldest <= ?1 OR oldest >= ?2 ORDER BY oldest LIMIT ?3",
    )?;
    let limits = (now.saturating_sub(memory), now.saturating_add(memory), BATCH as i64);
    let lists = query.query_map(limits, |row| {
        Ok((store::name_in(row, 0)?, store::key_in(row, 1)?, row.get(2)?))
    })?;
    lists.collect()
}

fn seconds(at: Timestamp) -> i64 {
    i64::try_from(at.unix_seconds()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
