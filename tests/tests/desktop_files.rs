//! What the desktop reads about the program is what it understands, and names what there is.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;
use visavis_tests::programs::Program;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);

fn asset(name: &str) -> PathBuf {
    PathBuf::from("../assets").join(name)
}

async fn finds_nothing_wrong(program: &str, arguments: &[&str], file: &str) {
    let mut command = Command::new(program);
    command.args(arguments).arg(asset(file));
    let checking = Program::spawn(program, command)
        .unwrap_or_else(|error| panic!("{error}: `cargo xtask test` installs what is needed"));
    let finished = checking.finish(LIMIT).await.expect("it ends");
    assert!(finished.status.success(), "{file}: {finished:?}");
    assert!(!finished.stdout.contains("warning"), "{file}: {finished:?}");
}

#[tokio::test]
async fn the_desktop_entry_and_the_metadata_are_valid() {
    finds_nothing_wrong("desktop-file-validate", &[], "visavis.desktop").await;
    // Nobody owns a domain for the program, so its name stands alone.
    let arguments = ["validate", "--no-net", "--override=cid-desktopapp-is-not-rdns=info"];
    finds_nothing_wrong("appstreamcli", &arguments, "visavis.metainfo.xml").await;
}

#[test]
fn an_invitation_that_is_clicked_somewhere_opens_the_program() {
    let read = |name: &str| std::fs::read_to_string(asset(name)).expect("the file is there");
    let entry = read("visavis.desktop");
    let scheme = format!("x-scheme-handler/{}", visavis_client::invitation::SCHEME);
    assert!(entry.contains(&format!("MimeType={scheme};\n")), "{entry}");
    assert!(entry.contains("Exec=visavis %u\n"), "{entry}");
    let metadata = read("visavis.metainfo.xml");
    assert!(metadata.contains(&format!("<mediatype>{scheme}</mediatype>")), "{metadata}");
    assert!(metadata.contains(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"")));
}
