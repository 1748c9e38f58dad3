//! Names: which are taken, in which form, and which are refused with which words.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use visavis_shared::{NameError, Username, canonical_name, skeleton};

fn form(typed: &str) -> Result<String, NameError> {
    canonical_name(typed).map(String::from)
}

fn skeleton_of(typed: &str) -> String {
    skeleton(&canonical_name(typed).unwrap_or_else(|error| panic!("{typed:?}: {error}")))
}

#[test]
fn ordinary_names_of_many_languages_are_taken() {
    for (typed, name) in [
        ("alice", "alice"),
        ("Alice", "alice"),
        ("  ALICE\t", "alice"),
        ("a", "a"),
        ("7", "7"),
        ("alice.smith", "alice.smith"),
        ("alice-2", "alice-2"),
        ("Alice_Smith", "alice_smith"),
        ("José", "josé"),
        ("Jose\u{301}", "josé"),
        ("ÅSA", "åsa"),
        ("\u{212b}sa", "åsa"),
        ("Straße", "straße"),
        ("STRAẞE", "straße"),
        ("İstanbul", "istanbul"),
        ("Işık", "işık"),
        ("Nguyễn", "nguyễn"),
        ("Ｆｕｌｌ", "full"),
        ("Col·lega", "col·lega"),
        ("Ольга", "ольга"),
        ("вика", "вика"),
        ("соса-сола", "соса-сола"),
        ("Тимур", "тимур"),
        ("Антон", "антон"),
        ("Єва", "єва"),
        ("Οδυσσεύς", "οδυσσεύς"),
        ("ΟΔΥΣΣΕΎΣ", "οδυσσεύς"),
        ("γιάννησ", "γιάννης"),
        ("Δημήτρης", "δημήτρης"),
        ("שלום", "שלום"),
        ("ג׳ורג׳", "ג׳ורג׳"),
        ("محمد", "محمد"),
        ("مريم-2", "مريم-2"),
        ("देवी", "देवी"),
        ("สมชาย", "สมชาย"),
        ("太郎", "太郎"),
        ("たろう", "たろう"),
        ("山田タロー", "山田タロー"),
        ("ﾀﾛｳ", "タロウ"),
        ("ｶﾞｶﾞ", "ガガ"),
        ("ヤマダ・タロウ", "ヤマダ・タロウ"),
        ("한글", "한글"),
        ("\u{1112}\u{1161}\u{11ab}글", "한글"),
        ("金철수", "金철수"),
        ("李小龍", "李小龍"),
        ("Հայկ", "հայկ"),
        ("გიორგი", "გიორგი"),
        ("ᲒᲘᲝᲠᲒᲘ", "გიორგი"),
        ("ሰላም", "ሰላም"),
    ] {
        assert_eq!(form(typed).as_deref(), Ok(name), "{typed:?}");
        assert_eq!(form(name).as_deref(), Ok(name), "{name:?} is not its own form");
    }
}

#[test]
fn what_could_mislead_is_refused() {
    use NameError::{
        Direction, Empty, Invisible, LooksLatin, Misplaced, MixedDigits, MixedScripts, NotAllowed,
        Space, TooLong,
    };
    for (typed, error) in [
        ("", Empty),
        (" \t\n", Empty),
        ("alice smith", Space),
        ("alice\u{a0}smith", Space),
        ("alice\u{3000}smith", Space),
        ("alice\nsmith", Space),
        ("alice\u{2028}smith", Space),
        // Paths, markup, addresses, signs.
        ("../x", NotAllowed('/')),
        ("a/b", NotAllowed('/')),
        ("a\\b", NotAllowed('\\')),
        ("alice@example.org", NotAllowed('@')),
        ("<b>", NotAllowed('<')),
        ("a\"b", NotAllowed('"')),
        ("o'brien", NotAllowed('\'')),
        ("a:b", NotAllowed(':')),
        ("ａ／ｂ", NotAllowed('/')),
        ("100%", NotAllowed('%')),
        ("o’brien", NotAllowed('’')),
        ("☺", NotAllowed('☺')),
        ("bob😀", NotAllowed('😀')),
        ("ﬁona", NotAllowed('ﬁ')),
        ("№1", NotAllowed('№')),
        ("x²", NotAllowed('²')),
        ("Ⅳ", NotAllowed('ⅳ')),
        ("𝐚lice", NotAllowed('𝐚')),
        // Small capitals and letters of phonetics.
        ("ᴀlice", NotAllowed('ᴀ')),
        ("ɑlice", NotAllowed('ɑ')),
        // Nothing to see.
        ("admin\u{200b}", Invisible('\u{200b}')),
        ("ad\u{200d}min", Invisible('\u{200d}')),
        ("ad\u{200c}min", Invisible('\u{200c}')),
        ("ad\u{ad}min", Invisible('\u{ad}')),
        ("\u{202e}nimda", Invisible('\u{202e}')),
        ("\u{2066}admin", Invisible('\u{2066}')),
        ("\u{feff}admin", Invisible('\u{feff}')),
        ("a\0b", Invisible('\0')),
        ("a\u{1b}[31m", Invisible('\u{1b}')),
        ("a\u{7f}", Invisible('\u{7f}')),
        ("admin\u{fe0f}", Invisible('\u{fe0f}')),
        ("admin\u{34f}", Invisible('\u{34f}')),
        ("admin\u{e0041}", Invisible('\u{e0041}')),
        ("admin\u{3164}", Invisible('\u{3164}')),
        ("admin\u{2800}", Invisible('\u{2800}')),
        ("a\u{e000}", NotAllowed('\u{e000}')),
        ("a\u{10ffff}", NotAllowed('\u{10ffff}')),
        // Punctuation where it does not belong.
        (".alice", Misplaced('.')),
        ("alice.", Misplaced('.')),
        ("-rf", Misplaced('-')),
        ("_", Misplaced('_')),
        ("..", Misplaced('.')),
        ("a..b", Misplaced('.')),
        ("a.-b", Misplaced('-')),
        ("ヤマダ・", Misplaced('・')),
        // Marks without a letter, and towers of them.
        ("\u{301}alice", Misplaced('\u{301}')),
        ("a.\u{301}b", Misplaced('\u{301}')),
        ("x\u{302}\u{302}", Misplaced('\u{302}')),
        ("z\u{300}\u{302}\u{304}\u{306}\u{308}", Misplaced('\u{308}')),
        ("j\u{307}ane", Misplaced('\u{307}')),
        // Look-alikes: a Cyrillic а in Latin, Latin a in Greek, whole names of look-alikes.
        ("\u{430}dmin", MixedScripts),
        ("αdmin", MixedScripts),
        ("pаypal", MixedScripts),
        ("taro太郎", MixedScripts),
        ("한글ひらがな", MixedScripts),
        ("bobдвa", MixedScripts),
        ("\u{430}\u{440}\u{440}\u{435}", LooksLatin),
        ("сосо", LooksLatin),
        ("САРА", LooksLatin),
        ("ѕсоре", LooksLatin),
        ("ορο", LooksLatin),
        ("ρίο", LooksLatin),
        ("৪৪", LooksLatin),
        // Digits of two kinds.
        ("अ1२", MixedDigits),
        ("7৪", MixedDigits),
        // Directions.
        ("1שלום", Direction),
        ("שלוםabc", Direction),
        ("a".repeat(33).as_str(), TooLong),
        ("ß".repeat(33).as_str(), TooLong),
        ("a\u{301}".repeat(33).as_str(), TooLong),
        ("a".repeat(1_000_000).as_str(), TooLong),
    ] {
        assert_eq!(form(typed), Err(error), "{typed:?}");
    }
    assert_eq!(form(&"a\u{301}".repeat(32)), Ok("á".repeat(32)), "counted by its form");
}

#[test]
fn refusals_tell_a_person_what_to_do_in_one_line() {
    for typed in [
        "",
        "a b",
        "a/b",
        "\u{202e}a",
        ".a",
        "аdmin",
        "7৪",
        "сосо",
        "1ש",
        &"x".repeat(40),
        "\u{301}",
    ] {
        let words = form(typed).unwrap_err().to_string();
        assert!(words.contains("; ") && !words.contains('\n') && words.len() < 130, "{words}");
        assert!(
            !words.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{301}'),
            "{words}"
        );
    }
    let invisible = form("admin\u{200b}").unwrap_err().to_string();
    assert!(invisible.contains("(U+200B)"), "{invisible}");
}

#[test]
fn names_that_look_the_same_have_one_skeleton() {
    for (one, other) in [
        ("bob1", "bobl"),
        ("modern", "rnodern"),
        ("kızıl", "kizil"),
        ("ロビン", "口ビン"),
        ("vvalter", "vvalter"),
    ] {
        assert_eq!(skeleton_of(one), skeleton_of(other), "{one} {other}");
    }
    for (one, other) in [("alice", "alicia"), ("jose", "josé"), ("ольга", "olga"), ("太郎", "次郎")]
    {
        assert_ne!(skeleton_of(one), skeleton_of(other), "{one} {other}");
    }
}

#[test]
fn every_letter_there_is_has_at_most_one_form() {
    let mut letters = 0;
    for c in ('\0'..=char::MAX).filter(|c| c.is_alphanumeric()) {
        let Ok(name) = canonical_name(c.encode_utf8(&mut [0; 4])) else { continue };
        letters += 1;
        assert_eq!(canonical_name(name.as_str()), Ok(name.clone()), "{c:?}");
        let swapped = swapped_case(name.as_str(), &[true]);
        assert_eq!(canonical_name(&swapped), Ok(name), "{swapped:?} from {c:?}");
    }
    assert!(letters > 30_000, "{letters}");
}

/// Letters of many scripts, digits, punctuation, marks, and what may not be.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => "[a-zA-Z0-9._-]{1,8}",
        2 => "[à-ÿĀ-ſƀ-ɏ]{1,4}",
        2 => "[Ͱ-Ͽἀ-῿]{1,4}",
        2 => "[Ѐ-ӿ]{1,4}",
        1 => "[\u{531}-\u{58f}\u{10a0}-\u{10ff}\u{13a0}-\u{13f5}]{1,4}",
        1 => "[\u{5d0}-\u{5f4}\u{620}-\u{6ff}]{1,4}",
        1 => "[\u{900}-\u{9ff}\u{e01}-\u{e5b}]{1,4}",
        1 => "[ぁ-ヿ一-丿가-각\u{1100}-\u{11ff}]{1,4}",
        1 => "[\u{ff00}-\u{ffef}]{1,4}",
        1 => "[\u{300}-\u{36f}]{1,3}",
        1 => "\\PC{1,3}",
        1 => any::<String>(),
    ];
    prop::collection::vec(pieces, 1..4).prop_map(|pieces| pieces.concat())
}

/// The same text in other letters' case, where that case is one letter that leads back.
fn swapped_case(text: &str, which: &[bool]) -> String {
    let swap = |c: char| {
        let upper = c.to_uppercase().next().filter(|_| c.to_uppercase().count() == 1).unwrap_or(c);
        let back = upper.to_lowercase().next().filter(|_| upper.to_lowercase().count() == 1);
        if back == Some(c) { upper } else { c }
    };
    text.chars()
        .zip(which.iter().cycle())
        .map(|(c, wanted)| if *wanted { swap(c) } else { c })
        .collect()
}

/// The same text with ASCII in its wide form.
fn widened(text: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) - 0x21 + 0xff01).unwrap();
    text.chars().map(|c| if c.is_ascii_graphic() { wide(c) } else { c }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, rng_seed: RngSeed::Fixed(0x6e61_6d65), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_form_is_its_own_form_and_an_identifier(text in any_text()) {
        if let Ok(name) = canonical_name(&text) {
            prop_assert_eq!(canonical_name(name.as_str()), Ok(name.clone()));
            prop_assert_eq!(Username::parse(name.as_str()), Ok(name.clone()));
            prop_assert!(!name.as_str().contains(char::is_whitespace));
            prop_assert!(name.as_str().chars().count() <= 32);
        }
    }

    #[test]
    fn spellings_that_differ_in_case_or_width_are_one_name(text in any_text(), which in prop::collection::vec(any::<bool>(), 1..9)) {
        if let Ok(name) = canonical_name(&text) {
            prop_assert_eq!(canonical_name(&swapped_case(name.as_str(), &which)), Ok(name.clone()));
            prop_assert_eq!(canonical_name(&widened(name.as_str())), Ok(name));
        }
    }

    #[test]
    fn no_name_looks_like_a_latin_name_without_being_one(text in any_text()) {
        if let Ok(name) = canonical_name(&text) {
            let foreign = !name.as_str().is_ascii() && !name.as_str().chars().any(|c| c.is_ascii_alphabetic());
            let looks = skeleton(&name);
            if foreign && looks.chars().any(|c| c.is_ascii_alphabetic()) && looks.is_ascii() {
                // Latin letters all the same, such as a dotless i.
                let is_latin = |c| matches!(c, '\u{c0}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' | '\u{a720}'..='\u{a7ff}');
                prop_assert!(name.as_str().contains(is_latin), "{name} {looks}");
            }
        }
    }
}
