//! Pictures and sound of an answer in base64, the same every time.

use super::behaviour::Behaviour;
use base64::{Engine, engine::general_purpose::STANDARD};

/// The pictures of one choice: the signature of a PNG each, and its number.
pub fn pictures(behaviour: &Behaviour) -> Vec<String> {
    (0..behaviour.pictures).map(|n| STANDARD.encode(format!("\u{89}PNG\r\n\u{1a}\nmock {n}"))).collect()
}

/// The pieces of one choice's sound, encoded each for itself: of lengths that leave every rest of three.
pub fn sound_pieces(behaviour: &Behaviour) -> Vec<String> {
    (0..behaviour.sound).map(|n| STANDARD.encode(samples(n))).collect()
}

/// The whole sound of one choice.
pub fn sound(behaviour: &Behaviour) -> String {
    STANDARD.encode((0..behaviour.sound).flat_map(samples).collect::<Vec<u8>>())
}

fn samples(n: u32) -> Vec<u8> {
    (0..4 + n % 3).map(|i| (n * 7 + i) as u8).collect()
}
