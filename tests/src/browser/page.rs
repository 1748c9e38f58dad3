//! One page in a browser of its own: what a test has it do, and what it counts, shows and plays.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::BrowserError;
use crate::picture::Picture;

/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a page reports of its call. Absent is what it does not count (yet).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Who it is to others, where it chose no name.
    pub id: Option<String>,
    /// Whom it calls, or is called by.
    pub with: Option<String>,
    /// How often the other side closed a call.
    pub closed_by_other: u32,
    /// What went wrong.
    pub errors: Vec<String>,
    /// The state of its peer connection, `none` when there is none.
    pub connection: String,
    /// Frames from the other side.
    pub frames_decoded: Option<u64>,
    /// Their width.
    pub width: Option<u32>,
    /// Their height.
    pub height: Option<u32>,
    /// How they are encoded, as in `video/H264`.
    pub video_in_codec: Option<String>,
    /// Packets of audio from the other side.
    pub audio_packets: Option<u64>,
    /// How much audio was played, as `totalAudioEnergy` has it (W3C webrtc-stats).
    pub audio_energy: Option<f64>,
    /// How it is encoded.
    pub audio_in_codec: Option<String>,
    /// Frames to the other side.
    pub frames_sent: Option<u64>,
    /// How they are encoded.
    pub video_out_codec: Option<String>,
    /// How the audio to the other side is encoded.
    pub audio_out_codec: Option<String>,
}

impl Status {
    /// Whether at least so many frames were decoded, and audio was played that is more than the
    /// noise of a codec.
    #[must_use]
    pub fn sees_and_hears(&self, frames: u64) -> bool {
        self.frames_decoded.is_some_and(|decoded| decoded >= frames)
            && self.audio_energy.is_some_and(|energy| energy > 1e-3)
    }
}

/// What a page has heard in writing, and how far what it wrote got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Texts {
    /// What the other wrote.
    pub heard: Vec<String>,
    /// The number of its last text that arrived.
    pub received: u64,
    /// The number of its last text that was read.
    pub read: u64,
}

/// A page in a browser. Dropping it kills the browser and forgets its profile.
#[derive(Debug)]
pub struct Page {
    pub(super) client: Option<Client>,
    pub(super) process: Option<u64>,
    pub(super) profile: TempDir,
}

impl Page {
    /// Logs in; false when the server refuses.
    ///
    /// # Errors
    /// When the page can't be driven, or there is no server.
    pub async fn login(&self, name: &str) -> Result<bool, BrowserError> {
        self.evaluate("return window.login(arguments[0])", vec![json!(name)]).await
    }

    /// Calls somebody.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn call(&self, name: &str) -> Result<(), BrowserError> {
        self.evaluate("return window.call(arguments[0])", vec![json!(name)]).await
    }

    /// Closes the call.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn close_call(&self) -> Result<(), BrowserError> {
        self.evaluate("return window.closeCall()", Vec::new()).await
    }

    /// How things stand.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn status(&self) -> Result<Status, BrowserError> {
        self.evaluate("return window.describe()", Vec::new()).await
    }

    /// All that its peer connection counts (`getStats`), as a list; in dialect 1.
    ///
    /// # Errors
    /// When the page can't be driven, or has no call.
    pub async fn statistics(&self) -> Result<Value, BrowserError> {
        self.evaluate("return window.statistics()", Vec::new()).await
    }

    /// Writes to the other, over a data channel.
    ///
    /// # Errors
    /// When the page can't be driven, or has no channel.
    pub async fn writes(&self, text: &str) -> Result<(), BrowserError> {
        self.evaluate("return window.write(arguments[0])", vec![json!(text)]).await
    }

    /// Waits until what was written there and here is as `holds` wants it.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn texts_until(
        &self,
        limit: Duration,
        holds: impl Fn(&Texts) -> bool,
    ) -> Result<Texts, BrowserError> {
        self.wait(limit, async |page| {
            let texts: Texts = page.evaluate("return window.texts()", Vec::new()).await?;
            let unlike = format!("as far in writing, but {texts:?}");
            Ok(Some(texts).filter(&holds).ok_or(unlike))
        })
        .await
    }

    /// The loudest frequency that it hears from the other side, in Hz.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn tone(&self) -> Result<Option<f64>, BrowserError> {
        self.evaluate("return window.remoteTone()", Vec::new()).await
    }

    /// The picture that it shows of the other side, at the size it came in.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn picture(&self) -> Result<Option<Picture>, BrowserError> {
        let Some(base64) =
            self.evaluate::<Option<String>>("return window.remotePicture()", Vec::new()).await?
        else {
            return Ok(None);
        };
        Ok(Some(Picture::from_png(&BASE64_STANDARD.decode(base64)?)?))
    }

    /// The number of the test picture that it shows of the other side, as it reads it from the bar.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn picture_number(&self) -> Result<Option<u32>, BrowserError> {
        self.evaluate("return window.remotePictureNumber()", Vec::new()).await
    }

    /// How long ago the test picture that it shows of the other side was drawn, by the clock that
    /// both share.
    ///
    /// # Errors
    /// When the page can't be driven.
    pub async fn picture_age(&self) -> Result<Option<Duration>, BrowserError> {
        let ms: Option<f64> = self.evaluate("return window.remotePictureAge()", Vec::new()).await?;
        Ok(ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok()))
    }

    /// The process of its browser; what it started is below that.
    #[must_use]
    pub fn process(&self) -> Option<u64> {
        self.process
    }

    /// Waits until it shows a test picture whose number is at least this.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn shows_picture(&self, number: u32, limit: Duration) -> Result<u32, BrowserError> {
        self.wait(limit, async |page| {
            let shown = page.picture_number().await?;
            Ok(shown
                .filter(|shown| *shown >= number)
                .ok_or_else(|| format!("showing picture {number} but {shown:?}")))
        })
        .await
    }

    /// Waits until things stand as `holds` wants them.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first; the error then names `what`.
    pub async fn status_until(
        &self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&Status) -> bool,
    ) -> Result<Status, BrowserError> {
        self.wait(limit, async |page| {
            Ok(Some(page.status().await?).filter(&holds).ok_or_else(|| what.to_owned()))
        })
        .await
    }

    /// Waits until it plays a tone within `tolerance` of a frequency.
    ///
    /// # Errors
    /// When the page can't be driven, or the deadline comes first.
    pub async fn hears_tone(
        &self,
        hertz: f64,
        tolerance: f64,
        limit: Duration,
    ) -> Result<f64, BrowserError> {
        self.wait(limit, async |page| {
            let tone = page.tone().await?;
            Ok(tone
                .filter(|tone| (tone - hertz).abs() <= tolerance)
                .ok_or_else(|| format!("hearing {hertz} Hz but {tone:?}")))
        })
        .await
    }

    /// Looks until there is what is wanted. `look` gives that, or in words what is still missing.
    pub(super) async fn wait<T>(
        &self,
        limit: Duration,
        mut look: impl AsyncFnMut(&Self) -> Result<Result<T, String>, BrowserError>,
    ) -> Result<T, BrowserError> {
        let deadline = Instant::now() + limit;
        loop {
            let what = match look(self).await? {
                Ok(found) => return Ok(found),
                Err(what) => what,
            };
            if Instant::now() >= deadline {
                let status = Box::new(self.status().await?);
                return Err(BrowserError::TooLate { what, limit, status });
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Closes the page as a person would, browser and all.
    ///
    /// # Errors
    /// When the browser does not obey (it is killed then).
    pub async fn quit(mut self) -> Result<(), BrowserError> {
        if let Some(client) = self.client.take() {
            client.close().await?;
            self.process = None;
        }
        Ok(())
    }

    pub(super) fn client(&self) -> Result<&Client, BrowserError> {
        self.client.as_ref().ok_or_else(|| std::io::Error::other("the page is closed").into())
    }

    /// Runs a script; a promise that it returns is awaited by the browser.
    ///
    /// # Errors
    /// When the page can't be driven, or the script throws.
    pub async fn evaluate<T: for<'de> Deserialize<'de>>(
        &self,
        script: &str,
        with: Vec<Value>,
    ) -> Result<T, BrowserError> {
        Ok(serde_json::from_value(self.client()?.execute(script, with).await?)?)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Its children end with it. A browser that is gone already is what we want.
        if let Some(process) = self.process {
            let _ =
                std::process::Command::new("kill").args(["-KILL", &process.to_string()]).status();
        }
        // The children write to the profile until they notice.
        for _ in 0..40 {
            match std::fs::remove_dir_all(self.profile.path()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_with_what_is_absent_left_out() {
        let json = r#"{"with":"bob","closedByOther":0,"errors":[],"connection":"connected","framesDecoded":61,
                       "audioEnergy":0.2,"videoInCodec":"video/H264"}"#;
        let status: Status = serde_json::from_str(json).expect("it has the shape");
        assert!(status.sees_and_hears(61) && !status.sees_and_hears(62));
        assert_eq!((status.video_in_codec.as_deref(), status.width), (Some("video/H264"), None));
        assert!(!Status { audio_energy: None, ..status }.sees_and_hears(1));
    }
}
