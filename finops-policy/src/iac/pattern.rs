//! Patterns: `*` any run of characters, `?` one character, over the whole text, case-sensitive.

/// Whether `text` as a whole is what `pattern` describes.
///
/// Only the last `*` is ever taken up again, so that the steps are at most the product of the two lengths and no
/// pattern can blow up.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when the present try fails: behind the last star, one character further in the text.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let before = text.clone();
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                text = before.clone();
                retry = Some((pattern.clone(), before));
                continue;
            }
            (None, None) => return true,
            (Some(p), Some(t)) if p == '?' || p == t => continue,
            _ => {}
        }
        let Some((after_star, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        pattern = after_star.clone();
        text = from.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_runs_and_single_characters() {
        for (pattern, text) in [
            ("*", ""),
            ("a*c", "abbc"),
            ("a*c", "ac"),
            ("?7g.*", "m7g.large"),
            ("*.metal", "x.y.metal"),
            ("", ""),
            ("**", "x"),
            ("*é?", "aéb"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("?", ""),
            ("a*c", "abcd"),
            ("M7*", "m7"),
            ("", "a"),
            ("a", ""),
            ("*a*b", "ba"),
            ("[ab]", "a"),
            ("{a,b}", "a"),
            ("??", "é"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        assert!(!matches(&"*a".repeat(500), &"b".repeat(5000)));
        assert!(!matches(&format!("{}b", "*a".repeat(300)), &"a".repeat(5000)));
    }

    /// The definition, exponential in the stars.
    fn plain(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|n| plain(rest, &text[n..])),
            (Some((p, rest)), Some((t, tail))) => (*p == '?' || p == t) && plain(rest, tail),
            _ => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn equals_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            proptest::prop_assert_eq!(matches(&pattern, &text), plain(&p, &t));
        }
    }
}
