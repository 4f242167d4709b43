//! The binary: parse, run, exit. Everything else is in the library, where tests reach it.

use std::process::ExitCode;

/// The allocator: measured against the system's, it halves what many small, short-lived buffers cost, and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    millrace::cli::main()
}
