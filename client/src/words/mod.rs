//! What people read, in their language: messages of Project Fluent in five languages, with numbers,
//! dates and durations as each language writes them.
//!
//! In: a [`Phrase`], which names a message and its arguments, and the language of the window. Out:
//! text. What always holds: a phrase is a value without a language until somebody shows it, so that
//! another language shows at once; what a language lacks comes in English; a text from elsewhere
//! inside a phrase is one short line that turns no letter round. The command line, reports and logs
//! are English whatever the language is: [`Phrase::plain`].
//!
//! The texts are in `client/locales/LANGUAGE/*.ftl`. [`phrase!`] makes a phrase, `text!` what is
//! painted now; a test holds each of them to the messages that there are.

mod catalogue;
mod dates;
mod durations;
mod foreign;
mod language;
mod message;
mod names;
mod numbers;

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use dates::{clock_time, date, day, when};
pub use durations::{clock, spoken};
pub use foreign::foreign;
pub use language::Language;
pub use message::{Argument, Phrase};
pub use names::{name_problem, room_problem};
pub use numbers::{bitrate, count, milliseconds, number, percent};

/// A [`Phrase`]: the id of a message, and each of its arguments as `name = value`.
#[macro_export]
macro_rules! phrase {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::words::Phrase::new(
            $id,
            vec![$((stringify!($name), $crate::words::Argument::from($value))),*],
        )
    };
}

/// A message in the language of the window, for what is painted now; arguments as for [`phrase!`].
macro_rules! text {
    ($($message:tt)*) => { $crate::words::phrase!($($message)*).text() };
}

pub use phrase;
pub(crate) use text;

/// The language of the window, as its place in [`Language::ALL`]. English until somebody sets it.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static HERE: Cell<Option<Language>> = const { Cell::new(None) };
}

/// The language in which the window speaks.
#[must_use]
pub fn spoken_language() -> Language {
    let everywhere = || Language::ALL.get(CURRENT.load(Ordering::Relaxed)).copied();
    HERE.get().or_else(everywhere).unwrap_or_default()
}

/// Lets the window speak a language from now on: the one that was chosen, or the system's.
pub fn speak(chosen: Option<Language>) {
    let language = chosen.unwrap_or_else(Language::of_system);
    CURRENT.store(language as usize, Ordering::Relaxed);
}

/// Lets this thread alone speak a language, or again what the others speak: for pictures of the
/// window, and for tests, which share a process.
pub fn speak_on_this_thread(language: Option<Language>) {
    HERE.set(language);
}

#[cfg(test)]
mod tests;
