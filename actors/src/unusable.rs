//! A provider's answer that cannot be used, kept for who looks for the reason: in the debug log, without our credential and
//! bounded. The caller is told why and of which deployment, never what came.

use bytes::Bytes;

use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::wire::answer::CUT;

/// Bytes of it that are shown: enough for the shape of any answer, too few to fill a disk.
const SHOWN: usize = 2_048;

/// Logs the pieces of the answer that led to `fault`, if that is what it is about; hands the fault on.
pub(crate) fn noted(exchange: &Exchange, raw: &[Bytes], fault: Fault) -> Fault {
    if let (Fault::InvalidAnswer { cause }, Some(deployment)) = (&fault, &exchange.progress.deployment)
        && log::log_enabled!(log::Level::Debug)
    {
        let (call_id, id) = (&exchange.asked.call_id, &deployment.id);
        let (cause, answer) = (deployment.redact(cause), deployment.redact(&beginning(raw)));
        log::debug!("answer not usable call_id={call_id} deployment={id:?} cause={cause:?} answer={answer:?}");
    }
    fault
}

/// The first [`SHOWN`] bytes, and [`CUT`] where there are more: a credential may lie across the cut.
fn beginning(raw: &[Bytes]) -> String {
    let mut bytes = Vec::with_capacity(SHOWN);
    for piece in raw {
        bytes.extend_from_slice(&piece[..piece.len().min(SHOWN - bytes.len())]);
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if raw.iter().map(Bytes::len).sum::<usize>() > SHOWN {
        text.push(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_bounded_and_says_where_it_was_cut() {
        let piece = |n: usize| Bytes::from(vec![b'a'; n]);
        assert_eq!(beginning(&[piece(2), piece(3)]), "aaaaa");
        assert_eq!(beginning(&[piece(2_048)]).len(), 2_048);
        let cut = beginning(&[piece(2_000), piece(2_000), piece(9)]);
        assert_eq!((cut.chars().count(), cut.chars().last()), (2_049, Some(CUT)));
    }
}
