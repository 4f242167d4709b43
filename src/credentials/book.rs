//! Which credentials there are: one for each source, so that deployments with the same account share its token, and keep
//! it over a reload.

use std::sync::{Arc, Weak};

use millrace_actors::credential::Credential;
use parking_lot::Mutex;

use super::Source;

/// The book. Read when a configuration is put in force, never on the path of a request.
#[derive(Default)]
pub struct Book(Mutex<Vec<(Source, Weak<Credential>)>>);

impl Book {
    /// The credential of a source: the one that is in use, or else a new one.
    pub fn credential(&self, source: &Source) -> Arc<Credential> {
        let mut known = self.0.lock();
        known.retain(|(_, credential)| credential.strong_count() > 0);
        let found = known.iter().find(|(other, _)| other == source).and_then(|(_, credential)| credential.upgrade());
        found.unwrap_or_else(|| {
            let credential = Arc::new(Credential::new(Box::new(source.clone())));
            known.push((source.clone(), Arc::downgrade(&credential)));
            credential
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::{Address, Google};

    #[test]
    fn equal_sources_are_one_credential_while_it_is_in_use() {
        let source = |host: &str| Source::Google(Google::Metadata(Address::parse(host).unwrap()));
        let book = Book::default();
        let first = book.credential(&source("http://127.0.0.1:1"));
        assert!(Arc::ptr_eq(&first, &book.credential(&source("http://127.0.0.1:1"))));
        assert!(!Arc::ptr_eq(&first, &book.credential(&source("http://127.0.0.1:2"))));
        drop(first);
        book.credential(&source("http://127.0.0.1:3"));
        assert_eq!(book.0.lock().len(), 1, "what nobody uses is forgotten");
    }
}
