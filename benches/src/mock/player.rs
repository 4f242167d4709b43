//! Plays a wire on a socket: bytes, pauses, slices, and the end.

use super::{
    behaviour::Behaviour,
    socket::{Gone, Socket},
    wire::{End, Flood, Wire},
};
use std::time::Duration;

/// How long a lingering close waits for the client to close too; nginx has 5 s as well (`lingering_timeout`).
const LINGER: Duration = Duration::from_secs(5);

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was played in full.
    Finished,
    /// The mock ended it early, as it was told to.
    Cut,
    /// The client left before.
    Cancelled,
}

/// Whether the connection can have another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It can.
    Keep,
    /// It is over.
    Close,
}

/// Writes the bytes of a wire (with its number in them) and all pauses.
///
/// # Errors
/// The client has left.
pub async fn play(socket: &mut Socket, wire: &Wire, bytes: &[u8], behaviour: &Behaviour) -> Result<(), Gone> {
    let mut at = 0;
    for &(offset, pause) in &wire.pauses {
        write_from(socket, wire, &bytes[..offset], at, behaviour).await?;
        at = offset;
        socket.pause(pause).await?;
    }
    write_from(socket, wire, bytes, at, behaviour).await
}

/// Slices after which the peer is waited for: enough to be read apart, few enough for a byte at a time to stay quick.
const APART: usize = 24;

/// Writes `bytes[at..]`: the head at its rate, the rest in slices.
async fn write_from(
    socket: &mut Socket,
    wire: &Wire,
    bytes: &[u8],
    mut at: usize,
    behaviour: &Behaviour,
) -> Result<(), Gone> {
    let head_end = wire.head_len.min(bytes.len());
    if behaviour.head_rate > 0 && at < head_end {
        dribble(socket, &bytes[at..head_end], behaviour.head_rate).await?;
        at = head_end;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    if behaviour.slice == 0 {
        return socket.write(rest).await;
    }
    let slices = rest.chunks(behaviour.slice);
    let every = slices.len().div_ceil(APART);
    for (n, slice) in slices.enumerate() {
        socket.write(slice).await?;
        // A peer that is not let run reads many slices as one, and what they are for goes untried.
        match n % every {
            0 => socket.pause(Duration::from_millis(1)).await?,
            _ => tokio::task::yield_now().await,
        }
    }
    Ok(())
}

async fn dribble(socket: &mut Socket, bytes: &[u8], rate: u32) -> Result<(), Gone> {
    let step = (rate as usize / 100).max(1);
    for piece in bytes.chunks(step) {
        socket.write(piece).await?;
        socket.pause(Duration::from_secs_f64(step as f64 / f64::from(rate))).await?;
    }
    Ok(())
}

/// Plays the end of a wire whose bytes are out.
pub async fn end(socket: &mut Socket, wire: &Wire) -> (Outcome, Flow) {
    let outcome = if wire.complete { Outcome::Finished } else { Outcome::Cut };
    match &wire.end {
        End::Keep => (outcome, Flow::Keep),
        End::Close => (outcome, Flow::Close),
        End::Linger => (outcome, Flow::Close),
        End::Reset => {
            socket.reset_on_drop();
            (outcome, Flow::Close)
        }
        End::Hang => {
            socket.gone().await;
            (Outcome::Cancelled, Flow::Close)
        }
        End::Flood(flood) => match pour(socket, flood).await {
            Ok(()) => (Outcome::Finished, Flow::Keep),
            Err(Gone) => (Outcome::Cancelled, Flow::Close),
        },
    }
}

/// The last rites of a connection that [`end`] has given up: only after the answer is counted, as it may take seconds.
/// Whether the client closed it in that time. What it still sends is read at the rate of the behaviour.
pub async fn last_rites(socket: &mut Socket, wire: &Wire, behaviour: &Behaviour) -> bool {
    !matches!(wire.end, End::Linger) || socket.linger(LINGER, behaviour.read_rate).await
}

async fn pour(socket: &mut Socket, flood: &Flood) -> Result<(), Gone> {
    let mut left = flood.times;
    while left > 0 {
        if !flood.pause.is_zero() {
            socket.pause(flood.pause).await?;
        }
        socket.write(&flood.filler).await?;
        // A write that never blocks would starve the other connections of this thread.
        tokio::task::yield_now().await;
        left = if left == u64::MAX { left } else { left - 1 };
    }
    socket.write(&flood.tail).await
}
