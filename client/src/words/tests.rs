//! Holds the catalogue, and every place that uses it, together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use super::{Argument, Language, Phrase, catalogue};

/// The arguments of each message.
type Messages = BTreeMap<String, BTreeSet<String>>;

fn arguments_of(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => arguments_in(inline, found),
            Expression::Select { selector, variants } => {
                arguments_in(selector, found);
                for variant in variants {
                    arguments_of(&variant.value, found);
                }
            }
        }
    }
}

fn arguments_in(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => drop(found.insert(id.name.to_owned())),
        // What messages are made of here; anything else would hide an argument.
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        other => panic!("a message uses {other:?}"),
    }
}

fn messages(language: Language) -> Messages {
    let mut all = Messages::new();
    for file in catalogue::files(language) {
        let file = parser::parse(*file)
            .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
        for entry in file.body {
            match entry {
                Entry::Message(message) => {
                    let mut found = BTreeSet::new();
                    arguments_of(&message.value.expect("a text"), &mut found);
                    let id = message.id.name.to_owned();
                    assert!(message.attributes.is_empty(), "{id}");
                    assert!(all.insert(id.clone(), found).is_none(), "{id} is there twice");
                }
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                other => panic!("{}: {other:?}", language.tag()),
            }
        }
    }
    all
}

/// A source and its code, without comments.
struct Source {
    name: String,
    /// Without the tests at its end.
    product: String,
    whole: String,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

fn read_sources(folders: &[&str]) -> Vec<Source> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders {
        sources(&here.join(folder), &mut paths);
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source");
        let whole: Vec<&str> =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let whole = whole.join("\n");
        let product = whole.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
        let name = path.strip_prefix(here).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let is_test = name.starts_with("tests/") || name.contains("tests");
        let product = if is_test { String::new() } else { product };
        Source { name, product, whole }
    };
    paths.into_iter().map(read).collect()
}

/// Each use of `phrase!` and `text!`: the id, and the names of the arguments.
fn uses(code: &str) -> Vec<(String, BTreeSet<String>)> {
    let starts = ["phrase!(", "text!("].into_iter().flat_map(|start| code.match_indices(start));
    let mut found = Vec::new();
    for (at, start) in starts {
        let rest = code[at + start.len()..].trim_start();
        // The macros themselves, and what is named in a comment.
        let Some((id, rest)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) else {
            continue;
        };
        found.push((id.to_owned(), argument_names(rest)));
    }
    found
}

/// The names in `, name = value, other = value)`.
fn argument_names(rest: &str) -> BTreeSet<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let (mut parts, mut part) = (Vec::new(), String::new());
    for c in rest.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {}
        }
        if c != ',' || depth > 0 {
            part.push(c);
        }
    }
    parts.push(part);
    let names = parts.iter().filter_map(|part| part.split_once('='));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn every_language_has_every_message_with_the_same_arguments() {
    let english = messages(Language::English);
    for language in Language::ALL {
        let theirs = messages(language);
        for (id, arguments) in &english {
            let found = theirs.get(id);
            assert_eq!(found, Some(arguments), "{id} in {}", language.tag());
        }
        let more: Vec<_> = theirs.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(more.is_empty(), "{}: {more:?}", language.tag());
    }
}

#[test]
fn every_phrase_in_the_code_is_a_message_and_every_message_is_in_the_code() {
    let english = messages(Language::English);
    let all = read_sources(&["src", "tests", "examples"]);
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in all.iter().filter(|source| source.name != "src/words/tests.rs") {
        for (id, arguments) in uses(&source.whole) {
            match english.get(&id) {
                Some(known) if *known == arguments => {}
                Some(known) => {
                    wrong.push(format!("{}: {id} has {known:?}, not {arguments:?}", source.name))
                }
                None => wrong.push(format!("{}: there is no {id}", source.name)),
            }
        }
        used.extend(uses(&source.product).into_iter().map(|(id, _)| id));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<_> = english.keys().filter(|id| !used.contains(*id)).collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
}

#[test]
fn uses_are_found_with_their_arguments() {
    let code = r#"text!("a"); phrase!("b", x = f(1, "y = ,)"), inner = phrase!("c", z = 1))"#;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut found = uses(code);
    found.sort();
    let expected: [(String, BTreeSet<String>); 3] = [
        ("a".to_owned(), names(&[])),
        ("b".to_owned(), names(&["x", "inner"])),
        ("c".to_owned(), names(&["z"])),
    ];
    assert_eq!(found, expected);
}

/// What may stand before a text that no person reads: names for egui, for threads, for the log.
const UNREAD: &[&str] = &[
    "text!(",
    "phrase!(",
    "Id::unique(",
    "id_salt(",
    "make_persistent_id(",
    ".with(",
    "Grid::new(",
    "VideoView::new(",
    "include_bytes!(",
    "with_app_id(",
    "StageThread::spawn(",
    "request_discard(",
    "reason = ",
    "feature = ",
    "target_os = ",
    "const NAME: &str = ",
    "word.contains(",
    "texture(",
];

/// Files whose texts go to the log, to a report or to the terminal, since there is no window.
const NO_WINDOW: &[&str] = &["src/ui/display.rs", "src/ui/ready.rs", "src/ui/error.rs"];
/// Files whose texts are drawings, or names of typefaces.
const NO_WORDS: &[&str] = &[
    "src/ui/frame_report.rs",
    "src/ui/design/icon_shapes.rs",
    "src/ui/design/typography.rs",
    "src/ui/on_screen.rs",
    // Ends of file names, and schemes of addresses.
    "src/ui/conversation/kind.rs",
];

/// The texts of a source with what stands before each.
fn literals(code: &str) -> Vec<(&str, &str)> {
    let bytes = code.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            // A character: 'a', '"', '\''.
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 3,
            b'\'' if bytes.get(at + 1) == Some(&b'\\') => at += 4,
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                found.push((code[..start - 1].trim_end(), &code[start..at.min(code.len())]));
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// A text for people: it has a letter outside of what `format!` replaces.
fn has_words(literal: &str) -> bool {
    let outside = literal.split('{').enumerate().map(|(at, part)| match part.split_once('}') {
        Some((_, behind)) if at > 0 => behind,
        _ => part,
    });
    let outside: String = outside.collect();
    outside.replace("\\n", "").replace("\\u", "").chars().any(char::is_alphabetic)
}

#[test]
fn no_text_in_the_window_is_written_outside_the_catalogue() {
    let mut wrong = Vec::new();
    let all = read_sources(&["src/ui"]);
    assert!(all.len() > 20);
    let has_words_of_its_own =
        |source: &&Source| ![NO_WINDOW, NO_WORDS].concat().contains(&source.name.as_str());
    for source in all.iter().filter(has_words_of_its_own) {
        for (before, literal) in literals(&source.product) {
            let line = before.lines().last().unwrap_or_default();
            let unread = UNREAD.iter().any(|what| before.ends_with(what.trim_end()))
                || line.contains("tracing::")
                || line.trim_start().starts_with("#[");
            // The names of keys, which are translated there.
            let known =
                source.name == "src/ui/words.rs" && literal.chars().all(char::is_alphabetic);
            if has_words(literal) && !unread && !known {
                wrong.push(format!("{}: {literal:?}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "say these through the catalogue:\n{}", wrong.join("\n"));
}

#[test]
fn no_phrase_is_made_of_a_text_in_the_code() {
    for source in read_sources(&["src"]) {
        let made = source.name != "src/words/message.rs"
            && (source.product.contains("Phrase::new(") && source.name != "src/words/mod.rs"
                || source.product.contains("Phrase::foreign(\""));
        assert!(!made, "{}", source.name);
    }
}

#[test]
fn literals_are_told_from_what_nobody_reads() {
    let found = literals(r#"f('"', "one \" two"); g('\'', "three")"#);
    let texts: Vec<_> = found.iter().map(|(_, text)| *text).collect();
    assert_eq!(texts, [r#"one \" two"#, "three"]);
    for (literal, expected) in
        [("{name}", false), ("{}: {x}", false), ("a {x}", true), ("–", false)]
    {
        assert_eq!(has_words(literal), expected, "{literal}");
    }
}

/// What a phrase says in each language.
fn said(phrase: &Phrase) -> [String; 5] {
    Language::ALL.map(|language| phrase.in_language(language))
}

#[test]
fn one_is_told_from_many_where_the_language_does() {
    let people = |count: u64| said(&phrase!("people-online", count = count));
    assert_eq!(
        people(1),
        [
            "1 person online",
            "1 Person online",
            "1 personne en ligne",
            "1 persona en línea",
            "1 人在线"
        ]
    );
    assert_eq!(
        people(2500),
        [
            "2,500 people online",
            "2.500 Personen online",
            "2\u{a0}500 personnes en ligne",
            "2500 personas en línea",
            "2,500 人在线"
        ]
    );
    // French counts nothing as one.
    assert_eq!(people(0)[2], "0 personne en ligne");
    let minutes = |count: u64| said(&phrase!("minutes", count = count));
    assert_eq!(minutes(1), ["1 minute", "1 Minute", "1 minute", "1 minuto", "1 分钟"]);
    assert_eq!(minutes(21), ["21 minutes", "21 Minuten", "21 minutes", "21 minutos", "21 分钟"]);
}

#[test]
fn a_name_stands_in_a_phrase_as_it_is_in_whatever_script_and_turns_nothing_round() {
    let wide = "界".repeat(32);
    for name in ["bob", "مريم", "שלום עולם", wide.as_str(), "{ $peer }", "\"quoted\"", "ﷺﷺﷺ"]
    {
        for text in said(&phrase!("on-another-call", peer = name)) {
            assert!(text.contains(name), "{name} in {text}");
            assert!(!text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']), "{text:?}");
        }
    }
    let turning = phrase!("person-is-calling", peer = "b\u{202e}o\u{2068}b\n");
    assert_eq!(turning.text(), "bob is calling");
}

#[test]
fn every_message_reads_whole_in_every_language() {
    for (id, arguments) in messages(Language::English) {
        let id: &'static str = Box::leak(id.into_boxed_str());
        let filled = |value: fn() -> Argument| {
            let arguments = arguments.iter();
            let named = arguments.map(|name| (&*Box::leak(name.clone().into_boxed_str()), value()));
            Phrase::new(id, named.collect())
        };
        for phrase in [filled(|| Argument::from("Zoë")), filled(|| Argument::from(3_u32))] {
            for text in said(&phrase) {
                assert!(!text.is_empty() && !text.contains(['{', '}']), "{id}: {text}");
                assert!(text.trim() == text && !text.contains("  "), "{id}: {text:?}");
                assert!(!text.contains("--") && !text.contains("os error"), "{id}: {text}");
            }
        }
    }
}

#[test]
fn another_language_shows_at_once_and_the_command_line_stays_english() {
    let busy = phrase!("microphone-busy", device = "Headset").or_plain("Use --microphone.");
    let call = phrase!("call-without-voice", trouble = busy);
    let english = call.text();
    super::speak_on_this_thread(Some(Language::German));
    let german = call.text();
    let plain = call.plain();
    super::speak_on_this_thread(None);
    assert!(english.contains("in use by another program"), "{english}");
    assert!(german.contains("wird von einem anderen Programm benutzt"), "{german}");
    assert_eq!(plain, "Use --microphone. The call goes on without your voice.");
    assert_eq!(call.text(), english);
}

#[test]
fn what_a_server_says_in_english_is_said_in_other_languages_in_their_words() {
    let refused = phrase!("room-full", room = "blue").or_foreign("Full, sorry.");
    assert_eq!(refused.in_language(Language::English), "Full, sorry.");
    assert_eq!(refused.plain(), "Full, sorry.");
    assert!(refused.in_language(Language::German).starts_with("In blue sind schon zwei"));
    let silent = phrase!("room-full", room = "blue").or_foreign(" ");
    assert!(silent.plain().starts_with("There are two people in blue"));
}

#[test]
fn a_message_that_is_not_there_is_its_id_and_no_panic() {
    assert_eq!(Phrase::new("no-such-message", Vec::new()).text(), "no-such-message");
    assert!(Phrase::new("person-is-calling", Vec::new()).text().contains("is calling"));
    assert_eq!(Phrase::foreign(" \n\u{202e} "), None);
}
