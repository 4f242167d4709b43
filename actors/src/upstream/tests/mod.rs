//! Against scripted raw upstreams.
