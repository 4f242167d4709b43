# Shortcuts; each is a command one could type. `just` alone lists them.

_list:
    @just --list --unsorted

# a mock provider and the gateway in front of it, with commands to paste
demo:
    cargo run --release -- demo

# the tests
test:
    cargo test --workspace

# formatting, lints, documents: what takes seconds once built
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# everything that must hold before a change is taken
ci:
    .ci/run

# measures this gateway, and others named in the options, with the lab's load generator
bench *options:
    cargo run --release -- bench {{ options }}

# micro benchmarks of the wire vocabulary
micro *options:
    cargo bench -p millrace-actors {{ options }}

# micro benchmarks of translation, pair by pair
micro-dialects *options:
    cargo bench --bench dialects {{ options }}

# a fuzz target (envelope, form, frames, looks, restamp, sse, vectors; of the dialects: stream, whole, shapes, request) for some seconds; needs cargo-fuzz and a C++ compiler, and unstable compiler flags, hence the switch
fuzz target seconds="60":
    RUSTC_BOOTSTRAP=1 cargo fuzz run {{ target }} -- -max_total_time={{ seconds }}

# the tables that are written by the program, again
tables:
    cargo run -- check --defaults > examples/defaults.md
    cargo run -- check --schema > config.schema.json
