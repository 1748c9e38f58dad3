//! Options whose values are secret: what can't be used is refused without showing it.

use std::ffi::OsStr;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// Reads the value of an option as its type does. Unlike clap's own parsers it never repeats the
/// value in an error, which goes to the log of whoever started the program.
#[derive(Debug)]
pub(crate) struct Secretly<T>(PhantomData<fn() -> T>);

/// A parser for values of this type.
pub(crate) fn secretly<T>() -> Secretly<T> {
    Secretly(PhantomData)
}

impl<T> Clone for Secretly<T> {
    fn clone(&self) -> Self {
        secretly()
    }
}

impl<T> TypedValueParser for Secretly<T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: Display,
{
    type Value = T;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let refuse = |why: &dyn Display| {
            let option = arg.map_or_else(|| "an option".to_owned(), Arg::to_string);
            let words = format!("the value of '{option}' can't be used: {why}\n");
            Error::raw(ErrorKind::ValueValidation, words).with_cmd(cmd)
        };
        let text = value.to_str().ok_or_else(|| refuse(&"it is no text in UTF-8"))?;
        text.parse().map_err(|why| refuse(&why))
    }
}
