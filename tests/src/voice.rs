//! A voice for those who measure: the same words for every build and on both sides.

use std::path::Path;
use std::time::Duration;

use visavis_client::media::frame::AUDIO_FRAME_DURATION;
use visavis_client::media::speech::Voice;
use visavis_client::media::wav::{WavError, WavFile};

/// Whose voice.
const SEED: u64 = 1876;

/// Writes so much of it, as a WAV file.
///
/// # Errors
/// When the file can't be written.
pub fn record(path: &Path, length: Duration) -> Result<(), WavError> {
    let (mut voice, mut file) = (Voice::new(SEED), WavFile::create(path)?);
    for _ in 0..length.as_millis() / AUDIO_FRAME_DURATION.as_millis() {
        file.write(&voice.next_frame())?;
    }
    file.finish()
}
