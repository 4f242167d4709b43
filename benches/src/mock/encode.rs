//! Content-encodings that nobody asked for: right, wrong, cut, and a bomb.

use super::{body::Body, choices::Encoding, job::NUMBER_MARK};
use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};

/// What a bomb unpacks to, in mebibytes: enough to break a limit of 32 MiB, small enough to prepare in no time.
const BOMB_MIB: usize = 64;

/// Encodes a body. The parts become one, as a compressor without flush would make it.
pub fn encode(encoding: Encoding, body: Body) -> Body {
    let plain = body.parts.concat();
    let parts = match encoding {
        Encoding::Plain => return body,
        Encoding::Gzip => vec![gzip(&numbered(plain))],
        Encoding::BadGzip => vec![[b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" as &[u8], &[0xFE; 64]].concat()],
        Encoding::CutGzip => {
            let mut whole = gzip(&numbered(plain));
            whole.truncate(whole.len() / 2);
            vec![whole]
        }
        Encoding::Bomb => vec![bomb()],
    };
    Body { parts, ..body }
}

/// The number of the answer cannot be written into compressed bytes: zero stands there for good.
fn numbered(plain: Vec<u8>) -> Vec<u8> {
    String::from_utf8_lossy(&plain).replace(NUMBER_MARK, &"0".repeat(NUMBER_MARK.len())).into_bytes()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    pack(|encoder| encoder.write_all(plain))
}

fn bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    pack(|encoder| (0..BOMB_MIB).try_for_each(|_| encoder.write_all(&zeros)))
}

fn pack(fill: impl FnOnce(&mut GzEncoder<Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail; an empty body would at once be noticed by whoever asked for gzip.
    fill(&mut encoder).and_then(|()| encoder.finish()).unwrap_or_default()
}
