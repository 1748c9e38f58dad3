//! A small virtual machine with a real camera driver: Debian's kernel, its `vivid` module (a video
//! capture driver without hardware), busybox, and the programs under test.
//!
//! In: programs, and a shell script that runs as the machine's only task. Out: what it wrote to its
//! console and the files it left in `/out`. The kernel's package is downloaded with apt and
//! unpacked once into the target folder; the machine has no network but its own, and ends with its
//! test. Its processor is emulated: KVM inside other virtual machines, where builds run, is not to
//! be relied on. The machine's clock goes by the instructions that it has executed, so that however
//! slow or busy the computer is, the machine always keeps up with its camera and its audio.
//!
//! Needs Debian on x86-64 with `qemu-system-x86`, `busybox-static`, `cpio`, `kmod` and `v4l-utils`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::fs;
use tokio::process::Command;

use crate::programs::{Program, ProgramError};

/// Why there is no machine, or no result from it.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// A tool that prepares it failed.
    #[error("`{command}` failed: {output}")]
    Tool {
        /// What was run.
        command: String,
        /// What it printed.
        output: String,
    },
    /// A tool's answer was not what is known of it.
    #[error("{0}")]
    Answer(String),
    /// The machine did not do its part.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It ended without a result.
    #[error("the machine ended before its script did; its console:\n{0}")]
    NoResult(String),
    /// The system refused something else.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The package that always depends on the newest kernel.
const KERNEL_PACKAGE: &str = "linux-image-amd64";

/// What the machine needs besides busybox: the camera, a disk for the results, and a network
/// interface that is not the loopback one, as a desktop has it.
const MODULES: &[(&str, &str)] = &[
    ("virtio_pci", ""),
    ("virtio_blk", ""),
    ("dummy", "numdummies=1"),
    // One camera, a webcam, and none of the other devices that the driver can play.
    ("vivid", "n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0"),
];

/// Room for results.
const DISK_BYTES: u64 = 256 * 1024 * 1024;

/// The last line of a script that came to its end.
const END: &str = "visavis-vm: the script ended with ";

/// A kernel and its modules, unpacked.
#[derive(Debug, Clone)]
pub struct Kernel {
    image: PathBuf,
    tree: PathBuf,
    version: String,
}

impl Kernel {
    /// Finds it in the target folder, or downloads and unpacks it there.
    ///
    /// # Errors
    /// When apt has no such package or can't reach it, or it can't be unpacked.
    pub async fn unpacked() -> Result<Self, VmError> {
        let depends =
            output("apt-cache", ["depends", "--no-recommends", KERNEL_PACKAGE], None).await?;
        let package = kernel_package(&depends).ok_or_else(|| {
            VmError::Answer(format!("apt-cache names no kernel that {KERNEL_PACKAGE} depends on"))
        })?;
        let folder = target_folder()?.join("camera-vm");
        let tree = folder.join(package);
        let version = package.trim_start_matches("linux-image-").to_owned();
        let image = tree.join("boot").join(format!("vmlinuz-{version}"));
        if !fs::try_exists(&image).await? {
            // Unpacked beside its place and then moved there: what lies in its place is complete.
            fs::create_dir_all(&folder).await?;
            let scratch = tempfile::Builder::new().prefix("unpacking-").tempdir_in(&folder)?;
            output("apt-get", ["download", "--quiet=2", package], Some(scratch.path())).await?;
            let archive = only_file_in(scratch.path()).await?;
            let fresh = scratch.path().join("tree");
            output("dpkg-deb", [OsStr::new("--extract"), archive.as_ref(), fresh.as_ref()], None)
                .await?;
            output("/usr/sbin/depmod", [OsStr::new("-b"), fresh.as_ref(), version.as_ref()], None)
                .await?;
            fs::rename(&fresh, &tree).await?;
        }
        Ok(Self { image, tree, version })
    }

    /// The lines that load a module and, before it, those that it depends on.
    async fn load(&self, module: &str, parameters: &str) -> Result<Vec<Load>, VmError> {
        let arguments = [
            OsStr::new("--show-depends"),
            "-d".as_ref(),
            self.tree.as_ref(),
            "-S".as_ref(),
            self.version.as_ref(),
            module.as_ref(),
        ];
        let answer = output("/usr/sbin/modprobe", arguments, None).await?;
        let mut loads = loads(&answer);
        if let Some(last) = loads.last_mut() {
            parameters.clone_into(&mut last.parameters);
        }
        Ok(loads)
    }
}

/// The package that the newest kernel is in.
fn kernel_package(depends: &str) -> Option<&str> {
    depends.lines().find_map(|line| {
        line.trim().strip_prefix("Depends: ").filter(|name| name.starts_with("linux-image-"))
    })
}

/// A module to load.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Load {
    file: PathBuf,
    parameters: String,
}

/// Reads the answer of `modprobe --show-depends`: what is built into the kernel needs no loading.
fn loads(answer: &str) -> Vec<Load> {
    let files =
        answer.lines().filter_map(|line| line.strip_prefix("insmod ")?.split_whitespace().next());
    files.map(|file| Load { file: PathBuf::from(file), parameters: String::new() }).collect()
}

/// A machine that has not been started.
#[derive(Debug)]
pub struct Machine {
    kernel: Kernel,
    root: TempDir,
}

/// What a machine left behind.
#[derive(Debug)]
pub struct Outcome {
    /// What it wrote to its console.
    pub console: String,
    /// How the script ended.
    pub exit_code: i32,
    files: TempDir,
}

impl Outcome {
    /// A file that it left in `/out`.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }
}

impl Machine {
    /// Prepares one with busybox in it, and `v4l2-ctl` to turn the knobs of the camera.
    ///
    /// # Errors
    /// When something that it needs is not installed.
    pub async fn new(kernel: &Kernel) -> Result<Self, VmError> {
        let machine = Self {
            kernel: kernel.clone(),
            root: tempfile::Builder::new().prefix("visavis-vm-").tempdir()?,
        };
        for folder in ["bin", "dev", "proc", "sys", "tmp", "out", "etc", "root", "modules"] {
            fs::create_dir(machine.path(folder)).await?;
        }
        fs::copy("/usr/bin/busybox", machine.path("bin/busybox"))
            .await
            .map_err(missing("busybox-static"))?;
        fs::write(machine.path("etc/hosts"), "127.0.0.1 localhost\n").await?;
        machine.add_program(Path::new("/usr/bin/v4l2-ctl")).await?;
        Ok(machine)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.root.path().join(inside)
    }

    /// Puts a program into `/bin`, without its debugging symbols, and the libraries that it is
    /// linked with.
    ///
    /// # Errors
    /// When it or one of its libraries is missing.
    pub async fn add_program(&self, program: &Path) -> Result<(), VmError> {
        let name = program
            .file_name()
            .ok_or_else(|| VmError::Answer(format!("{} is no file", program.display())))?;
        let inside = self.path("bin").join(name);
        output("strip", [OsStr::new("-o"), inside.as_ref(), program.as_ref()], None).await?;
        for library in libraries(&output("ldd", [program], None).await?)? {
            let inside = self.root.path().join(library.strip_prefix("/").unwrap_or(&library));
            if let Some(folder) = inside.parent() {
                fs::create_dir_all(folder).await?;
            }
            // Behind the name may be a link: it is its end that is copied.
            fs::copy(&library, &inside).await?;
        }
        Ok(())
    }

    /// Starts it, runs the script with `/out` as its folder, and waits for its end.
    ///
    /// # Errors
    /// When the machine does not start, does not come to the script's end, or hangs beyond the
    /// limit.
    pub async fn run(self, script: &str, limit: Duration) -> Result<Outcome, VmError> {
        fs::write(self.path("script"), script).await?;
        let init = self.init().await?;
        fs::write(self.path("init"), init).await?;
        let files = tempfile::tempdir()?;
        let (archive, disk) = (files.path().join("initramfs"), files.path().join("disk"));
        // Two programs that only a shell can join. The name of the archive is an argument, not part
        // of the line.
        let pack = "chmod 755 init && find . -print0 | cpio --quiet --null --create --format=newc > \"$0\"";
        output("sh", [OsStr::new("-c"), pack.as_ref(), archive.as_ref()], Some(self.root.path()))
            .await?;
        fs::File::create(&disk).await?.set_len(DISK_BYTES).await?;

        let machine = Program::start(
            "the machine",
            Path::new("qemu-system-x86_64"),
            qemu(&self.kernel, &archive, &disk),
        )?;
        let finished = machine.finish(limit).await?;
        let console = finished.stdout.replace('\r', "");
        let Some(exit_code) = exit_code(&console) else {
            return Err(VmError::NoResult(format!("{console}\n{}", finished.stderr)));
        };
        let results = tempfile::tempdir()?;
        let arguments = [OsStr::new("--extract"), "--file".as_ref(), disk.as_ref()];
        output("tar", arguments, Some(results.path())).await?;
        Ok(Outcome { console, exit_code, files: results })
    }

    /// The machine's first and only task.
    async fn init(&self) -> Result<String, VmError> {
        let mut init = String::from(
            "#!/bin/busybox sh\n\
             /bin/busybox mount -t devtmpfs none /dev\n\
             exec </dev/ttyS0 >/dev/ttyS0 2>&1\n\
             /bin/busybox mount -t proc none /proc\n\
             /bin/busybox mount -t sysfs none /sys\n\
             /bin/busybox --install -s /bin\n\
             export PATH=/bin HOME=/root TMPDIR=/tmp\n",
        );
        let mut loaded = Vec::new();
        for (module, parameters) in MODULES {
            for load in self.kernel.load(module, parameters).await? {
                let Some(name) = load.file.file_name().filter(|_| !loaded.contains(&load.file))
                else {
                    continue;
                };
                fs::copy(&load.file, self.path("modules").join(name)).await?;
                // Writing to a string does not fail.
                let _ = writeln!(
                    init,
                    "insmod /modules/{} {}",
                    name.to_string_lossy(),
                    load.parameters
                );
                loaded.push(load.file);
            }
        }
        let _ = write!(
            init,
            "ip link set lo up\n\
             ip address add 10.0.0.1/24 dev dummy0\n\
             ip link set dummy0 up\n\
             cd /out\n\
             sh /script\n\
             ended=$?\n\
             tar -c -f /dev/vda .\n\
             sync\n\
             echo '{END}'$ended\n\
             poweroff -f\n"
        );
        Ok(init)
    }
}

/// The machine's hardware: a serial line for its console and a disk for its results. `-icount`:
/// each instruction takes 1 ns of the machine's time, and time in which it has nothing to do is
/// skipped.
fn qemu<'a>(kernel: &'a Kernel, initramfs: &'a Path, disk: &Path) -> Vec<std::ffi::OsString> {
    let mut drive = std::ffi::OsString::from("format=raw,if=virtio,file=");
    drive.push(disk);
    let arguments: [&'a OsStr; 19] = [
        "-accel".as_ref(),
        "tcg".as_ref(),
        "-cpu".as_ref(),
        "max".as_ref(),
        "-icount".as_ref(),
        "shift=0,sleep=off".as_ref(),
        "-m".as_ref(),
        "1024".as_ref(),
        "-nic".as_ref(),
        "none".as_ref(),
        "-nographic".as_ref(),
        "-no-reboot".as_ref(),
        "-kernel".as_ref(),
        kernel.image.as_ref(),
        "-initrd".as_ref(),
        initramfs.as_ref(),
        "-append".as_ref(),
        "console=ttyS0 quiet panic=-1".as_ref(),
        "-drive".as_ref(),
    ];
    arguments.into_iter().map(OsStr::to_os_string).chain([drive]).collect()
}

/// Reads how the script ended from the console.
fn exit_code(console: &str) -> Option<i32> {
    // Not always at the beginning of a line: the boot loader leaves the cursor where it likes.
    let (_, rest) = console.rsplit_once(END)?;
    rest.lines().next()?.trim().parse().ok()
}

/// Reads the answer of ldd: the files to take along, the loader included.
fn libraries(answer: &str) -> Result<Vec<PathBuf>, VmError> {
    let mut files = Vec::new();
    for line in answer.lines().map(str::trim) {
        if let Some((library, "not found")) = line.split_once(" => ") {
            return Err(VmError::Answer(format!("the library {library} is not installed")));
        }
        // `libc.so.6 => /lib/… (0x…)`, or the loader's path alone; what the kernel provides has no
        // path.
        let path = line.split_once(" => ").map_or(line, |(_, path)| path);
        let path = path.split_once(" (").map_or(path, |(path, _)| path);
        if path.starts_with('/') {
            files.push(PathBuf::from(path));
        }
    }
    Ok(files)
}

/// The folder that cargo builds into: the running test lies in `deps` of a profile of it.
fn target_folder() -> Result<PathBuf, VmError> {
    let test = std::env::current_exe()?;
    let folder = test.ancestors().nth(3).map(Path::to_owned);
    folder.ok_or_else(|| VmError::Answer(format!("{} is not in a target folder", test.display())))
}

async fn only_file_in(folder: &Path) -> Result<PathBuf, VmError> {
    let mut entries = fs::read_dir(folder).await?;
    let entry = entries.next_entry().await?;
    Ok(entry.ok_or_else(|| VmError::Answer("apt-get downloaded nothing".into()))?.path())
}

fn missing(package: &str) -> impl FnOnce(std::io::Error) -> VmError {
    move |error| {
        VmError::Answer(format!(
            "{package} is not installed ({error}): run `cargo xtask test --camera-vm`"
        ))
    }
}

/// Runs a tool to its end and returns what it wrote.
async fn output<A: AsRef<OsStr>>(
    tool: &str,
    arguments: impl IntoIterator<Item = A>,
    folder: Option<&Path>,
) -> Result<String, VmError> {
    let mut command = Command::new(tool);
    command.args(arguments).kill_on_drop(true);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let line = format!("{:?}", command.as_std());
    let output = command
        .output()
        .await
        .map_err(|error| VmError::Tool { command: line.clone(), output: error.to_string() })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(VmError::Tool {
            command: line,
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_what_the_meta_package_depends_on() {
        let depends =
            "linux-image-amd64\n  Depends: linux-base\n  Depends: linux-image-6.1.0-56-amd64\n";
        assert_eq!(kernel_package(depends), Some("linux-image-6.1.0-56-amd64"));
        assert_eq!(kernel_package("linux-image-amd64\n"), None);
    }

    #[test]
    fn modules_are_loaded_in_the_order_of_their_dependencies() {
        let answer = "builtin core\ninsmod /tree/mc.ko \ninsmod /tree/vivid.ko n_devs=2\n";
        let files: Vec<_> = loads(answer).into_iter().map(|load| load.file).collect();
        assert_eq!(files, [Path::new("/tree/mc.ko"), Path::new("/tree/vivid.ko")]);
    }

    #[test]
    fn every_library_of_a_program_is_found_and_a_missing_one_is_named() {
        let answer = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
                      \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let files = libraries(answer).expect("none is missing");
        assert_eq!(
            files,
            [
                Path::new("/lib/x86_64-linux-gnu/libc.so.6"),
                Path::new("/lib64/ld-linux-x86-64.so.2")
            ]
        );
        let error = libraries("\tlibasound.so.2 => not found\n").expect_err("one is missing");
        assert_eq!(error.to_string(), "the library libasound.so.2 is not installed");
    }

    #[test]
    fn the_script_has_ended_only_when_it_prints_that_itself() {
        assert_eq!(exit_code(&format!("boot\n{END}0\n")), Some(0));
        assert_eq!(exit_code(&format!("boot\n{END}137\nreboot: Power down")), Some(137));
        assert_eq!(exit_code(&format!("\u{1b}[2J{END}4\n")), Some(4));
        assert_eq!(exit_code("Kernel panic - not syncing"), None);
    }
}
