//! A gateway with callbacks of the test's own, for hooks that no built-in kind has.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use millrace::boot::boot;
use millrace::boot::server::bind;
use millrace::keeper::source::ConfigSource;
use millrace_actors::ports::{Callback, CallbackFactory, CallbackSpec, ParamError};
use millrace_lab::mock::MockServer;

use super::{Gateway, PROVIDER_KEY};

/// The test's callbacks by name; what has another name is made as ever.
struct Own {
    named: HashMap<String, Arc<dyn Callback>>,
    built_in: Arc<dyn CallbackFactory>,
}

impl CallbackFactory for Own {
    fn make(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        match self.named.get(&spec.name) {
            Some(own) => Ok(Arc::clone(own)),
            None => self.built_in.make(spec),
        }
    }

    fn make_for_admin(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        self.built_in.make_for_admin(spec)
    }

    fn configured(&self, specs: &[CallbackSpec]) {
        self.built_in.configured(specs);
    }
}

/// A gateway before `mock` whose callbacks are `own`, in this order; `more` as in [`Gateway::with`], without callbacks.
pub fn with_own(mock: &MockServer, own: &[(&str, Arc<dyn Callback>)], more: &str) -> Gateway {
    let names: Vec<_> = own.iter().map(|(name, _)| *name).collect();
    let mut text = format!(
        "model_list:\n  - model_name: \"*\"\n    litellm_params: {{model: \"openai/*\", api_base: \"{}\", api_key: {PROVIDER_KEY}}}\n\
         litellm_settings: {{callbacks: [{}]}}\ncallback_settings:\n",
        mock.base_url(),
        names.join(", ")
    );
    for name in &names {
        // the configuration knows built-in kinds only; the factory goes by the name
        writeln!(text, "  {name}: {{callback: noop}}").expect("room");
    }
    let named = own.iter().map(|(name, own)| ((*name).to_owned(), Arc::clone(own))).collect();
    Gateway::bound_by(&format!("{text}{more}"), move |config, path| {
        let mut source = ConfigSource::new(Some(path), &config);
        source.factory = Arc::new(Own { named, built_in: source.factory });
        let parts = boot(&config, Arc::new(source)).unwrap_or_else(|e| panic!("{e}"));
        bind(parts, &config.millrace).expect("an address")
    })
}
