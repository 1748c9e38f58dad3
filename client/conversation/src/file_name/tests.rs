//! Tests of the names: a table of everything bad, and properties.

use proptest::prelude::*;

use super::*;

#[test]
fn whatever_a_name_says_it_becomes_a_name_of_one_file() {
    let long = "x".repeat(300);
    for (foreign, clean) in [
        ("report.pdf", "report.pdf"),
        ("Grüße aus Köln.txt", "Grüße aus Köln.txt"),
        ("世界 👋.png", "世界 👋.png"),
        // Separators and places.
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("..\\..\\windows\\system32", "_._.._windows_system32"),
        ("/etc/shadow", "_etc_shadow"),
        ("..", "file"),
        (".", "file"),
        ("a/b", "a_b"),
        ("C:\\boot.ini", "C__boot.ini"),
        ("c:", "c_"),
        ("file.txt:Zone.Identifier", "file.txt_Zone.Identifier"),
        ("\\\\server\\share", "__server_share"),
        ("~/x", "~_x"),
        ("a\u{0}b.txt", "ab.txt"),
        // Characters that Windows does not take.
        ("what? \"now\" <a|b>*.txt", "what_ _now_ _a_b__.txt"),
        // Devices.
        ("CON", "_CON"),
        ("con", "_con"),
        ("nul.txt", "_nul.txt"),
        ("Aux.tar.gz", "_Aux.tar.gz"),
        ("COM1", "_COM1"),
        ("lpt9.doc", "_lpt9.doc"),
        ("COM¹", "_COM¹"),
        ("CONIN$", "_CONIN$"),
        ("prn .txt", "_prn .txt"),
        ("CONSOLE.txt", "CONSOLE.txt"),
        ("COM10", "COM10"),
        ("nullable.rs", "nullable.rs"),
        // What can't be seen, or turns what can.
        ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
        ("\u{2066}a\u{2069}.txt", "a.txt"),
        ("a\u{200b}b\u{feff}.txt", "ab.txt"),
        ("a\u{200f}b.txt", "ab.txt"),
        ("line\nbreak\r\t.txt", "linebreak.txt"),
        ("bell\u{7}\u{1b}[31m.txt", "bell[31m.txt"),
        ("a\u{85}b", "ab"),
        ("no\u{a0}break.txt", "no break.txt"),
        ("e\u{301}.txt", "é.txt"),
        // Dots and spaces at the ends.
        ("name. . .", "name"),
        ("name   ", "name"),
        ("   name", "name"),
        ("...", "file"),
        (" . ", "file"),
        (".bashrc", "_bashrc"),
        ("..hidden", "_.hidden"),
        ("", "file"),
        ("\u{202e}\u{200b}", "file"),
        ("photo.jpg.", "photo.jpg"),
    ] {
        assert_eq!(clean_name(foreign), clean, "{foreign:?}");
    }
    assert_eq!(clean_name(&long), "x".repeat(255));
    assert_eq!(clean_name(&format!("{long}.jpeg")), format!("{}.jpeg", "x".repeat(250)));
    assert_eq!(clean_name(&format!("{long}.tar.gz")), format!("{}.tar.gz", "x".repeat(248)));
    // Cut between characters: 2 bytes each.
    assert_eq!(clean_name(&format!("{}.md", "é".repeat(200))), format!("{}.md", "é".repeat(126)));
    // An ending that is no ending.
    assert_eq!(clean_name(&format!("a.{long}")).len(), 255);
}

#[test]
fn the_second_of_a_name_has_a_number_before_its_ending() {
    for (name, folder, second) in [
        ("photo.jpg", false, "photo (2).jpg"),
        ("archive.tar.gz", false, "archive (2).tar.gz"),
        ("README", false, "README (2)"),
        ("v1.2", true, "v1.2 (2)"),
        (".tar", false, ".tar (2)"),
    ] {
        assert_eq!(numbered(name, 2, folder), second);
    }
    let long = clean_name(&format!("{}.jpg", "x".repeat(300)));
    let second = numbered(&long, 12, false);
    assert!(second.len() == 255 && second.ends_with("x (12).jpg"), "{second}");
}

#[test]
fn a_path_that_leads_elsewhere_is_none() {
    for path in ["../../etc/passwd", "a/../b", "/etc/passwd", "a//b", "", ".", "a/.", "a/"] {
        assert_eq!(parts(path), None, "{path:?}");
    }
    assert_eq!(parts(&["a"; 33].join("/")), None);
    assert_eq!(parts("a/b c/d.txt"), Some(vec!["a".into(), "b c".into(), "d.txt".into()]));
    assert_eq!(parts("a\\..\\b"), Some(vec!["a_.._b".into()]));
    assert_eq!(parts("nul/.git/x:y"), Some(vec!["_nul".into(), "_git".into(), "x_y".into()]));
}

#[test]
fn what_runs_when_it_is_opened_is_known_by_its_ending() {
    for name in ["a.exe", "A.EXE", "x.tar.sh", "run.desktop", "b.js", "c.AppImage", "d.lnk"] {
        assert!(is_executable(name), "{name}");
    }
    for name in ["a.txt", "exe", "a.exe.pdf", "b.jpeg", "c", "d."] {
        assert!(!is_executable(name), "{name}");
    }
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            ".", "..", "/", "\\", " ", "CON", "nul", ":", "\u{202e}", "\u{200b}", "é", "e\u{301}",
            "\u{0}", "😀", ".txt", ".tar.gz", "com1", "_", "x",
        ])
        .prop_map(str::to_owned),
        Just("y".repeat(120)),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn every_name_is_harmless_and_stays_as_it_is(foreign in nasty(), number in 2..100_u32) {
        let name = clean_name(&foreign);
        for name in [&name, &numbered(&name, number, false), &numbered(&name, number, true)] {
            prop_assert!(!name.is_empty() && name.len() <= 255);
            prop_assert!(!name.contains(['/', '\\', ':', '\0']));
            prop_assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{:?}", name);
            prop_assert!(!name.chars().any(|c| c.is_control()));
            prop_assert!(!is_reserved(name));
            let path = std::path::Path::new(name);
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(name.as_str()));
        }
        prop_assert_eq!(clean_name(&name), name);
    }
}
