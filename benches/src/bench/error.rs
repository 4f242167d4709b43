//! What can go wrong in a benchmark itself, as opposed to in an answer that it judges (that is [`super::check::Fault`]).

use std::path::PathBuf;

/// Why a benchmark could not be run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option, or a pair of options, that makes no sense.
    #[error("{option}: {problem}; {remedy}")]
    Option {
        /// The option as it is written on the command line.
        option: &'static str,
        /// What is wrong with the value.
        problem: String,
        /// What to write instead.
        remedy: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A child process could not be started.
    #[error("cannot start the {role} (`{command}`): {source}; is the program installed and on the PATH?")]
    Spawn {
        /// Which part the child was to play.
        role: String,
        /// The program that was to be run, without its arguments.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A child process ended, or did not answer, before it was ready.
    #[error("the {role} is not there: {problem}; the end of its output:\n{tail}")]
    NotReady {
        /// Which part the child plays.
        role: String,
        /// It ended, or it did not answer in time.
        problem: String,
        /// The last lines of its output.
        tail: String,
    },
    /// The provider itself, asked without a gateway, gave no right answer.
    #[error("the provider itself fails in the phase {phase}: {fault}; if it is not our mock, add --any-provider")]
    Provider {
        /// The phase's name.
        phase: &'static str,
        /// What was wrong with its answer.
        fault: super::check::Fault,
    },
    /// The gateway did not do what its admin API was asked.
    #[error("{gateway} refused to switch its fast paths {wanted}: {problem}; is the key its master key?")]
    Admin {
        /// The target's name.
        gateway: String,
        /// `on` or `off`.
        wanted: &'static str,
        /// What it answered.
        problem: String,
    },
    /// The system refused something else (threads, signals, processor sets).
    #[error("cannot {action}: {source}")]
    System {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A signal asked for the end.
    #[error("interrupted: every process that this run started has been stopped")]
    Interrupted,
    /// A thread of the load generator died: a bug of the benchmark, never of the target.
    #[error("a load thread panicked: this is a bug of the benchmark, its numbers are void")]
    LoadThread,
}

impl Error {
    /// A file error in one line at the call.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { action, path: path.into(), source }
    }

    /// An option error in one line at the call.
    pub(crate) fn option(option: &'static str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Option { option, problem: problem.into(), remedy: remedy.into() }
    }
}
