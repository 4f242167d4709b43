//! A name as one segment of a path. Callers choose models where a wildcard lets them, and no model may lead to another
//! resource than its own, whoever on the way takes an escape for what it stands for.

use millrace_actors::fault::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What needs an escape: all but RFC 3986's unreserved characters, and `@`, with which Google writes versions. A `:` is
/// among it, since some providers put a verb behind one.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// The segment; `None` for a name that none can stand for: an empty one, one with a step up or none at all in it (`..`, `.`),
/// and one with a control character, as they stand or escaped. All of it goes out escaped, but a proxy that undoes that before
/// it looks for steps would find them.
pub fn segment(name: &str) -> Option<String> {
    let undone = percent_decode_str(name).decode_utf8_lossy();
    let steps = |name: &str| name.split(['/', '\\']).any(|part| matches!(part, "." | ".."));
    let leads = |name: &str| steps(name) || name.contains(char::is_control);
    (!name.is_empty() && !leads(name) && !leads(&undone)).then(|| utf8_percent_encode(name, ESCAPED).to_string())
}

/// The segment of a model.
///
/// # Errors
/// A name that no segment can stand for.
pub fn of_model(model: &str) -> Result<String, Fault> {
    segment(model).ok_or_else(|| Fault::BadRequest {
        message: format!("The model name {model:?} cannot be part of an address; use the name of a model."),
        param: Some("model".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_name_is_one_segment_whatever_it_holds() {
        for (name, want) in [
            ("gpt-4o_mini.1~x", "gpt-4o_mini.1~x"),
            ("claude-sonnet-4@20250514", "claude-sonnet-4@20250514"),
            ("a/b", "a%2Fb"),
            ("a..b/c.", "a..b%2Fc."),
            ("//x", "%2F%2Fx"),
            ("m:streamRawPredict", "m%3AstreamRawPredict"),
            ("m?a=b#c", "m%3Fa%3Db%23c"),
            ("m%2fx", "m%252fx"),
            ("a b\\c;d", "a%20b%5Cc%3Bd"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(segment(name).as_deref(), Some(want));
        }
        let escaped = ["%2e%2e/x", "m%2f..", "m%5c%2e", "a%0d%0aX: y"];
        for step in
            ["", ".", "..", "../../x", "a/../b", "a\\..\\b", "a/./b", "a\r\nX: y", "a\0"].into_iter().chain(escaped)
        {
            assert_eq!(segment(step), None, "{step:?}");
        }
    }
}
