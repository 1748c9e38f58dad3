//! Links the manifest of `packaging/windows` into the program for Windows; does nothing elsewhere.
//!
//! It has no dependencies and watches one file, so that it costs no other build anything. Never run
//! by us for Windows.

use std::path::Path;

const MANIFEST: &str = "../packaging/windows/visavis.manifest";

fn main() {
    println!("cargo::rerun-if-changed={MANIFEST}");
    let set = |name: &str, value: &str| std::env::var(name).as_deref() == Ok(value);
    // The linker of Microsoft's tools takes a manifest; others would need a resource compiler.
    if !set("CARGO_CFG_TARGET_OS", "windows") || !set("CARGO_CFG_TARGET_ENV", "msvc") {
        return;
    }
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-arg-bins=/MANIFEST:EMBED");
    println!(
        "cargo::rustc-link-arg-bins=/MANIFESTINPUT:{}",
        Path::new(&here).join(MANIFEST).display()
    );
}
