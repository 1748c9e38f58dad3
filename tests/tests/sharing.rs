//! Screens and windows that one shows to the other: real windows on displays of their own.

use visavis_tests::reading;
use visavis_tests::text_page::TextPage;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_tests_can_be_read() {
    let page = TextPage::new(1280, 720, 1);
    let words = reading::words(&page.part(0, 720)).await;
    assert!(words.len() > 300, "{words:?}");
}
