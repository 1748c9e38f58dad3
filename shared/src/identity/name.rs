//! Which texts are names, which names are one and the same, and which only look the same.
//!
//! What people type goes in; out comes the one form of the name ([`canonical_name`]), or words that
//! say how to choose a better one. Two names that differ in case, width or composition have the
//! same form. What always holds of a form: it is its own form; it is in one script; no other
//! script's letters make it look like a name in Latin letters; it begins and ends with a letter or
//! a digit, holds neither spaces nor invisible characters nor two marks of punctuation in a row,
//! and so can stand in a sentence, a path or a URL.
//!
//! The steps are those of PRECIS (RFC 8264), profile UsernameCaseMapped (RFC 8265 §3.3), which by
//! itself would accept `../x` and Cyrillic look-alikes; then Unicode's rules for identifiers (UTS
//! 39): the general security profile (§3.1), one script (§5.1), one kind of digits (§5.3), few
//! marks on one letter (§5.4). Names within one script that look the same (`bob1`, `bobl`) have the
//! same [`skeleton`] (§4): that is for whoever knows the other names to compare.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use precis_profiles::precis_core::{CodepointInfo, Error as PrecisError, UnexpectedError};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::{GeneralSecurityProfile, MixedScript};

use crate::foreign_text::is_unprintable;
use crate::ids::{IdError, Username};
use crate::limits::MAX_USERNAME_CHARS;

/// How long a spelling may be before it is looked at: marks that merge with their letters make one
/// longer than its form.
const MAX_SPELLING_CHARS: usize = 4 * MAX_USERNAME_CHARS;
/// How often the rules are applied before a spelling counts as one without a form (RFC 8264 §7 asks
/// for three).
const APPLICATIONS: usize = 4;
/// The most marks that one letter carries (UTS 39 §5.4).
const MAX_MARKS: usize = 4;

/// Makes one sound of the Hebrew letter before it, also at the end of a word.
const GERESH: char = '\u{5f3}';

/// Why a text is no name. Each text reads on after "That can't be a name:".
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing but white space.
    #[error("it is empty; type at least one letter or digit")]
    Empty,
    #[error("it is longer than {MAX_USERNAME_CHARS} characters; choose a shorter one")]
    TooLong,
    /// There is white space in it.
    #[error("it holds a space; write \"-\", \"_\" or \".\" instead")]
    Space,
    /// There is a character in it that nobody can see, or one that changes how its neighbours are
    /// shown.
    #[error("it holds an invisible character (U+{code:04X}); type it anew instead of pasting it", code = u32::from(*.0))]
    Invisible(char),
    #[error("it can't hold {0:?}; use letters, digits, \".\", \"-\" and \"_\"")]
    NotAllowed(char),
    #[error(
        "{0:?} can't stand there; begin and end with a letter or a digit, and put one between \".\", \"-\" and \"_\""
    )]
    Misplaced(char),
    #[error("it mixes letters of different alphabets; use those of one")]
    MixedScripts,
    #[error("it mixes different kinds of digits; use 0 to 9")]
    MixedDigits,
    #[error(
        "in these letters it looks like a name in Latin letters; type it in Latin letters, or add one that differs"
    )]
    LooksLatin,
    #[error(
        "its letters run in different directions; use those of one direction, and begin with a letter"
    )]
    Direction,
    /// No form stays the same when the rules are applied to it.
    #[error("it can be read in several ways; use plain letters and digits")]
    NoForm,
}

/// The one form of the name that somebody typed.
///
/// # Errors
/// [`NameError`] when it can't be a name; its text tells a person what to do.
pub fn canonical_name(typed: &str) -> Result<Username, NameError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(NameError::Empty);
    }
    if typed.chars().nth(MAX_SPELLING_CHARS).is_some() {
        return Err(NameError::TooLong);
    }
    if typed.contains(char::is_whitespace) {
        return Err(NameError::Space);
    }
    if let Some(invisible) = typed.chars().find(|c| is_invisible(*c)) {
        return Err(NameError::Invisible(invisible));
    }
    let form = one_form(typed)?;
    if form.chars().nth(MAX_USERNAME_CHARS).is_some() {
        return Err(NameError::TooLong);
    }
    check_characters(&form)?;
    check_places(&form)?;
    check_scripts(&form)?;
    Username::parse(&form).map_err(|error| match error {
        IdError::Empty => NameError::Empty,
        IdError::TooLong(_) => NameError::TooLong,
        IdError::Unprintable => NameError::NoForm,
    })
}

/// Whether a character shows nothing of its own: those that no identifier has, and fillers, joiners
/// and selectors that are at least good for something in other texts.
fn is_invisible(c: char) -> bool {
    is_unprintable(c)
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// What a name looks like: names with the same skeleton can be taken for one another (UTS 39 §4).
/// For comparing only, never for showing.
#[must_use]
pub fn skeleton(name: &Username) -> String {
    unicode_security::skeleton(name.as_str()).collect()
}

/// Applies the rules until they change nothing any more.
fn one_form(typed: &str) -> Result<String, NameError> {
    let mut form = one_spelling(typed);
    for _ in 0..APPLICATIONS {
        let next = UsernameCaseMapped::enforce(form.as_str()).map_err(refusal)?.into_owned();
        if next == form {
            return Ok(form);
        }
        form = next;
    }
    Err(NameError::NoForm)
}

/// What PRECIS leaves undone: composing letters before it looks at them, lower case for capitals
/// that are younger than its tables (those of Georgian), and two letters whose lower case depends
/// on place or language.
fn one_spelling(typed: &str) -> String {
    let composed: String = typed.nfc().collect();
    // The lower case of a Turkish İ is i; elsewhere it would be an i with a second dot.
    let composed = composed.replace('İ', "i").replace("i\u{307}", "i");
    let mut spelling = String::with_capacity(composed.len());
    let mut characters = composed.chars().peekable();
    let mut in_word = false;
    while let Some(c) = characters.next() {
        let goes_on = characters.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            'Σ' | 'σ' | 'ς' if in_word && !goes_on => spelling.push('ς'),
            'Σ' | 'σ' | 'ς' => spelling.push('σ'),
            other => spelling.extend(other.to_lowercase()),
        }
        in_word = c.is_alphanumeric();
    }
    spelling
}

fn refusal(error: PrecisError) -> NameError {
    let character = |info: &CodepointInfo| {
        char::from_u32(info.cp).map_or(NameError::NoForm, NameError::NotAllowed)
    };
    match &error {
        PrecisError::BadCodepoint(info) => character(info),
        PrecisError::Unexpected(
            UnexpectedError::ContextRuleNotApplicable(info)
            | UnexpectedError::MissingContextRule(info),
        ) => character(info),
        PrecisError::Unexpected(_) => NameError::NoForm,
        // The empty text was refused before, so it is the rule of directions.
        PrecisError::Invalid => NameError::Direction,
    }
}

/// What may stand in a form at all.
fn check_characters(form: &str) -> Result<(), NameError> {
    let allowed = |c: char| match c {
        '.' | '-' | '_' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => c.identifier_allowed(),
    };
    if let Some(other) = form.chars().find(|c| !allowed(*c)) {
        return Err(NameError::NotAllowed(other));
    }
    // 〇 is a numeral of Chinese, but a letter among digits.
    let foreign_digit = |c: char| !c.is_ascii() && c.is_numeric() && c != '〇';
    if form.contains(foreign_digit) && form.contains(|c: char| c.is_ascii_digit()) {
        return Err(NameError::MixedDigits);
    }
    Ok(())
}

/// What may stand beside what.
fn check_places(form: &str) -> Result<(), NameError> {
    /// Punctuation, or the edge of the name: a letter has to follow.
    const NOTHING: usize = usize::MAX;
    let mut marks = NOTHING;
    let mut before = None;
    for c in form.chars() {
        if is_combining_mark(c) {
            let dots_a_dot =
                c == '\u{307}' && matches!(before, Some('i' | 'j' | 'l' | 'ı' | 'і' | 'ј'));
            if marks >= MAX_MARKS || before == Some(c) || dots_a_dot {
                return Err(NameError::Misplaced(c));
            }
            marks += 1;
        } else if c.is_alphanumeric() || c == GERESH {
            marks = 0;
        } else if marks == NOTHING {
            return Err(NameError::Misplaced(c));
        } else {
            marks = NOTHING;
        }
        before = Some(c);
    }
    match before {
        Some(last) if marks == NOTHING => Err(NameError::Misplaced(last)),
        _ => Ok(()),
    }
}

/// One script, and not one in the clothes of another.
fn check_scripts(form: &str) -> Result<(), NameError> {
    if form.is_ascii() {
        return Ok(());
    }
    let scripts = form.resolve_script_set();
    if scripts.is_empty() {
        return Err(NameError::MixedScripts);
    }
    let mut latin = scripts;
    latin.intersect_with(AugmentedScriptSet::for_char('a'));
    let looks_latin = || {
        let mut skeleton =
            unicode_security::skeleton(form).filter(|c| !is_combining_mark(*c)).peekable();
        skeleton.peek().is_some() && skeleton.all(|c| c.is_ascii())
    };
    if latin.is_empty() && looks_latin() { Err(NameError::LooksLatin) } else { Ok(()) }
}
