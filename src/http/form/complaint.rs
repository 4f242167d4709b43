//! What is wrong with a form, as a fault.

use millrace_actors::fault::Fault;
use millrace_actors::wire::form::broken::Broken;

/// A complaint about the form.
pub fn bad(message: String, param: Option<&str>) -> Fault {
    Fault::BadRequest { message, param: param.map(str::to_owned) }
}

/// A complaint of who takes it apart.
pub fn broken(why: Broken) -> Fault {
    bad(format!("The form cannot be read: {why}."), None)
}
