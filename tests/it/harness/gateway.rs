//! A gateway of one's own: the real server, on a thread of its own, on a free port, stopped when dropped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use millrace::boot::server::Bound;
use millrace::callbacks;
use millrace::cli::serve;
use millrace::config::{self, Config, ProcessEnv};
use millrace_lab::mock::MockServer;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Answer, Client, eventually, records};

/// The master key of every test's gateway.
pub const KEY: &str = "sk-test-0123456789abcdef-master";

/// The provider credential that must never be seen anywhere but upstream.
pub const PROVIDER_KEY: &str = "sk-canary-provider-credential-4711";

/// A running gateway.
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its data folder and its configuration file, both its own.
    pub folder: tempfile::TempDir,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Gateway {
    /// In front of one mock, which serves every model under its own name.
    pub fn before(mock: &MockServer) -> Self {
        Self::with(mock, "")
    }

    /// The same, with more sections of configuration. `millrace:` settings go under `more` too; host, port, and data
    /// folder are set here.
    pub fn with(mock: &MockServer, more: &str) -> Self {
        let model = format!(
            "model_list:\n  - model_name: \"*\"\n    litellm_params: {{model: \"openai/*\", api_base: \"{}\", api_key: {PROVIDER_KEY}}}\n",
            mock.base_url()
        );
        Self::from_yaml(&format!("{model}{more}"))
    }

    /// From a whole configuration, less the master key, which is set here unless the text sets one.
    pub fn from_yaml(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        let text = match text.contains("general_settings:") {
            true => text.to_owned(),
            false => format!("{text}\ngeneral_settings: {{master_key: {KEY}}}\n"),
        };
        std::fs::write(&path, text).expect("a file");
        Self::from_file(folder, path, |config, path| serve::start(config, Some(path)).unwrap_or_else(|e| panic!("{e}")))
    }

    /// From a whole configuration, bound by other means than `serve`'s: with callbacks of the test's own, say.
    pub fn bound_by(text: &str, bind: impl FnOnce(Config, PathBuf) -> Bound + Send + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, format!("{text}\ngeneral_settings: {{master_key: {KEY}}}\n")).expect("a file");
        Self::from_file(folder, path, bind)
    }

    fn from_file(
        folder: tempfile::TempDir,
        path: PathBuf,
        bind: impl FnOnce(Config, PathBuf) -> Bound + Send + 'static,
    ) -> Self {
        let (told, hears) = mpsc::channel();
        let data = folder.path().to_owned();
        let thread = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let mut config =
                    config::load(&path, &ProcessEnv, &callbacks::validate).unwrap_or_else(|r| panic!("{r}"));
                config.millrace.port = 0;
                config.millrace.host = std::net::Ipv4Addr::LOCALHOST.into();
                config.millrace.data_dir.get_or_insert(data);
                config.millrace.workers.get_or_insert(2);
                let bound = bind(config, path);
                told.send((bound.addresses[0], bound.stop.clone())).expect("a listener");
                bound.run().await.expect("a proper end");
            });
        });
        match hears.recv() {
            Ok((address, stop)) => Gateway { address, folder, stop, thread: Some(thread) },
            Err(_) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => unreachable!("the gateway ended before it began"),
            },
        }
    }

    /// A client with the master key.
    pub fn client(&self) -> Client {
        Client::new(self.address, KEY)
    }

    /// The configuration file, to be changed and reloaded.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.yaml")
    }

    /// Has the tables of tokens read, by whoever asks for `model` of a provider that does not count: that may take longer than
    /// anybody waits, and until then length decides. Tells how many exchanges that took.
    pub fn warm(&self, model: &str) -> usize {
        let mut asked = 0;
        // a token for each word
        eventually("a count by the encoding", || {
            asked += 1;
            self.tokens(model, "the cat sat on the mat and then it slept") == 10
        });
        asked
    }

    /// The tokens of a text, as counted for a provider that does not count.
    pub fn tokens(&self, model: &str, text: &str) -> u64 {
        let body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
        let answer = self.client().post("/v1/messages/count_tokens", &body).json();
        // six stand around one message and before the answer (OpenAI's cookbook)
        answer["input_tokens"].as_u64().and_then(|all| all.checked_sub(6)).unwrap_or_else(|| panic!("{answer}"))
    }

    /// One series of `/metrics`, by its name and labels as exposed; 0 if it is not there.
    pub fn metric(&self, series: &str) -> f64 {
        let text = self.client().get("/metrics").text();
        let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
    }

    /// The record of an answer, where the gateway's `records.jsonl` keeps them.
    #[track_caller]
    pub fn record(&self, answer: &Answer) -> Value {
        let id = answer.header("x-litellm-call-id").unwrap_or_else(|| panic!("{}", answer.text())).to_owned();
        let mut record = Value::Null;
        eventually("its record", || {
            let all = records(&self.folder.path().join("records.jsonl"));
            record = all.into_iter().find(|record| record["id"] == id.as_str()).unwrap_or_default();
            record.is_object()
        });
        record
    }

    /// Tells it to stop, as SIGTERM would, without waiting.
    pub fn begin_stop(&self) {
        self.stop.notify_one();
    }

    /// Stops it and waits for its end.
    pub fn stop(mut self) -> tempfile::TempDir {
        self.end();
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"))
    }

    fn end(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        match std::thread::panicking() {
            // a test that failed says so at once, not after the grace of what still runs
            true => self.stop.notify_one(),
            false => self.end(),
        }
    }
}
