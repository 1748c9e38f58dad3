//! The book of owned names, in one SQLite file.
//!
//! Calls last as long as the disk takes: reading a name some microseconds, granting a claim one
//! synchronisation of the disk. Any number of connections and processes may share a file; of two
//! that claim a name at once, one gets it.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, named_params};
use visavis_shared::{PublicKey, Username, skeleton};

use super::decision::{self, Claim, Standing};
use super::error::NameStoreError;
use super::file::{self, FileId};
use super::missed_calls;
use super::schema;

/// Stands in messages for the file of a store in memory.
const IN_MEMORY: &str = "memory";
/// How exactly it is remembered when an owner was last there. Coarse, so that most logins write
/// nothing.
const SEEN_GRAIN: Duration = Duration::from_secs(3600);

/// A name and its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedName {
    /// The name.
    pub name: Username,
    /// Whose it is.
    pub key: PublicKey,
    /// Since when, to the second.
    pub claimed_at: SystemTime,
    /// When the owner last logged in, to the hour.
    pub last_seen: SystemTime,
}

/// Who owns which name.
#[derive(Debug)]
pub struct NameStore {
    connection: Connection,
    path: Box<Path>,
    /// Which file is open; none for a store in memory.
    file: Option<FileId>,
    /// Its log.
    log: Option<FileId>,
    /// The file is not open any more, and no other one could be opened yet.
    is_closed: bool,
}

/// What became of a store's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    InPlace,
    /// It was gone, and what it held was written again.
    WrittenAgain,
    /// Another one was in its place, and is used from now on.
    Replaced,
}

impl NameStore {
    /// Opens the store in a file. Makes the file (mode 0600) and its folder (0700) where they are
    /// missing.
    ///
    /// # Errors
    /// [`NameStoreError`] says in one line what is wrong with the file and what to do.
    pub fn open(path: &Path) -> Result<Self, NameStoreError> {
        let connection = schema::open(path)?;
        let id = |path: &Path| file::id(path).map_err(|error| no_place(path, error));
        let (file, log) = (id(path)?, id(&file::log_of(path))?);
        Ok(Self { connection, path: path.into(), file, log, is_closed: false })
    }

    /// A store that is forgotten when it is dropped.
    pub fn open_in_memory() -> Result<Self, NameStoreError> {
        let path = Path::new(IN_MEMORY);
        let connection = schema::open_in_memory(path)?;
        Ok(Self { connection, path: path.into(), file: None, log: None, is_closed: false })
    }

    /// Makes sure that the file which is open is the one in its place: names that are granted in a
    /// file which somebody deleted would be lost with it. What a deleted file held is still here,
    /// and is written again; a good file that was put in its place is opened.
    pub(super) fn find_file(&mut self) -> Result<Found, NameStoreError> {
        let Some(file) = self.file else { return Ok(Found::InPlace) };
        let found = match file::id(&self.path).map_err(|error| no_place(&self.path, error))? {
            Some(found) if found == file && file::is_empty(&self.path) => {
                return Err(NameStoreError::Empty(self.path.to_path_buf()));
            }
            Some(found) if found == file => return Ok(Found::InPlace),
            Some(_) if self.is_closed => Found::Replaced,
            Some(_) => {
                schema::check_copy(&self.path)?;
                Found::Replaced
            }
            None if self.is_closed => return Err(NameStoreError::Missing(self.path.to_path_buf())),
            None => {
                self.write_again()?;
                Found::WrittenAgain
            }
        };
        self.close(file)?;
        *self = Self::open(&self.path)?;
        Ok(found)
    }

    fn write_again(&self) -> Result<(), NameStoreError> {
        // What is left in the log would be taken for that of the new file. Where somebody reads it
        // just now it is as good to remove it, as is done afterwards.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        file::put_in_place(&self.path, |aside| {
            let name = aside
                .to_str()
                .ok_or_else(|| no_place(aside, io::Error::other("the path is no text in UTF-8")))?;
            let written = self.connection.execute("VACUUM INTO ?1", [name]);
            written.map(|_| ()).map_err(|error| self.trouble(error))
        })
    }

    /// Closes a file that is not in its place any more, and removes its log, which would be taken
    /// for that of the file which is there now.
    fn close(&mut self, file: FileId) -> Result<(), NameStoreError> {
        let log = self.log;
        *self = Self {
            connection: schema::open_in_memory(&self.path)?,
            path: self.path.clone(),
            file: Some(file),
            log: None,
            is_closed: true,
        };
        if log.is_some() && file::id(&file::log_of(&self.path)).is_ok_and(|found| found == log) {
            file::remove_log(&self.path).map_err(|error| no_place(&self.path, error))?;
        }
        Ok(())
    }

    /// Whether names can be read.
    pub(super) fn try_reading(&self) -> Result<(), NameStoreError> {
        let row = self.connection.query_row("SELECT 1 FROM names LIMIT 1", [], |_| Ok(()));
        row.optional().map(|_| ()).map_err(|error| self.trouble(error))
    }

    /// Whether names can be written: writes what changes nothing.
    pub(super) fn try_writing(&self) -> Result<(), NameStoreError> {
        schema::touch(&self.connection).map_err(|error| self.trouble(error))
    }

    /// What is known about a name.
    pub fn standing(&self, name: &Username) -> Result<Standing, NameStoreError> {
        standing(&self.connection, name).map_err(|error| self.trouble(error))
    }

    /// Whose a name is.
    pub fn owner(&self, name: &Username) -> Result<Option<PublicKey>, NameStoreError> {
        Ok(match self.standing(name)? {
            Standing::Owned(key) => Some(key),
            Standing::Free | Standing::LooksLike(_) => None,
        })
    }

    /// Gives a name to a key, unless the name or one that looks like it is another's. The name is
    /// to be a canonical one. What was granted is on the disk when this returns.
    ///
    /// # Errors
    /// When the file can't be read or written; then nothing has changed.
    pub fn claim(
        &mut self,
        name: &Username,
        key: &PublicKey,
        now: SystemTime,
    ) -> Result<Claim, NameStoreError> {
        // Most who log in own their name already, and need no lock.
        let claim = decision::claim(&self.standing(name)?, key);
        if claim != Claim::Granted {
            return Ok(claim);
        }
        claim_for_good(&mut self.connection, name, key, now)
            .map_err(|error| NameStoreError::new(&self.path, error))
    }

    /// Remembers that the owner of a name was there. Nothing happens when nobody owns it.
    ///
    /// Not worth waiting for the disk: after a power failure the owner was seen a little earlier.
    pub fn seen(&mut self, name: &Username, now: SystemTime) -> Result<(), NameStoreError> {
        self.write(|connection| see(connection, name, now))
    }

    /// The first `limit` owned names in order, or the first after another name.
    pub fn list(
        &self,
        after: Option<&Username>,
        limit: usize,
    ) -> Result<Vec<OwnedName>, NameStoreError> {
        let list = || {
            let mut query = self.connection.prepare_cached(
                "SELECT name, public_key, claimed_at, last_seen FROM names
                 WHERE name > ?1 ORDER BY name LIMIT ?2",
            )?;
            // No name is empty, so all come after the empty one.
            let after = after.map_or("", Username::as_str);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let names = query.query_map((after, limit), |row| {
                Ok(OwnedName {
                    name: name_in(row, 0)?,
                    key: key_in(row, 1)?,
                    claimed_at: time(row.get(2)?),
                    last_seen: time(row.get(3)?),
                })
            })?;
            names.collect::<rusqlite::Result<Vec<_>>>()
        };
        list().map_err(|error| self.trouble(error))
    }

    /// Takes a name from its owner, so that the next to claim it owns it; the calls that were
    /// missed under it are erased. Says whether it had one.
    pub fn release(&mut self, name: &Username) -> Result<bool, NameStoreError> {
        self.write(|connection| {
            let behavior = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behavior)?;
            missed_calls::erase(&transaction, name)?;
            let rows = transaction.execute("DELETE FROM names WHERE name = ?1", [name.as_str()])?;
            transaction.commit().map(|()| rows > 0)
        })
    }

    /// Asks the database something.
    pub(super) fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, NameStoreError> {
        ask(&self.connection).map_err(|error| self.trouble(error))
    }

    /// Has the database do something.
    pub(super) fn write<T>(
        &mut self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, NameStoreError> {
        act(&mut self.connection).map_err(|error| NameStoreError::new(&self.path, error))
    }

    fn trouble(&self, error: rusqlite::Error) -> NameStoreError {
        NameStoreError::new(&self.path, error)
    }
}

fn no_place(path: &Path, source: io::Error) -> NameStoreError {
    NameStoreError::NoPlace { path: path.to_owned(), source }
}

/// A name counts before one that looks like it: the tables of look-alikes change from one Unicode
/// to the next, and its owner must find it all the same.
pub(super) fn standing(connection: &Connection, name: &Username) -> rusqlite::Result<Standing> {
    let mut query = connection.prepare_cached(
        "SELECT name, public_key FROM names WHERE name = :name OR skeleton = :skeleton
         ORDER BY name = :name DESC LIMIT 1",
    )?;
    let found = query
        .query_row(named_params! { ":name": name.as_str(), ":skeleton": skeleton(name) }, |row| {
            Ok((name_in(row, 0)?, key_in(row, 1)?))
        })
        .optional()?;
    Ok(match found {
        None => Standing::Free,
        Some((found, key)) if found == *name => Standing::Owned(key),
        Some((found, _)) => Standing::LooksLike(found),
    })
}

/// Claims under a lock that keeps every other claim out, so that what was free stays free until it
/// is taken.
fn claim_for_good(
    connection: &mut Connection,
    name: &Username,
    key: &PublicKey,
    now: SystemTime,
) -> rusqlite::Result<Claim> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let claim = decision::claim(&standing(&transaction, name)?, key);
    if claim == Claim::Granted {
        transaction.execute(
            "INSERT INTO names (name, skeleton, public_key, claimed_at, last_seen)
             VALUES (:name, :skeleton, :key, :now, :now)",
            named_params! {
                ":name": name.as_str(),
                ":skeleton": skeleton(name),
                ":key": key.0,
                ":now": seconds(now),
            },
        )?;
        transaction.commit()?;
    }
    Ok(claim)
}

fn see(connection: &mut Connection, name: &Username, now: SystemTime) -> rusqlite::Result<()> {
    let now = seconds(now);
    let grain = seconds(UNIX_EPOCH + SEEN_GRAIN);
    let last: Option<i64> = connection
        .prepare_cached("SELECT last_seen FROM names WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()?;
    if last.is_none_or(|last| now < last.saturating_add(grain)) {
        return Ok(());
    }
    without_waiting(connection, |connection| {
        connection
            .prepare_cached("UPDATE names SET last_seen = max(last_seen, ?2) WHERE name = ?1")?
            .execute((name.as_str(), now))
            .map(|_| ())
    })
}

/// Writes something that may be lost in a power failure.
pub(super) fn without_waiting<T>(
    connection: &mut Connection,
    write: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let written = write(connection);
    connection.pragma_update(None, "synchronous", "FULL")?;
    written
}

pub(super) fn name_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Username> {
    let text: String = row.get(column)?;
    Username::parse(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

pub(super) fn key_in(row: &Row<'_>, column: usize) -> rusqlite::Result<PublicKey> {
    row.get(column).map(PublicKey)
}

/// Seconds since 1970; a clock that is set to before that says 1970.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn time(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use visavis_shared::canonical_name;

    use super::*;

    const ALICES: PublicKey = PublicKey([1; 32]);
    const MALLORYS: PublicKey = PublicKey([2; 32]);

    fn name(text: &str) -> Username {
        canonical_name(text).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn store() -> NameStore {
        NameStore::open_in_memory().unwrap()
    }

    #[test]
    fn the_first_key_owns_a_name_until_it_is_released() {
        let mut store = store();
        assert_eq!(store.owner(&name("alice")).unwrap(), None);
        assert_eq!(store.claim(&name("Alice"), &ALICES, at(5)).unwrap(), Claim::Granted);
        assert_eq!(store.claim(&name("ALICE"), &ALICES, at(6)).unwrap(), Claim::AlreadyYours);
        assert_eq!(store.claim(&name("alice"), &MALLORYS, at(7)).unwrap(), Claim::OwnedByAnother);
        assert_eq!(store.owner(&name("alice")).unwrap(), Some(ALICES));
        assert!(store.release(&name("alice")).unwrap());
        assert!(!store.release(&name("alice")).unwrap());
        assert_eq!(store.claim(&name("alice"), &MALLORYS, at(8)).unwrap(), Claim::Granted);
    }

    #[test]
    fn a_name_that_looks_like_an_owned_one_is_refused_even_to_its_owner() {
        let mut store = store();
        assert_eq!(store.claim(&name("bob1"), &ALICES, at(0)).unwrap(), Claim::Granted);
        for key in [ALICES, MALLORYS] {
            assert_eq!(
                store.claim(&name("bobl"), &key, at(0)).unwrap(),
                Claim::LooksLike(name("bob1"))
            );
        }
        assert_eq!(store.standing(&name("bobl")).unwrap(), Standing::LooksLike(name("bob1")));
        assert_eq!(store.owner(&name("bobl")).unwrap(), None);
        assert_eq!(store.claim(&name("bob2"), &MALLORYS, at(0)).unwrap(), Claim::Granted);
    }

    #[test]
    fn an_owner_finds_his_name_when_the_look_alikes_change() {
        let mut store = store();
        store.claim(&name("alice"), &ALICES, at(0)).unwrap();
        store.claim(&name("bob"), &MALLORYS, at(0)).unwrap();
        let stale = "UPDATE names SET skeleton = CASE name WHEN 'alice' THEN 'x' ELSE 'alice' END";
        store.connection.execute(stale, []).unwrap();
        assert_eq!(store.standing(&name("alice")).unwrap(), Standing::Owned(ALICES));
    }

    #[test]
    fn when_an_owner_was_there_is_remembered_to_the_hour_and_never_goes_back() {
        let mut store = store();
        store.claim(&name("alice"), &ALICES, at(10_000)).unwrap();
        let mut after = |now| {
            store.seen(&name("alice"), at(now)).unwrap();
            store.list(None, 9).unwrap().first().map(|owned| owned.last_seen)
        };
        assert_eq!(after(13_599), Some(at(10_000)));
        assert_eq!(after(13_600), Some(at(13_600)));
        assert_eq!(after(20), Some(at(13_600)));
        store.seen(&name("nobody"), at(99_999)).unwrap();
        assert_eq!(store.list(None, 9).unwrap().len(), 1);
        let synchronous: i64 =
            store.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "claims still wait for the disk");
    }

    #[test]
    fn names_are_listed_in_order_page_by_page() {
        let mut store = store();
        for text in ["dora", "alice", "carol", "bob"] {
            store.claim(&name(text), &ALICES, at(7)).unwrap();
        }
        let first = store.list(None, 3).unwrap();
        let texts: Vec<_> = first.iter().map(|owned| owned.name.as_str()).collect();
        assert_eq!(texts, ["alice", "bob", "carol"]);
        let rest = store.list(first.last().map(|owned| &owned.name), 3).unwrap();
        let dora =
            OwnedName { name: name("dora"), key: ALICES, claimed_at: at(7), last_seen: at(7) };
        assert_eq!(rest, [dora]);
    }

    #[test]
    fn a_clock_that_is_wrong_breaks_nothing() {
        let mut store = store();
        let before = UNIX_EPOCH - Duration::from_secs(1);
        store.claim(&name("alice"), &ALICES, before).unwrap();
        store.seen(&name("alice"), before).unwrap();
        store.connection.execute("UPDATE names SET claimed_at = -9223372036854775808", []).unwrap();
        store.connection.execute("UPDATE names SET last_seen = 9223372036854775807", []).unwrap();
        store.seen(&name("alice"), at(1)).unwrap();
        assert_eq!(
            store.list(None, 9).unwrap().first().map(|owned| owned.claimed_at),
            Some(UNIX_EPOCH)
        );
    }

    #[test]
    fn a_full_disk_and_one_that_can_not_be_written_are_said_and_change_nothing() {
        let mut store = store();
        store.claim(&name("alice"), &ALICES, at(0)).unwrap();
        store.connection.execute_batch("PRAGMA query_only = 1").unwrap();
        let error = store.claim(&name("bob"), &ALICES, at(0)).unwrap_err();
        assert!(matches!(error, NameStoreError::ReadOnly(_)), "{error:?}");
        store.connection.execute_batch("PRAGMA query_only = 0; PRAGMA max_page_count = 1").unwrap();
        let error = (0..1_000)
            .find_map(|i| store.claim(&name(&format!("user-{i}x")), &ALICES, at(0)).err())
            .expect("no more room");
        assert!(matches!(error, NameStoreError::Full(_)), "{error:?}");
        assert_eq!(store.owner(&name("alice")).unwrap(), Some(ALICES));
    }

    #[test]
    fn a_row_that_is_no_name_is_damage() {
        let mut store = store();
        store.claim(&name("alice"), &ALICES, at(0)).unwrap();
        store.connection.execute("UPDATE names SET name = char(0)", []).unwrap();
        let error = store.list(None, 9).unwrap_err();
        assert!(matches!(error, NameStoreError::Damaged(_)), "{error:?}");
    }
}
