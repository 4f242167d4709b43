//! What the system says about processes and about itself.

pub mod affinity;
pub mod cpu;
pub mod machine;
pub mod memory;
pub mod proc;
