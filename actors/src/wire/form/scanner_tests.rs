//! Tests of the scanner: every split of a form, forms made at random, and what is no form.

use proptest::prelude::*;

use super::*;

type Part = (String, Vec<u8>);

/// All parts of a form that comes in these pieces.
fn read<'a>(boundary: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Part>, Broken> {
    let mut scanner = Scanner::new(boundary);
    let (mut parts, mut over) = (Vec::<Part>::new(), false);
    for piece in pieces {
        scanner.feed(piece);
        while let Some(item) = scanner.item()? {
            assert!(!over, "something after the end");
            match item {
                Item::Part(head) => parts.push((head.name, Vec::new())),
                Item::Content(bytes) => {
                    assert!(!bytes.is_empty());
                    parts.last_mut().unwrap().1.extend_from_slice(&bytes);
                }
                Item::End => over = true,
            }
        }
        // a head at most waits
        assert!(scanner.untold().len() <= MAX_HEAD + piece.len());
    }
    scanner.finish()?;
    assert!(over);
    Ok(parts)
}

fn written(boundary: &str, parts: &[Part]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, content) in parts {
        form.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend(format!("--{boundary}--\r\n").into_bytes());
    form
}

#[test]
fn every_split_in_three_reads_the_same() {
    let parts: Vec<Part> =
        [("model", &b"m"[..]), ("empty", b""), ("file", b"\r\n--\r\r\n--b\r\n-\r x--bb -bb"), ("x", b"\r\n")]
            .map(|(name, content)| (name.to_owned(), content.to_vec()))
            .into();
    let form = [&b"preamble\r\n"[..], &written("bb", &parts)].concat();
    for first in 0..=form.len() {
        for second in (first..=form.len()).step_by(3) {
            let pieces = [&form[..first], &form[first..second], &form[second..]];
            assert_eq!(read("bb", pieces).as_ref(), Ok(&parts), "{first} {second}");
        }
    }
    assert_eq!(read("bb", form.chunks(1)), Ok(parts.clone()));
    // the last line's end may be missing, as it is with some clients
    assert_eq!(read("bb", [&form[..form.len() - 2]]), Ok(parts));
}

#[test]
fn a_part_may_tell_its_length_where_it_is_true() {
    for length in [0, 1, 5, 300] {
        let content = vec![b'x'; length];
        let form = written("b", &[(format!("a\"\r\ncontent-length: {length}\r\nContent-Type: \"x"), content.clone())]);
        assert_eq!(read("b", form.chunks(3)), Ok(vec![("a".to_owned(), content)]), "{length}");
    }
}

#[test]
fn every_cut_is_no_form() {
    let form = written("b", &[("a".to_owned(), b"content".to_vec())]);
    for end in 0..form.len() - 2 {
        assert!(read("b", [&form[..end]]).is_err(), "{end}");
    }
}

#[test]
fn what_is_no_form_is_refused() {
    let head = "content-disposition: form-data; name=\"a\"\r\n\r\n";
    let many = written("b", &vec![("a".to_owned(), vec![]); MAX_PARTS + 1]);
    for bad in [
        String::new(),
        "no form at all".to_owned(),
        "x".repeat(MAX_HEAD + 10),
        format!("--other\r\n{head}x\r\n--other--\r\n"),
        format!("--b\n{head}x\r\n--b--\r\n"),
        format!("--b \r\n{head}x\r\n--b--\r\n"),
        // an empty part, and then another, to some readers
        format!("--b\r\n{head}--b\r\n{head}x\r\n--b--\r\n"),
        format!("--b\r\n{head}x\n--b\r\n{head}x\r\n--b--\r\n"),
        format!("--b\r\n{head}x\r--b\r\n{head}x\r\n--b--\r\n"),
        format!("--b\r\n{head}\n--b\r\n{head}x\r\n--b--\r\n"),
        format!("--b\r\n{head}x\r\n--bc\r\n--b--\r\n"),
        format!("--b\r\n{head}x\r\n--b--\r\n--b\r\n{head}y\r\n--b--\r\n"),
        format!("--b\r\n{head}x\r\n--b--epilogue"),
        format!("--b\r\nx: {}\r\n{head}x\r\n--b--\r\n", "y".repeat(MAX_HEAD)),
        format!("--b\r\nx: {}", "y".repeat(2 * MAX_HEAD)),
        "--b\r\n\r\nx\r\n--b--\r\n".to_owned(),
        // a reader that counts finds the boundary elsewhere
        format!("--b\r\ncontent-length: 0\r\n{head}x\r\n--b--\r\n"),
        format!("--b\r\ncontent-length: 44\r\n{head}{}\r\n--b--\r\n", "x".repeat(43)),
        format!("--b\r\ncontent-length: 2\r\n{head}{}\r\n--b--\r\n", "x".repeat(43)),
        String::from_utf8(many).unwrap(),
    ] {
        assert!(read("b", bad.as_bytes().chunks(7)).is_err(), "{:?}", &bad[..bad.len().min(60)]);
        assert!(read("b", [bad.as_bytes()]).is_err(), "{:?}", &bad[..bad.len().min(60)]);
    }
}

#[test]
fn what_follows_a_head_is_there_as_it_came() {
    let mut scanner = Scanner::new("b");
    scanner.feed(b"--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nRIFF\r\n--b");
    assert!(matches!(scanner.item(), Ok(Some(Item::Part(head))) if head.file));
    assert_eq!(scanner.untold(), b"RIFF\r\n--b");
}

/// Bytes of which a delimiter of `-b` is made, and a few others.
fn content() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"\r\n-bx\0".to_vec()), 0..40)
}

proptest! {
    #[test]
    fn a_form_is_read_as_it_was_written(
        contents in prop::collection::vec(content(), 0..5),
        cuts in prop::collection::vec(1usize..30, 1..40),
    ) {
        let parts: Vec<Part> = contents.into_iter().enumerate().map(|(n, content)| (format!("f{n}"), content)).collect();
        prop_assume!(parts.iter().all(|(_, content)| {
            let line = [b"\r\n", content.as_slice(), b"\r\n"].concat();
            [&b"\n---b"[..], b"\r---b"].iter().all(|taken| memchr::memmem::find(&line, taken).is_none())
        }));
        let form = written("-b", &parts);
        let mut rest = form.as_slice();
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        prop_assert_eq!(read("-b", pieces), Ok(parts));
    }

    #[test]
    fn any_bytes_are_read_the_same_whatever_the_cuts(bytes in content(), cut in 0usize..80) {
        let form = [&b"--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n"[..], &bytes].concat();
        let cut = cut.min(form.len());
        prop_assert_eq!(read("b", [&form[..cut], &form[cut..]]), read("b", [form.as_slice()]));
    }
}
