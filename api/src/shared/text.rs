//! Names, slugs and what text may hold.

use std::cmp::Ordering;

use deunicode::deunicode;

/// The longest text of several lines, in characters.
pub const MAX_TEXT: usize = 20_000;
/// The longest name and other one-line text, in characters.
pub const MAX_LINE: usize = 250;
/// The longest slug, in bytes.
pub const MAX_SLUG: usize = 100;

/// The slug that a name suggests: `Bettenmanagement Süd` becomes `bettenmanagement-sued`.
///
/// German letters are written out as in DIN 5007-2; everything else is transliterated to ASCII; runs of anything but
/// letters and digits become one hyphen. Empty where the name has nothing to spell.
pub fn slug_from(name: &str) -> String {
    let mut german = String::with_capacity(name.len() + 8);
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => german.push_str("ae"),
            'ö' => german.push_str("oe"),
            'ü' => german.push_str("ue"),
            'ß' => german.push_str("ss"),
            other => german.push(other),
        }
    }
    let mut slug = String::with_capacity(german.len());
    for letter in deunicode(&german).chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_SLUG);
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Whether this can be a slug: lower-case ASCII letters and digits in groups with single hyphens between them.
pub fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SLUG
        && text.split('-').all(|group| {
            !group.is_empty()
                && group
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// What names are sorted by: lower case without accents, so that `Ärzte` stands beside `Arzt`.
pub fn sort_key(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    deunicode(name).to_lowercase()
}

/// The order of two names, that of their [`sort_key`]s, without making any for most names.
pub fn compare_names(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        one.bytes().map(lower).cmp(other.bytes().map(lower))
    } else {
        sort_key(one).cmp(&sort_key(other))
    }
}

/// What a search for a part of a name compares: lower case, accents kept.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// What a search looks for in names and slugs, folded once for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePart(String);

impl NamePart {
    /// A part that a name can have; none where it is longer than a name can be.
    pub fn new(part: &str) -> Option<Self> {
        (part.chars().count() <= MAX_LINE).then(|| Self(folded(part)))
    }

    /// Its folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name or a slug has it.
    pub fn is_in(&self, name: &str, slug: &str) -> bool {
        folded(name).contains(&self.0) || slug.contains(&self.0)
    }
}

/// The first character that stored text can't hold: a control character other than tab and line ends. (PostgreSQL
/// has no NUL in text, and the others are never meant.)
pub fn forbidden_character(text: &str) -> Option<char> {
    text.chars()
        .find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Whether a character leaves nothing to be seen: blanks, controls, and what Unicode calls default ignorable (zero-width characters,
/// directions, variation selectors, fillers), and the empty Braille pattern.
fn is_unseen(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether there is nothing to be seen of a text.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

/// How many characters of a text are seen, a gap between others being one however it is made.
pub fn seen_length(text: &str) -> usize {
    let words = text
        .split(is_gap)
        .map(|word| word.chars().filter(|c| !is_unseen(*c)).count());
    let (mut length, mut gaps) = (0, 0);
    for letters in words.filter(|letters| *letters > 0) {
        length += letters;
        gaps += 1;
    }
    length + usize::saturating_sub(gaps, 1)
}

/// What stands between words: blanks, and control characters such as line ends.
fn is_gap(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Why text can't be stored, if it can't.
pub fn why_unfit(text: &str, longest: usize) -> Option<String> {
    let length = text.chars().count();
    if length > longest {
        return Some(format!(
            "has {length} characters; at most {longest} are allowed"
        ));
    }
    if let Some(character) = forbidden_character(text) {
        let code = u32::from(character);
        return Some(format!("holds the control character U+{code:04X}"));
    }
    if longest < MAX_TEXT && text.contains(['\n', '\r']) {
        return Some("must be a single line".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn german_letters_are_written_out() {
        assert_eq!(slug_from("Bettenmanagement Süd"), "bettenmanagement-sued");
        assert_eq!(slug_from("Jörg Weiß"), "joerg-weiss");
        assert_eq!(slug_from("ÄRZTE & Übergabe"), "aerzte-uebergabe");
        assert_eq!(slug_from("Cafe\u{301} Zoe\u{308}"), "cafe-zoe");
    }

    #[test]
    fn other_scripts_are_transliterated() {
        assert_eq!(slug_from("Łódź"), "lodz");
        assert_eq!(slug_from("北京"), "bei-jing");
        assert_eq!(slug_from("  --  "), "");
    }

    #[test]
    fn names_sort_without_accents() {
        assert!(sort_key("Ärzte") < sort_key("Azubi"));
    }

    #[test]
    fn what_nobody_sees_does_not_count() {
        for nothing in [
            "",
            " \n ",
            "\u{200b}\u{200b}",
            "\u{ad}\u{feff}",
            "\u{2800} \u{3164}",
            "\u{e0041}",
        ] {
            assert!(is_blank(nothing), "{nothing:?}");
            assert_eq!(seen_length(nothing), 0, "{nothing:?}");
        }
        for (text, length) in [
            ("Zu teuer für uns.", 17),
            ("  a   b\n\n c ", 5),
            ("a\u{200b}\u{200b}b", 2),
            ("a \u{200b} \u{feff} b", 3),
            ("👩\u{200d}⚕\u{fe0f}", 2),
        ] {
            assert!(!is_blank(text));
            assert_eq!(seen_length(text), length, "{text:?}");
        }
    }

    #[test]
    fn a_part_is_found_in_any_case_and_is_no_longer_than_a_name() {
        let found =
            |part: &str| NamePart::new(part).map(|part| part.is_in("Bett Süd", "bett-sued"));
        assert_eq!(found("SÜD"), Some(true));
        assert_eq!(found("t-S"), Some(true));
        assert_eq!(found("sud"), Some(false));
        assert_eq!(found(&"ü".repeat(MAX_LINE)), Some(false));
        assert_eq!(found(&"ü".repeat(MAX_LINE + 1)), None);
    }

    proptest! {
        #[test]
        fn no_more_is_seen_than_there_is(text in ".{0,60}|[ \u{200b}ab\n]{0,20}") {
            prop_assert!(seen_length(&text) <= text.trim().chars().count());
            prop_assert_eq!(seen_length(&text) == 0, is_blank(&text));
        }

        #[test]
        fn names_compare_as_their_sort_keys(one in "[aAbBäÄ ]{0,4}|.*", other in "[aAbBäÄ ]{0,4}|.*") {
            let expected = sort_key(&one).cmp(&sort_key(&other));
            prop_assert_eq!(compare_names(&one, &other), expected);
        }

        #[test]
        fn a_slug_from_any_name_is_a_slug_or_empty(name in ".{0,200}") {
            let slug = slug_from(&name);
            prop_assert!(slug.is_empty() || is_slug(&slug), "{slug}");
        }

        #[test]
        fn a_slug_is_its_own_slug(slug in "[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,5}") {
            prop_assert!(is_slug(&slug));
            prop_assert_eq!(slug_from(&slug), slug);
        }
    }
}
