//! Pictures and sound as bytes in base64: what they are, where nobody tells, and how pieces are joined. Nothing is decoded but
//! where two pieces meet that end in the middle of a group of four.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What sound begins with, in base64, and its media type (RFC 4648 of the first bytes of each container).
const SOUNDS: [(&str, &str); 4] =
    [("UklGR", "audio/wav"), ("SUQz", "audio/mpeg"), ("ZkxhQ", "audio/flac"), ("T2dnU", "audio/ogg")];

/// What pictures begin with, in base64, and their media type.
const PICTURES: [(&str, &str); 4] =
    [("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("UklGR", "image/webp"), ("R0lGOD", "image/gif")];

/// Samples without a container, as OpenAI and Google both make them: 16 bits, little-endian, one channel, 24 kHz (OpenAI's
/// guide "Audio and speech", `pcm16`; Google's page "Speech generation").
pub const SAMPLES: &str = "audio/L16;codec=pcm;rate=24000";

/// The media type of sound that its provider does not name.
pub fn sound(data: &str) -> &'static str {
    // frames of MPEG audio, layer 3, have no container: FF, then FA, FB, F2 or F3
    let frame = data.strip_prefix("//").is_some_and(|rest| rest.starts_with(|c| "stuvopqrMNOPIJKL".contains(c)));
    known(&SOUNDS, data).unwrap_or(if frame { "audio/mpeg" } else { SAMPLES })
}

/// The media type of a picture that its provider does not name; a PNG where its bytes do not tell.
pub fn picture(data: &str) -> &'static str {
    known(&PICTURES, data).unwrap_or("image/png")
}

fn known(table: &[(&str, &'static str)], data: &str) -> Option<&'static str> {
    table.iter().find(|(start, _)| data.starts_with(start)).map(|(_, kind)| *kind)
}

/// Puts a piece behind what there is. Pieces are encoded each for itself, so a padded end is opened again.
pub fn join(known: &mut String, more: &str) {
    if !known.ends_with('=') || more.is_empty() {
        return known.push_str(more);
    }
    let end = known.len().saturating_sub(4);
    let bytes = known.get(end..).and_then(|end| STANDARD.decode(end).ok());
    match (bytes, STANDARD.decode(more)) {
        (Some(mut bytes), Ok(more)) => {
            bytes.extend(more);
            known.truncate(end);
            STANDARD.encode_string(bytes, known);
        }
        // no base64 of ours to mend
        _ => known.push_str(more),
    }
}

/// The media type and the data of a data URL in base64 (RFC 2397).
pub fn of_data_url(url: &str) -> Option<(&str, &str)> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some((kind.split(';').next().unwrap_or_default(), data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_bytes_they_are() {
        for cut in 0..=7 {
            for other in cut..=7 {
                let bytes = b"\x00soun\xffd";
                let mut joined = String::new();
                for piece in [&bytes[..cut], &bytes[cut..other], &bytes[other..]] {
                    join(&mut joined, &STANDARD.encode(piece));
                }
                assert_eq!(STANDARD.decode(&joined).unwrap(), bytes, "{cut} {other}");
            }
        }
        let mut odd = "a=".to_owned();
        join(&mut odd, "??");
        assert_eq!(odd, "a=??");
    }

    #[test]
    fn bytes_tell_what_they_are() {
        for (bytes, want) in
            [(&b"RIFF\0\0"[..], "audio/wav"), (b"ID3\x04", "audio/mpeg"), (b"\xff\xfb\x90", "audio/mpeg")]
        {
            assert_eq!(sound(&STANDARD.encode(bytes)), want);
        }
        assert_eq!((sound("AAAA"), picture("AAAA")), (SAMPLES, "image/png"));
        assert_eq!(picture(&STANDARD.encode(b"\xff\xd8\xff\xe0")), "image/jpeg");
        assert_eq!(of_data_url("data:image/png;x=y;base64,aGk="), Some(("image/png", "aGk=")));
        assert_eq!(of_data_url("https://a.example/x.png"), None);
    }
}
