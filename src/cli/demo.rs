//! `millrace demo`: the mock provider and a gateway in front of it, in this one process, with commands to paste.

mod probe;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use millrace_actors::secret::Secret;
use millrace_lab::mock::{MockConfig, MockServer};
use millrace_lab::say::say;

use super::serve::{ServeError, new_key, start};
use crate::callbacks;
use crate::config::{self, Config, ProcessEnv};
use crate::logging;

/// Options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Send one request of each kind through, print what came back, and exit 0 or 1.
    #[arg(long)]
    pub check: bool,
    /// The gateway's port; 0 takes a free one.
    #[arg(long, short, default_value_t = 4000, value_name = "PORT")]
    pub port: u16,
}

/// The model group of the demo.
const MODEL: &str = "gpt-demo";

/// Runs the demo until ^C, or its check.
pub fn run(args: &DemoArgs) -> ExitCode {
    logging::init(false, log::LevelFilter::Warn);
    let system = actix_rt::System::new();
    match system.block_on(demo(args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("millrace: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(args: &DemoArgs) -> Result<bool, ServeError> {
    let mock = MockServer::start(MockConfig::default())?;
    let key = new_key()?;
    let mut config = configure(&mock.base_url())?;
    config.general.master_key = Some(Secret::new(key.clone()));
    config.millrace.port = args.port;
    // the demo's streams are short; nobody who presses ^C wants to wait ten minutes for them
    config.millrace.shutdown_grace = Duration::from_secs(2);
    let bound = start(config, None)?;
    let Some(address) = bound.addresses.first().copied() else { return Ok(false) };
    let stop = bound.stop.clone();
    let running = actix_rt::spawn(bound.run());
    let fine = match args.check {
        true => {
            let fine = probe::check(address, &key, MODEL).await;
            stop.notify_one();
            fine
        }
        false => {
            invite(address, &key, &mock.base_url());
            true
        }
    };
    running.await.map_err(std::io::Error::other)??;
    Ok(fine)
}

/// The same configuration a user would write, through the same reader.
fn configure(provider: &str) -> Result<Config, ServeError> {
    let text = format!(
        "model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n      \
         api_base: {provider}\n      api_key: sk-demo-provider-key\n      \
         input_cost_per_token: 2.5e-06\n      output_cost_per_token: 1.0e-05\n"
    );
    config::load_text("demo.yaml".as_ref(), &text, &ProcessEnv, &callbacks::validate).map_err(ServeError::Config)
}

fn invite(address: SocketAddr, key: &str, provider: &str) {
    let base = format!("http://{address}");
    say(&format!(
        "Millrace is running at {base}, in front of a mock provider at {provider}.
The master key of this run: {key}

A whole answer:
  curl {base}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
    -d '{{\"model\": \"{MODEL}\", \"messages\": [{{\"role\": \"user\", \"content\": \"hi\"}}]}}'

A stream:
  curl -N {base}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
    -d '{{\"model\": \"{MODEL}\", \"stream\": true, \"messages\": [{{\"role\": \"user\", \"content\": \"hi\"}}]}}'

Both in Python (pip install openai):
  from openai import OpenAI
  client = OpenAI(base_url=\"{base}/v1\", api_key=\"{key}\")
  messages = [{{\"role\": \"user\", \"content\": \"hi\"}}]
  print(client.chat.completions.create(model=\"{MODEL}\", messages=messages).choices[0].message.content)
  for chunk in client.chat.completions.create(model=\"{MODEL}\", messages=messages, stream=True):
      print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)

Metrics:   curl {base}/metrics -H 'Authorization: Bearer {key}'
Callbacks: curl {base}/callbacks -H 'Authorization: Bearer {key}'
^C ends it.
"
    ));
}
