//! The work of one request handler.

use std::rc::Rc;

use crate::desk::Desk;
use crate::exchange::Exchange;
use crate::hold::Hold;
use crate::plan::Plan;

/// What one exchange needs until it is answered.
pub(crate) struct Job {
    pub exchange: Box<Exchange>,
    pub plan: Plan,
    pub desk: Rc<Desk>,
    pub hold: Hold,
}
