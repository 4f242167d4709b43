//! A form (`multipart/form-data`, RFC 7578) read whole: the few fields the mock looks at. A reader of the mock's own, and a strict
//! one: what a gateway sends must be right by the book, not by the leave of the library that the gateway reads forms with.

use super::asked::Asked;
use std::borrow::Cow;

/// What a form asks for.
///
/// # Errors
/// It is no form by the book; which rule is broken.
pub fn scan(content_type: &str, body: &[u8]) -> Result<Asked<'static>, String> {
    let boundary = content_type.split_once("boundary=").map(|(_, rest)| rest.split(';').next().unwrap_or(rest));
    let boundary = boundary.map(|text| text.trim().trim_matches('"')).filter(|text| !text.is_empty());
    let boundary = boundary.ok_or("the content type names no boundary")?;
    let mut asked = Asked::default();
    let open = format!("--{boundary}\r\n");
    let mut rest = body.strip_prefix(open.as_bytes()).ok_or("the body does not begin with the boundary")?;
    let between = format!("\r\n--{boundary}");
    loop {
        let head_end = find(rest, b"\r\n\r\n").ok_or("a part's head does not end")?;
        let head = std::str::from_utf8(&rest[..head_end]).map_err(|_| "a part's head is not UTF-8")?;
        let content = &rest[head_end + 4..];
        let end = find(content, between.as_bytes()).ok_or("a part does not end with the boundary")?;
        note(&mut asked, head, &content[..end])?;
        rest = &content[end + between.len()..];
        match rest {
            b"--" | b"--\r\n" => return Ok(asked),
            _ => rest = rest.strip_prefix(b"\r\n").ok_or("the boundary is not followed by a line's end")?,
        }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, pattern)
}

/// Takes from a part what the mock needs to know.
fn note(asked: &mut Asked<'static>, head: &str, content: &[u8]) -> Result<(), String> {
    let disposition = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    let disposition = disposition.ok_or("a part has no content-disposition")?;
    let parameter = |name: &str| {
        let mut parts = disposition.split(';').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
    };
    let text = || Some(Cow::Owned(String::from_utf8_lossy(content).into_owned()));
    match parameter("name").ok_or("a part has no name")? {
        "file" => asked.file = content.len(),
        "model" => asked.model = text(),
        "response_format" => asked.response_format = text(),
        "stream" => asked.stream = content == b"true",
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_looks_at_and_refuses_what_is_no_form() {
        let form = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n\0\r\n--c\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n";
        let asked = scan("multipart/form-data; boundary=b", form.as_bytes()).expect("a form");
        assert_eq!((asked.model.as_deref(), asked.file), (Some("m"), 6));
        assert!(scan("multipart/form-data", form.as_bytes()).is_err());
        for broken in [&form[..form.len() - 4], &form[1..], "--b--", ""] {
            assert!(scan("multipart/form-data; boundary=b", broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
