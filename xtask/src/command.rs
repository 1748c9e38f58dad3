//! Running a program to its end.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;

/// Runs it with its output on the terminal, after a line that names it.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let line = in_words(command);
    println!("$ {line}");
    let status = command.status().map_err(|source| start_error(command, source))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line, status }) }
}

/// Runs it like [`run`], and says in place of each line of its standard error what `read` makes of
/// it. Lines end with a line feed or, where one is written over the other, with a carriage return.
pub(crate) fn run_reading(
    command: &mut Command,
    mut read: impl FnMut(&str) -> Option<String>,
) -> Result<(), Error> {
    let line = in_words(command);
    println!("$ {line}");
    let mut child =
        command.stderr(Stdio::piped()).spawn().map_err(|source| start_error(command, source))?;
    let mut say = |line: &[u8]| {
        if let Some(words) = read(&String::from_utf8_lossy(line)) {
            eprintln!("{words}");
        }
    };
    if let Some(output) = child.stderr.take() {
        let mut line = Vec::new();
        for byte in std::io::BufReader::new(output).bytes().map_while(Result::ok) {
            if matches!(byte, b'\r' | b'\n') {
                say(&std::mem::take(&mut line));
            } else {
                line.push(byte);
            }
        }
        say(&line);
    }
    let status = child.wait().map_err(|source| start_error(command, source))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line, status }) }
}

/// Runs it in silence and returns what it wrote to its standard output.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Error> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| start_error(command, source))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::Failed { command: in_words(command), status: output.status })
    }
}

/// Whether it runs and ends well; its output is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn start_error(command: &Command, source: std::io::Error) -> Error {
    Error::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// The command as one would type it: the program without its folder, quotes only where a space
/// needs them.
pub(crate) fn in_words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(program.as_os_str());
    let mut line = String::new();
    for word in std::iter::once(program).chain(command.get_args()) {
        let word = word.to_string_lossy();
        if !line.is_empty() {
            line.push(' ');
        }
        if word.contains(char::is_whitespace) {
            line.push_str(&format!("'{word}'"));
        } else {
            line.push_str(&word);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command.args(["nextest", "run", "-E", "package(a) & test(b)"]);
        assert_eq!(in_words(&command), "cargo nextest run -E 'package(a) & test(b)'");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error =
            output_of(&mut Command::new("no-such-program-as-this")).expect_err("it is not there");
        assert!(
            error.to_string().starts_with("could not start no-such-program-as-this: "),
            "{error}"
        );
    }
}
