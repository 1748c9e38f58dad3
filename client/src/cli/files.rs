//! The files that a command line names, looked at before anybody is called: what is to be played
//! can be read, what is to be written can be, and no two options name the same file where one of
//! them is written.
//!
//! What always holds: nothing that is there is changed, and a pipe is not opened, as that would
//! take what is in it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{ExitReason, Invocation};
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::output_file::{self, OutputError};

/// Why a file can't be used; one line that names the option.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("{option} {path} can't be read: {source}", path = .path.display())]
    Read {
        /// The option that names it.
        option: &'static str,
        /// As it was typed.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It can't be written.
    #[error("{0} {1}")]
    Write(&'static str, #[source] OutputError),
    /// Two options name it.
    #[error(
        "{output} and {other} name the same file, {path}: choose another one for what is written",
        path = .path.display()
    )]
    Same {
        /// The option of what is written.
        output: &'static str,
        /// The other one.
        other: &'static str,
        /// As it was typed.
        path: PathBuf,
    },
}

impl FileError {
    /// How the program exits with it.
    #[must_use]
    pub fn exit(&self) -> ExitReason {
        match self {
            Self::Read { .. } => ExitReason::Device,
            Self::Write(..) | Self::Same { .. } => ExitReason::Usage,
        }
    }
}

/// A file, and the option that names it.
type Named<'a> = (&'static str, &'a Path);

impl Invocation {
    fn inputs(&self) -> Vec<Named<'_>> {
        let mut inputs = Vec::new();
        if let Some(CameraChoice::File(path)) = &self.devices.camera {
            inputs.push(("--camera", path.as_path()));
        }
        if let Some(MicrophoneChoice::File(path)) = &self.devices.microphone {
            inputs.push(("--microphone", path.as_path()));
        }
        inputs
    }

    fn outputs(&self) -> Vec<Named<'_>> {
        let speaker = match &self.devices.speaker {
            Some(SpeakerChoice::File(path)) => Some(path),
            _ => None,
        };
        [
            ("--record-video", self.results.record_video.as_ref()),
            ("--snapshot", self.results.snapshot.as_ref()),
            ("--report", self.results.report.as_ref()),
            ("--speaker", speaker),
        ]
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?.as_path())))
        .collect()
    }

    /// Whether something is written to standard output, which what is said must not disturb.
    #[must_use]
    pub fn writes_to_standard_output(&self) -> bool {
        self.outputs().iter().any(|(_, path)| output_file::is_standard_output(path))
    }

    /// Looks at the files that are read.
    ///
    /// # Errors
    /// The first that can't be used.
    pub fn check_inputs(&self) -> Result<(), FileError> {
        for (option, path) in self.inputs() {
            readable(path).map_err(|source| {
                let path = path.to_path_buf();
                FileError::Read { option, path, source }
            })?;
        }
        Ok(())
    }

    /// Looks at the files that are written.
    ///
    /// # Errors
    /// The first that can't be used.
    pub fn check_outputs(&self) -> Result<(), FileError> {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        for (at, (option, path)) in outputs.iter().enumerate() {
            output_file::check(path).map_err(|error| FileError::Write(option, error))?;
            let Some(identity) = output_file::identity(path) else { continue };
            let mut others = inputs.iter().chain(&outputs[..at]);
            let same = |(_, other): &&Named<'_>| {
                output_file::identity(other).is_some_and(|other| other == identity)
            };
            if let Some((other, _)) = others.find(same) {
                let path = path.to_path_buf();
                return Err(FileError::Same { output: option, other, path });
            }
        }
        Ok(())
    }
}

/// Whether a byte of a file can be read, or its end; a folder can be opened, but not read.
fn readable(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        // Nothing at all is an empty file, of which who plays it says more.
        let _any = File::open(path)?.read(&mut [0])?;
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    /// What is wrong with the files of these options in this folder, and the exit code.
    fn wrong(folder: &Path, options: &[&str]) -> Option<(u8, String)> {
        let folder = folder.display();
        let options = options.iter().map(|option| option.replace('@', &folder.to_string()));
        let line = ["visavis", "answer", "--username", "a"].map(str::to_owned);
        let cli = Cli::try_parse_from(line.into_iter().chain(options)).expect("it is read");
        let invocation = cli.into_invocation().expect("it makes sense");
        let error = invocation.check_inputs().and_then(|()| invocation.check_outputs()).err()?;
        assert!(!error.to_string().contains('\n'), "{error}");
        Some((error.exit().code(), error.to_string()))
    }

    #[test]
    fn a_file_that_is_read_and_written_or_written_twice_is_refused_under_every_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.y4m"), "video").expect("written");
        fs::hard_link(at("a.y4m"), at("hard.y4m")).expect("a link");
        std::os::unix::fs::symlink(at("a.y4m"), at("soft.y4m")).expect("a link");
        fs::create_dir(at("deeper")).expect("a folder");
        for name in ["a.y4m", "hard.y4m", "soft.y4m", "./a.y4m", "deeper/../a.y4m"] {
            let record = format!("@/{name}");
            let options = ["--camera", "file:@/a.y4m", "--record-video", &record];
            let (code, words) = wrong(folder.path(), &options).expect("it is refused");
            assert_eq!(code, 2, "{words}");
            assert!(words.starts_with("--record-video and --camera name the same file"), "{words}");
        }
        let twice = ["--report", "@/new", "--snapshot", "@/deeper/../new"];
        let (code, words) = wrong(folder.path(), &twice).expect("it is refused");
        assert_eq!(code, 2);
        assert!(words.starts_with("--report and --snapshot name the same file"), "{words}");
        let sound = ["--microphone", "file:@/a.y4m", "--speaker", "file:@/soft.y4m"];
        assert_eq!(wrong(folder.path(), &sound).expect("it is refused").0, 2);
        let usual = ["--camera", "file:@/a.y4m", "--record-video", "@/b.y4m", "--report", "@/r"];
        assert_eq!(wrong(folder.path(), &usual), None);
        let devices = ["--report", "/dev/null", "--record-video", "/dev/null"];
        assert_eq!(wrong(folder.path(), &devices), None);
        assert_eq!(fs::read(at("a.y4m")).expect("it is there"), b"video");
    }

    #[test]
    fn what_can_not_be_read_is_a_device_that_fails_and_what_can_not_be_written_wrong_usage() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
        assert!(made.expect("mkfifo runs").success());
        for (option, value, code) in [
            ("--camera", "file:@/none.y4m", 6),
            ("--microphone", "file:@", 6),
            ("--report", "@/none/x.json", 2),
            ("--snapshot", "@", 2),
            ("--speaker", "file:@/none/x.wav", 2),
        ] {
            let (exit, words) = wrong(folder.path(), &[option, value]).expect("it is refused");
            assert_eq!(exit, code, "{words}");
            assert!(words.starts_with(option), "{words}");
        }
        // Neither is opened.
        for pipe in [["--camera", "file:@/pipe"], ["--record-video", "@/pipe"]] {
            assert_eq!(wrong(folder.path(), &pipe), None);
        }
    }
}
