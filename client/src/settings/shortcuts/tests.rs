//! Which keys there are, which are refused, and what a file may hold.

use super::*;

fn keys(text: &str) -> Keys {
    text.parse().expect(text)
}

fn written(pairs: &[(&str, &str)]) -> BTreeMap<String, Value> {
    pairs.iter().map(|(name, keys)| ((*name).to_owned(), (*keys).into())).collect()
}

#[test]
fn the_usual_keys_are_allowed_written_as_they_are_read_and_nobody_else_has_them() {
    let usual = Shortcuts::default();
    for command in Command::ALL {
        let its = usual.keys(command).expect("keys");
        assert_eq!(keys(&its.to_string()), its);
        assert_eq!(its.allowed_for(command), Ok(()), "{command:?}");
        assert_eq!(usual.command(&its), Some(command));
    }
    assert_eq!(usual.keys(Command::Accept).map(|k| k.to_string()), Some("Ctrl+Shift+A".into()));
}

#[test]
fn no_usual_key_that_types_text_acts_where_somebody_may_type() {
    for command in Command::ALL {
        let its = command.usual_keys();
        assert!(!its.type_text() || command.traits().2 == Scope::Call, "{command:?}");
    }
    assert!(keys("M").type_text() && keys("Shift+M").type_text() && keys("Space").type_text());
    assert!(!keys("Ctrl+B").type_text() && !keys("F5").type_text());
    assert!(keys("Ctrl+Backspace").type_text() && !keys("Alt+Backspace").type_text());
}

#[test]
fn a_text_is_keys_or_is_refused() {
    for text in ["M", "Ctrl+B", "Ctrl+Alt+Shift+F24", "Alt+Space", "Shift+Comma", "0"] {
        assert_eq!(keys(text).to_string(), text);
    }
    assert_eq!(keys("Shift+Ctrl+B"), keys("Ctrl+Shift+B"));
    for text in [
        "",
        "+",
        "Ctrl",
        "Ctrl+",
        "Ctrl+Ctrl+B",
        "M+Ctrl",
        "Ctrl+B+N",
        "m",
        "ctrl+M",
        "F99",
        "Ä",
        "ShiftLeft",
        "Power",
    ] {
        assert_eq!(text.parse::<Keys>(), Err(Refusal::Unknown), "{text:?}");
    }
}

#[test]
fn keys_of_another_command_are_refused_and_name_it() {
    let mut shortcuts = Shortcuts::default();
    let refused = shortcuts.set(Command::Mute, keys("Ctrl+E"));
    assert_eq!(refused, Err(Refusal::Taken(Command::Camera)));
    assert_eq!(shortcuts, Shortcuts::default());
    shortcuts.set(Command::Camera, keys("Ctrl+G")).expect("free");
    shortcuts.set(Command::Mute, keys("Ctrl+E")).expect("free by now");
    assert_eq!(shortcuts.command(&keys("Ctrl+E")), Some(Command::Mute));
    assert_eq!(shortcuts.command(&keys("Ctrl+D")), None);
    // One's own are no conflict.
    shortcuts.set(Command::Mute, keys("Ctrl+E")).expect("its own");
}

#[test]
fn keys_for_typing_and_moving_about_and_bare_letters_for_every_screen_are_refused() {
    let mut shortcuts = Shortcuts::default();
    for text in [
        "Tab",
        "Ctrl+Tab",
        "Escape",
        "Alt+Left",
        "Enter",
        "Backspace",
        "Ctrl+C",
        "Ctrl+Shift+Z",
        "Ctrl+V",
        "Ctrl+0",
        "Ctrl+Plus",
        "Alt+F4",
    ] {
        let refused = shortcuts.set(Command::Mute, keys(text));
        assert_eq!(refused, Err(Refusal::Reserved), "{text}");
    }
    for text in ["A", "Shift+A", "Space", "Questionmark"] {
        let refused = shortcuts.set(Command::Accept, keys(text));
        assert_eq!(refused, Err(Refusal::NeedsModifier), "{text}");
    }
    for text in ["M", "Ctrl+B", "F9", "Ctrl+Enter", "Pause"] {
        shortcuts.set(Command::Mute, keys(text)).expect(text);
    }
    shortcuts.set(Command::Accept, keys("F8")).expect("a function key");
}

#[test]
fn what_was_chosen_is_the_same_after_reading_and_the_usual_is_not_written() {
    let mut shortcuts = Shortcuts::default();
    assert_eq!(BTreeMap::from(shortcuts.clone()), written(&[]));
    shortcuts.set(Command::Mute, keys("M")).expect("free");
    shortcuts.clear(Command::Talk);
    let file = written(&[("mute", "M"), ("talk", "")]);
    assert_eq!(BTreeMap::from(shortcuts.clone()), file);
    assert_eq!(Shortcuts::from(file), shortcuts);
    assert_eq!(shortcuts.keys(Command::Talk), None);
    assert!(shortcuts.are_changed());
    shortcuts.reset();
    assert_eq!(shortcuts, Shortcuts::default());
    shortcuts.set(Command::Mute, Command::Mute.usual_keys()).expect("its own");
    assert!(!shortcuts.are_changed());
}

#[test]
fn what_a_file_holds_that_makes_no_sense_costs_nothing_else_and_stays_in_it() {
    let mut file = written(&[
        ("camera", "Ctrl+D"),
        ("mute", "no keys"),
        ("share", "Ctrl+Shift+S"),
        ("accept", "A"),
        ("fullScreen", "Ctrl+D"),
    ]);
    file.insert("help".to_owned(), 7.into());
    let read = Shortcuts::from(file.clone());
    // The camera was given what is the microphone's otherwise; the first that has keys keeps
    // them.
    assert_eq!(read.keys(Command::Camera), Some(keys("Ctrl+D")));
    assert_eq!(read.keys(Command::Mute), None);
    assert_eq!(read.keys(Command::FullScreen), Some(keys("F11")));
    assert_eq!(read.keys(Command::Accept), Some(keys("Ctrl+Shift+A")));
    assert_eq!(BTreeMap::from(read.clone()), file);
    let mut read = read;
    read.set(Command::Mute, keys("Ctrl+B")).expect("free");
    assert_eq!(BTreeMap::from(read)["mute"], "Ctrl+B");
}

#[test]
fn the_shift_that_a_sign_needs_on_some_keyboards_does_not_count() {
    assert!(
        keys("Plus").are(&keys("Shift+Plus"))
            && keys("Questionmark").are(&keys("Shift+Questionmark"))
    );
    assert!(!keys("M").are(&keys("Shift+M")) && !keys("Space").are(&keys("Shift+Space")));
    assert!(!keys("Plus").are(&keys("Ctrl+Plus")));
}

#[test]
fn any_file_gives_shortcuts_without_two_of_the_same_keys() {
    let texts = ["", "M", "Ctrl+E", "Ctrl+D", "F11", "Space", "nonsense", "Shift+Questionmark"];
    let mut seed = 7_u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize % below
    };
    for _ in 0..2_000 {
        let mut file = BTreeMap::new();
        for command in Command::ALL {
            if random(2) == 0 {
                let keys = texts[random(texts.len())];
                file.insert(command.name().to_owned(), keys.into());
            }
        }
        let read = Shortcuts::from(file.clone());
        let held: Vec<Keys> = Command::ALL.iter().filter_map(|c| read.keys(*c)).collect();
        for (at, keys) in held.iter().enumerate() {
            assert!(held[..at].iter().all(|other| !other.are(keys)), "{file:?}");
        }
        assert_eq!(BTreeMap::from(read), file);
    }
}
