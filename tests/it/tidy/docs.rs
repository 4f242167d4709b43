//! The rule for doc comments: everything public has one, in private modules too, where the compiler asks for none.

use syn::visit::{self, Visit};

use super::code;
use super::tree::Source;

/// Public items outside tests that nothing is said of.
pub fn undocumented(source: &Source) -> Vec<String> {
    if source.test || !source.text.contains("pub ") {
        return vec![];
    }
    let mut silent = Silent::default();
    silent.visit_file(&code::parse(source));
    silent.0
}

#[derive(Default)]
struct Silent(Vec<String>);

impl Silent {
    fn look(&mut self, vis: &syn::Visibility, attributes: &[syn::Attribute], ident: &syn::Ident) {
        let documented = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
        if matches!(vis, syn::Visibility::Public(_)) && !documented {
            self.0.push(format!("{}: {ident}", ident.span().start().line));
        }
    }
}

impl<'ast> Visit<'ast> for Silent {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if code::is_test_item(item) {
            return;
        }
        match item {
            syn::Item::Fn(item) => self.look(&item.vis, &item.attrs, &item.sig.ident),
            syn::Item::Struct(item) => self.look(&item.vis, &item.attrs, &item.ident),
            syn::Item::Enum(item) => self.look(&item.vis, &item.attrs, &item.ident),
            syn::Item::Trait(item) => self.look(&item.vis, &item.attrs, &item.ident),
            syn::Item::Type(item) => self.look(&item.vis, &item.attrs, &item.ident),
            syn::Item::Const(item) => self.look(&item.vis, &item.attrs, &item.ident),
            syn::Item::Static(item) => self.look(&item.vis, &item.attrs, &item.ident),
            // a file of its own says at its top what it is for, another name what it is another name of
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.look(&item.vis, &item.attrs, &item.sig.ident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_and_silent_is_found() {
        let found = |text: &str| undocumented(&Source::new("src/x.rs", text));
        for bad in [
            "pub fn f() {}",
            "pub struct S;",
            "#[inline]\npub const C: u8 = 1;",
            "impl S { pub fn f() {} }",
            "mod m { pub fn f() {} }",
        ] {
            assert_eq!(found(bad).len(), 1, "{bad}");
        }
        for good in [
            "/// Says.\npub fn f() {}",
            "fn f() {}",
            "pub(crate) struct S;",
            "impl T for S { fn f() {} }",
            "#[cfg(test)]\nmod tests { pub fn f() {} }",
            "pub use a::b;",
        ] {
            assert_eq!(found(good), [""; 0], "{good}");
        }
    }
}
