//! Splitting a command into words as a shell does with blanks, quotes and backslashes, and nothing else of a shell.

/// The words of a command; nothing if a quote is left open or no word is there.
pub fn split(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(letter),
            (_, '\\') => word.get_or_insert_default().push(letters.next()?),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    if quote.is_some() || words.is_empty() { None } else { Some(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_shells() {
        let words = |text| split(text).expect("words");
        assert_eq!(words("uv run  litellm"), ["uv", "run", "litellm"]);
        assert_eq!(words(r#"a 'b c' "d 'e'" f\ g ''"#), ["a", "b c", "d 'e'", "f g", ""]);
        assert_eq!(split("a 'b"), None);
        assert_eq!(split("  "), None);
        assert_eq!(split("a \\"), None);
    }
}
