//! Any bytes as a form: whatever the cuts, the same parts are told or the same is wrong, and no more is held than a head. What
//! is told, written again, is read back the same, by this reader and by one that looks for nothing but the boundary.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_actors::wire::form::broken::Broken;
use millrace_actors::wire::form::part::Head;
use millrace_actors::wire::form::scanner::{Item, Scanner};
use millrace_actors::wire::form::{boundary, closing, opening};

/// The longest head of a part, bytes.
const MAX_HEAD: usize = 16 << 10;

type Part = (Head, Vec<u8>);

fn read<'a>(boundary: &str, pieces: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Part>, Broken> {
    let (mut scanner, mut parts, mut over) = (Scanner::new(boundary), Vec::<Part>::new(), false);
    for piece in pieces {
        scanner.feed(piece);
        while let Some(item) = scanner.item()? {
            assert!(!over, "something behind the end");
            match item {
                Item::Part(head) => parts.push((head, Vec::new())),
                Item::Content(bytes) => {
                    assert!(!bytes.is_empty());
                    parts.last_mut().expect("a part").1.extend_from_slice(&bytes);
                }
                Item::End => over = true,
            }
        }
        // what waits is a head, or what may be the beginning of a delimiter: both with a line's ends around
        assert!(scanner.untold().len() <= MAX_HEAD + 4, "{} bytes wait", scanner.untold().len());
    }
    scanner.finish()?;
    assert!(over && parts.len() <= 64);
    Ok(parts)
}

/// The parts of a form that was written well: heads and contents. Heads are looked into by nobody else here.
fn cut<'a>(form: &'a [u8], boundary: &str) -> Vec<(&'a [u8], &'a [u8])> {
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|here| here == what);
    let (line, between) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    let (mut rest, mut parts) = (form.strip_prefix(line.as_bytes()).expect("a delimiter"), Vec::new());
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head = find(part, b"\r\n\r\n").expect("a head") + 2;
        let content = &part[head + 2..];
        let end = find(content, between.as_bytes()).expect("an end");
        parts.push((&part[..head], &content[..end]));
        rest = &content[end + between.len()..];
    }
    assert_eq!(rest, b"--\r\n");
    parts
}

/// A form around what comes: heads and delimiters are not to be guessed.
fn around(name: &[u8], content: &[u8], rest: &[u8]) -> Vec<u8> {
    let head = [&b"--b\r\nContent-Disposition: form-data; "[..], name, b"\r\n\r\n"].concat();
    [&head[..], content, b"\r\n", rest, b"\r\n--b--\r\n"].concat()
}

fuzz_target!(|input: (u16, bool, Vec<u8>, Vec<u8>, Vec<u8>)| {
    let (step, shaped, name, content, rest) = input;
    let form = if shaped { around(&name, &content, &rest) } else { content };
    let told = read("b", std::iter::once(form.as_slice()));
    assert_eq!(told, read("b", form.chunks(usize::from(step) + 1)));
    assert_eq!(told, read("b", form.chunks(1)));
    if let Ok(kind) = std::str::from_utf8(&name)
        && let Ok(named) = boundary::of(kind)
    {
        assert_eq!(boundary::of(&boundary::content_type(&named)), Ok(named));
    }
    let Ok(parts) = told else { return };
    if parts.is_empty() {
        return;
    }
    let mut again = Vec::new();
    for (head, content) in &parts {
        again.extend_from_slice(&opening(head, "b"));
        again.extend_from_slice(content);
        again.extend_from_slice(b"\r\n");
        assert!(head.length.is_none_or(|length| length == content.len() as u64));
    }
    again.extend_from_slice(&closing("b"));
    let found = cut(&again, "b");
    let want: Vec<_> = parts.iter().map(|(head, content)| (&head.lines[..], content.as_slice())).collect();
    assert_eq!(found, want);
    let back = read("b", std::iter::once(again.as_slice())).expect("what was told is a form");
    for ((told, content), (read, same)) in parts.iter().zip(&back) {
        assert_eq!((&told.name, told.file, &told.lines, content), (&read.name, read.file, &read.lines, same));
        assert!(read.plain);
    }
    assert_eq!(parts.len(), back.len());
});
