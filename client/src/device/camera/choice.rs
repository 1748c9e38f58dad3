//! Which of a camera's formats to use, which camera a name means, and what a driver's error means:
//! pure decisions.

use nokhwa::utils::{CameraFormat, FrameFormat};
use visavis_shared::ForeignText;

use super::{CameraError, CameraWant};

/// The formats that a camera offers, best first. In this order: in colour; fast enough; large
/// enough; not larger than needed; cheap to convert (JPEG costs 2 ms a frame and detail, so it is
/// for what raw frames are too slow for); of the right rate.
pub(super) fn rank(mut offers: Vec<CameraFormat>, want: CameraWant) -> Vec<CameraFormat> {
    let (width, height) = (u64::from(want.size.width()), u64::from(want.size.height()));
    offers.sort_by_key(|offer| {
        let (w, h) = (u64::from(offer.width()), u64::from(offer.height()));
        let (area, useful) = (w * h, w.min(width) * h.min(height));
        // 24 or 25 do for 30; 15 do not.
        let too_slow = u64::from(offer.frame_rate()) * 4 < u64::from(want.fps) * 3;
        let cost = match offer.format() {
            FrameFormat::YUYV | FrameFormat::NV12 => 0,
            FrameFormat::RAWRGB | FrameFormat::RAWBGR => 1,
            FrameFormat::MJPEG => 2,
            FrameFormat::GRAY => 3,
        };
        let colourless = offer.format() == FrameFormat::GRAY;
        (
            colourless,
            too_slow,
            width * height - useful,
            area - useful,
            cost,
            offer.frame_rate().abs_diff(want.fps),
        )
    });
    offers.dedup();
    offers
}

/// The names of cameras, made different: two of a kind are called "Camera" and "Camera (2)".
pub(super) fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let name = String::from(ForeignText::from(name));
        let name = if name.is_empty() { "Camera".to_owned() } else { name };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
        taken.extend(free);
    }
    taken
}

/// Which camera a person means: by name or path, and if there is none, by name without regard to
/// case.
pub(super) fn find(wanted: &str, cameras: &[(String, Option<String>)]) -> Option<usize> {
    let wanted = wanted.trim();
    let exact =
        |(name, path): &(String, Option<String>)| name == wanted || path.as_deref() == Some(wanted);
    let loose = |(name, _): &(String, Option<String>)| name.to_lowercase() == wanted.to_lowercase();
    cameras.iter().position(exact).or_else(|| cameras.iter().position(loose))
}

/// What a driver's words mean to a person. They come as text only; these are from V4L2, Media
/// Foundation and AVFoundation.
pub(super) fn explain(name: &str, reason: &str) -> CameraError {
    let name = name.to_owned();
    let says = |words: &[&str]| words.iter().any(|word| reason.to_lowercase().contains(word));
    if says(&["busy", "os error 16", "0xc00d3704", "0xc00d3ea3", "in use", "alreadyinuse"]) {
        CameraError::Busy(name)
    } else if says(&[
        "permission denied",
        "os error 13",
        "0x80070005",
        "access is denied",
        "not authorized",
    ]) {
        CameraError::NotAllowed(name)
    } else if says(&["failed to fufill", "failed to fulfill"]) {
        CameraError::NoFormat(name)
    } else {
        CameraError::Failed(name, ForeignText::new(reason).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::units::VideoSize;

    fn want(width: u32, height: u32, fps: u32) -> CameraWant {
        CameraWant { size: VideoSize::new(width, height).expect("a size"), fps }
    }

    fn offer(format: FrameFormat, width: u32, height: u32, fps: u32) -> CameraFormat {
        CameraFormat::new_from(width, height, format, fps)
    }

    #[test]
    fn a_usual_webcam_is_used_at_720p_through_jpeg_as_raw_is_too_slow() {
        use FrameFormat::{MJPEG as Mjpeg, YUYV as Yuyv};
        let offers = vec![
            offer(Yuyv, 640, 480, 30),
            offer(Yuyv, 1280, 720, 10),
            offer(Mjpeg, 640, 480, 30),
            offer(Mjpeg, 1280, 720, 30),
            offer(Mjpeg, 1920, 1080, 30),
        ];
        assert_eq!(rank(offers.clone(), want(1280, 720, 30))[0], offer(Mjpeg, 1280, 720, 30));
        assert_eq!(rank(offers.clone(), want(640, 360, 30))[0], offer(Yuyv, 640, 480, 30));
        assert_eq!(rank(offers, want(1280, 720, 10))[0], offer(Yuyv, 1280, 720, 10));
    }

    #[test]
    fn raw_frames_are_preferred_where_they_are_fast_enough() {
        use FrameFormat::{GRAY as Gray, MJPEG as Mjpeg, NV12 as Nv12, RAWRGB as Rgb};
        let best = |offers| rank(offers, want(1280, 720, 30))[0];
        assert_eq!(
            best(vec![offer(Mjpeg, 1280, 720, 30), offer(Nv12, 1280, 720, 25)]),
            offer(Nv12, 1280, 720, 25)
        );
        assert_eq!(
            best(vec![offer(Mjpeg, 1280, 720, 30), offer(Rgb, 1280, 720, 30)]),
            offer(Rgb, 1280, 720, 30)
        );
        assert_eq!(
            best(vec![offer(Gray, 1280, 720, 30), offer(Mjpeg, 320, 240, 15)]),
            offer(Mjpeg, 320, 240, 15)
        );
        assert_eq!(
            best(vec![offer(Nv12, 1280, 720, 60), offer(Nv12, 1280, 720, 30)]),
            offer(Nv12, 1280, 720, 30)
        );
        assert!(rank(Vec::new(), want(1280, 720, 30)).is_empty());
    }

    #[test]
    fn two_of_a_kind_and_nameless_ones_get_names_of_their_own() {
        let names = ["C920", "C920", "", "C920", " "].map(str::to_owned);
        assert_eq!(distinct(names), ["C920", "C920 (2)", "Camera", "C920 (3)", "Camera (2)"]);
        let names = ["A (2)", "A", "A"].map(str::to_owned);
        assert_eq!(distinct(names), ["A (2)", "A", "A (3)"]);
    }

    #[test]
    fn a_camera_is_found_by_name_path_or_name_in_other_case() {
        let cameras =
            [("Cam".to_owned(), Some("/dev/video0".to_owned())), ("CAM".to_owned(), None)];
        assert_eq!(find("Cam", &cameras), Some(0));
        assert_eq!(find("CAM", &cameras), Some(1));
        assert_eq!(find("cam", &cameras), Some(0));
        assert_eq!(find("/dev/video0", &cameras), Some(0));
        assert_eq!(find("/dev/video1", &cameras), None);
    }

    #[test]
    fn a_drivers_error_becomes_a_line_that_says_what_to_do() {
        let line = |reason: &str| explain("Cam", reason).to_string();
        let busy = "Could not open device stream: Device or resource busy (os error 16)";
        assert_eq!(
            line(busy),
            "camera \"Cam\" is in use by another program: close it or choose another camera"
        );
        assert!(line("V4L2 Error: Permission denied (os error 13)").contains("may not be used"));
        assert!(
            line("Could not get device property CameraFormat: Failed to Fufill")
                .contains("no picture format")
        );
        assert!(!line("something\nelse").contains('\n'));
    }
}
