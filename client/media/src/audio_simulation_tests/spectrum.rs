//! How far two pieces of audio are apart, as an ear hears it rather than sample by sample.

/// 20 ms.
const WINDOW: usize = 960;
/// 2.5 ms.
pub(super) const HOP: usize = 120;
/// Centre frequencies in hertz, about a critical band apart (Bark scale) up to 7 kHz.
const BANDS: [f32; 18] = [
    150.0, 250.0, 350.0, 450.0, 570.0, 700.0, 840.0, 1000.0, 1170.0, 1370.0, 1600.0, 1850.0,
    2150.0, 2500.0, 2900.0, 3400.0, 4800.0, 7000.0,
];
/// What is softer than this is inaudible, and alike: power in a band, about −70 dBFS.
const FLOOR: f32 = 1e-7;
/// With a band above this a moment is loud, in decibels.
const LOUD: f32 = -50.0;

/// Power in the bands, in decibels.
pub(super) type Spectrum = [f32; BANDS.len()];

/// The spectra of audio, one every [`HOP`] samples.
pub(super) fn spectra(audio: &[f32]) -> Vec<Spectrum> {
    let waves: Vec<Vec<(f32, f32)>> = BANDS
        .iter()
        .map(|hz| {
            let wave = |i: usize| {
                let hann = 0.5 - 0.5 * (i as f32 * std::f32::consts::TAU / WINDOW as f32).cos();
                let (sin, cos) = (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin_cos();
                (cos * hann, sin * hann)
            };
            (0..WINDOW).map(wave).collect()
        })
        .collect();
    let spectrum = |window: &[f32]| {
        std::array::from_fn(|band| {
            let sum = window
                .iter()
                .zip(&waves[band])
                .fold((0.0, 0.0), |(re, im), (s, (cos, sin))| (re + s * cos, im + s * sin));
            let power = (sum.0 * sum.0 + sum.1 * sum.1) / (WINDOW * WINDOW / 8) as f32;
            10.0 * (power + FLOOR).log10()
        })
    };
    audio.windows(WINDOW).step_by(HOP).map(spectrum).collect()
}

/// The root mean square difference of two spectra, in decibels.
fn distance(a: &Spectrum, b: &Spectrum) -> f32 {
    (a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / a.len() as f32).sqrt()
}

/// The log-spectral distance of what was heard from what was said: each 20 ms that were heard are
/// compared with what was said at the moment that is most like it, since the delay changes. Returns
/// the mean distance in decibels, and the median delay in milliseconds.
pub(super) fn compare(said: &[f32], heard: &[f32]) -> (f64, f64) {
    let (said, heard) = (spectra(said), spectra(heard));
    let (mut distances, mut delays) = (Vec::new(), Vec::new());
    // 200 ms at most, and the first second is for getting going.
    for (n, spectrum) in heard.iter().enumerate().skip(400).step_by(4) {
        let candidates = (0..80)
            .filter_map(|back| Some((back, distance(said.get(n.checked_sub(back)?)?, spectrum))));
        let Some((back, nearest)) = candidates.min_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
        // Pauses are alike whatever happens.
        if said.get(n - back).is_none_or(|said| said.iter().copied().fold(-70.0, f32::max) < LOUD) {
            continue;
        }
        distances.push(f64::from(nearest));
        delays.push(back as f64 * HOP as f64 / 48.0);
    }
    delays.sort_by(f64::total_cmp);
    let median = delays.get(delays.len() / 2).copied().unwrap_or_default();
    (distances.iter().sum::<f64>() / distances.len().max(1) as f64, median)
}
