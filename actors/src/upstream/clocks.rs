//! awc's clocks, which are made and never run.
//!
//! For every call awc makes a codec, and with it a task that notes the time each half second, for the `date` of a server's
//! answers. A client sends none. But the task's first tick armed a timer that came before all others, so that tokio woke
//! itself from its next wait: a write to its eventfd and a turn of the worker's loop for each call, for nothing. awc lets
//! nobody give the codec a clock that is there already. So a call is polled within a set of tasks that nobody runs: its
//! clock stands still, and ends with the set.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;

use tokio::task::LocalSet;

/// Calls whose clocks one set takes. An ended call's clock takes its 300 bytes until the set is done; a new set costs as
/// much as two clocks.
const CALLS: u32 = 64;

/// Where the calls of a worker leave their clocks. Whatever else a call would start stands still as well: it starts nothing
/// (awc closes a plain connection by dropping it, and to awc each of ours is plain).
#[derive(Default)]
pub(super) struct Clocks {
    set: RefCell<Rc<LocalSet>>,
    calls: Cell<u32>,
}

impl Clocks {
    /// Runs a call, without what it starts.
    pub(super) fn stopped<F: Future>(&self, mut call: Pin<&mut F>) -> impl Future<Output = F::Output> {
        let set = self.set_for_one_more();
        poll_fn(move |cx| {
            let _entered = set.enter();
            call.as_mut().poll(cx)
        })
    }

    fn set_for_one_more(&self) -> Rc<LocalSet> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() > CALLS {
            self.calls.set(1);
            // calls that still wait for their head keep the old one
            self.set.take();
        }
        Rc::clone(&self.set.borrow())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    /// Starts a task that shares `alive`, and tells in `ran` that it runs.
    fn start(alive: &Rc<()>, ran: &Rc<Cell<bool>>) {
        let (alive, ran) = (Rc::clone(alive), Rc::clone(ran));
        actix_rt::spawn(async move {
            ran.set(true);
            std::future::pending::<()>().await;
            drop(alive);
        });
    }

    #[actix_rt::test]
    async fn what_a_call_starts_never_runs_and_ends_with_its_set() {
        let (clocks, alive, ran) = (Clocks::default(), Rc::new(()), Rc::new(Cell::new(false)));
        for _ in 0..CALLS {
            clocks.stopped(pin!(async { start(&alive, &ran) })).await;
        }
        tokio::task::yield_now().await;
        assert_eq!((ran.get(), Rc::strong_count(&alive)), (false, 1 + CALLS as usize));
        clocks.stopped(pin!(async {})).await;
        assert_eq!(Rc::strong_count(&alive), 1, "a new set has begun");
    }

    #[actix_rt::test]
    async fn what_is_started_beside_a_call_runs() {
        let (clocks, alive, ran) = (Clocks::default(), Rc::new(()), Rc::new(Cell::new(false)));
        clocks.stopped(pin!(tokio::task::yield_now())).await;
        start(&alive, &ran);
        let waiting = pin!(async {
            while !ran.get() {
                tokio::task::yield_now().await;
            }
        });
        clocks.stopped(waiting).await;
    }
}
