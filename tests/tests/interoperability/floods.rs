//! What a hostile peer makes the app keep. How much processor time it takes, `cargo xtask bench
//! hostile` measures.

use std::time::Duration;

use visavis_tests::flood::{Flood, measure};
use visavis_tests::programs::visavis;

/// A flood may leave less than this behind.
const MOST_GROWTH: u64 = 10_000_000;
const SPAN: Duration = Duration::from_secs(5);

async fn leaves_little_behind(flood: Flood) {
    let app = visavis().expect("visavis is built");
    let cost = measure(&app, flood, SPAN).await.expect("the call survives it");
    assert!(cost.growth < MOST_GROWTH, "{flood:?}: {cost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_without_a_key_leave_little_behind() {
    leaves_little_behind(Flood::ForgedPackets).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_without_end_leave_little_behind() {
    leaves_little_behind(Flood::Streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_channels_without_end_leave_little_behind() {
    leaves_little_behind(Flood::Channels).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_without_end_leave_little_behind() {
    leaves_little_behind(Flood::Offers).await;
}
