//! Tests of a part's head: heads as clients write them, what is refused, and what other readers make of what is written.

use proptest::prelude::*;

use super::*;

fn head(text: &str) -> Result<Head, Broken> {
    Head::parse(text.as_bytes())
}

#[test]
fn heads_as_clients_write_them() {
    for (text, name, file, lines) in [
        ("Content-Disposition: form-data; name=\"model\"\r\n", "model", false, "form-data; name=\"model\"\r\n"),
        (
            // .NET
            "Content-Type: audio/wav\r\nContent-Disposition: form-data; name=file; filename=a.wav; filename*=utf-8''%C3%A9.wav\r\n",
            "file",
            true,
            "form-data; name=\"file\"; filename=\"a.wav\"; filename*=utf-8''%C3%A9.wav\r\ncontent-type: audio/wav\r\n",
        ),
        (
            // okhttp
            "content-disposition: form-data; name=\"x\"; filename=\"a;b \\\\ c\"\r\nContent-Length: 3\r\ncontent-transfer-encoding: binary\r\n",
            "x",
            true,
            "form-data; name=\"x\"; filename=\"a;b \\\\ c\"\r\n",
        ),
        ("content-disposition:form-data;name=\"file\"\r\n", "file", true, "form-data; name=\"file\"\r\n"),
    ] {
        let head = head(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!((head.name.as_str(), head.file, head.plain), (name, file, true), "{text}");
        assert_eq!(head.lines, format!("content-disposition: {lines}"));
    }
    assert_eq!(head("content-disposition: form-data; name=\"a\"\r\ncontent-length: 70\r\n").unwrap().length, Some(70));
}

#[test]
fn what_is_not_plain_becomes_so() {
    for (rest, lines) in [
        ("name=\"a\"\r\nx-own: 1", "name=\"a\""),
        ("filename=\"x; name=model;\"; name=\"a\"", "name=\"a\"; filename=\"x; name=model;\""),
        ("name=a; filename*=utf-8''x; filename=\"x\"", "name=\"a\"; filename=\"x\"; filename*=utf-8''x"),
        // a field, to who does not know the star
        ("name=a; filename*=UTF-8'en'%c3%a9", "name=\"a\"; filename=\"file\"; filename*=UTF-8'en'%c3%a9"),
    ] {
        let head = head(&format!("content-disposition: form-data; {rest}\r\n")).unwrap();
        assert!(!head.plain, "{rest}");
        assert_eq!(head.lines, format!("content-disposition: form-data; {lines}\r\n"));
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for bad in [
        "",
        "\r\n",
        "content-type: text/plain\r\n",
        "content-disposition: form-data\r\n",
        "content-disposition: form-data; filename=\"a\"\r\n",
        "content-disposition: attachment; name=\"a\"\r\n",
        "content-disposition: form-data; name=\"a\"; name=\"b\"\r\n",
        "content-disposition: form-data; name=\"a\"; NAME=b\r\n",
        "content-disposition: form-data; name*=utf-8''a\r\n",
        "content-disposition: form-data; name=\"a\"; size=3\r\n",
        "content-disposition: form-data; name=\"a\r\n",
        "content-disposition: form-data; name=a\"b\r\n",
        "content-disposition: form-data; name=\"a\"b\r\n",
        "content-disposition: form-data; name=\r\n",
        "content-disposition: form-data; name=\"a\"; filename=\"x\\\"; name=\\\"model\"\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"b\"\r\n",
        "content-disposition: form-data;\r\n name=\"a\"\r\n",
        "content-disposition : form-data; name=\"a\"\r\n",
        "content-disposition: form-data; name=\"a\nx: y\"\r\n",
        "content-disposition: form-data; name=\"a\"\r\nno colon\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-transfer-encoding: base64\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-transfer-encoding: 8bit\r\ncontent-transfer-encoding: 8bit\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-type: Multipart/mixed; boundary=b\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-length: 03\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-length: +3\r\n",
        "content-disposition: form-data; name=\"a\"\r\ncontent-length: 3\r\ncontent-length: 3\r\n",
    ] {
        assert!(head(bad).is_err(), "{bad:?}");
    }
    for bad in [
        // written in quotes, the backslash takes one of them away, and a second model stands there
        r#"name=file\; filename="; name=model; x=""#,
        r#"name="file"; filename*="x; name=model""#,
        r#"name="file"; filename=x\; filename*=utf-8''; name=model"#,
        r#"name="file"; filename="x\\""#,
        r#"name="file"; filename="x\\\"; name=\"model""#,
        r#"name="file"; filename="x\\"; filename*=utf-8''x"#,
        r#"name="file"; filename*=utf-8''x\"#,
        r#"name="file"; filename*="utf-8''x""#,
        r#"name="file"; filename*=utf-8''x'y"#,
        r#"name="file"; filename*=x"#,
        r#"name="file"; filename*=''x"#,
        r#"name="file"; filename*=utf-8''a,b"#,
        // names that are decoded, trimmed or cut by some
        r#"name="mod\el""#,
        r#"name="\model""#,
        r#"name="model\\""#,
        r#"name="/model""#,
        r#"name="mod%65l""#,
        r#"name=" model""#,
        r#"name="model ""#,
        r#"name="model;""#,
        r#"name=<model>"#,
        r#"name='model'"#,
        r#"name="modél""#,
        "name=\"\"",
        "name=\"a\";\tfilename=\"x; name=model;\"",
        // a field, to some
        "name=\"model\"; filename=\"\"",
        r#"name="model"; filename="/""#,
        r#"name="model"; filename=/x"#,
    ] {
        assert!(head(&format!("content-disposition: form-data; {bad}\r\n")).is_err(), "{bad}");
    }
    assert!(Head::parse(b"content-disposition: form-data; name=\"\xff\"\r\n").is_err());
}

/// The name and the filename that another reader finds: it goes from quote to quote, past escapes or not, takes the last of
/// several, and lets anything stand where it expects nothing.
fn read_by_another(lines: &str, escapes: bool) -> (String, String) {
    let (mut name, mut filename) = (String::new(), String::new());
    let line = lines.split("\r\n").next().unwrap_or_default();
    let mut chars = line.strip_prefix("content-disposition: ").unwrap().chars();
    let (mut parameter, mut value, mut in_value, mut quoted) = (String::new(), String::new(), false, false);
    loop {
        let next = chars.next();
        match next {
            Some('\\') if quoted && escapes => value.extend(chars.next()),
            Some('"') => quoted = !quoted,
            Some('=') if !in_value && !quoted => in_value = true,
            None | Some(';') if !quoted || next.is_none() => {
                match parameter.trim() {
                    "name" => name = value.trim().to_owned(),
                    "filename" => filename = value.trim().to_owned(),
                    _ => {}
                }
                (parameter, value, in_value) = (String::new(), String::new(), false);
            }
            Some(other) if in_value => value.push(other),
            Some(other) => parameter.push(other),
            None => {}
        }
        if next.is_none() {
            return (name, filename);
        }
    }
}

/// Pieces of which dispositions are made that mislead.
fn misleading() -> impl Strategy<Value = String> {
    let pieces = [
        "name=",
        "filename=",
        "filename*=",
        "utf-8''",
        "model",
        "file",
        "x",
        "\"",
        "\"",
        "\\",
        "; ",
        "; ",
        ";",
        " ",
        "=",
        "'",
        "%22",
        "/",
        "a.wav",
        "é",
        "\t",
        "[]",
        ",",
    ];
    let free = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..14).prop_map(|pieces| pieces.concat());
    let text =
        || prop::collection::vec(prop::sample::select(pieces[3..].to_vec()), 0..6).prop_map(|text| text.concat());
    let shaped = (text(), text(), any::<(bool, bool)>()).prop_map(|(name, filename, quotes)| {
        let value = |text: String, quoted: bool| if quoted { format!("\"{text}\"") } else { text };
        format!("name={}; filename={}", value(name, quotes.0), value(filename, quotes.1))
    });
    prop_oneof![free, shaped]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn what_is_written_is_read_by_others_as_it_was_read_here(said in misleading()) {
        let Ok(head) = head(&format!("content-disposition: form-data; {said}\r\n")) else { return Ok(()) };
        let lines = String::from_utf8(head.lines.to_vec()).unwrap();
        let plain = read_by_another(&lines, false);
        let escaped = read_by_another(&lines, true);
        prop_assert_eq!((&plain.0, &escaped.0), (&head.name, &head.name), "{}", lines);
        // an escape within a filename is a letter of it, or not
        prop_assert_eq!(plain.1.replace('\\', ""), escaped.1.replace('\\', ""), "{}", lines);
        prop_assert!(head.file == (!plain.1.is_empty() || head.name == "file"), "{}", lines);
        if head.plain {
            // what passes as it came is read the same
            let came = format!("content-disposition: form-data; {said}");
            prop_assert_eq!(read_by_another(&came, false), plain);
            prop_assert_eq!(read_by_another(&came, true), escaped);
        }
        // and what was written is read here as what it was written of
        let again = Head::parse(&head.lines).unwrap();
        prop_assert_eq!((&again.lines, again.plain, again.name), (&head.lines, true, head.name));
    }
}
