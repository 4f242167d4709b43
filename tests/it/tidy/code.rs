//! Rules over Rust: functions, what gives up, what names a provider. Read with `syn`, so comments and strings are told
//! from code.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::tree::Source;

/// A function and its size.
pub struct Function {
    place: String,
    /// Its file and its name: what an exception calls it, wherever it stands.
    name: String,
    /// From `fn` to the closing brace.
    lines: usize,
    /// 0 where a trait dictates them.
    parameters: usize,
}

/// The longest a function may be.
const LONGEST: usize = 69;

/// The most parameters, `self` among them.
const PARAMETERS: usize = 5;

/// Every function of a file, tests too.
pub fn functions(source: &Source) -> Vec<Function> {
    let mut found = Functions { path: &source.path, dictated: false, found: vec![] };
    found.visit_file(&parse(source));
    found.found
}

struct Functions<'s> {
    path: &'s str,
    dictated: bool,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &syn::Signature, end: proc_macro2::Span) {
        let (from, to) = (signature.span().start().line, end.end().line);
        let place = format!("{}:{from} {}", self.path, signature.ident);
        let name = format!("{} {}", self.path, signature.ident);
        let parameters = if self.dictated { 0 } else { signature.inputs.len() };
        self.found.push(Function { place, name, lines: to + 1 - from, parameters });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // what a trait's function takes is the trait's to say, where it is declared
        let within = std::mem::replace(&mut self.dictated, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.dictated = within;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.add(&item.sig, item.span());
        visit::visit_trait_item_fn(self, item);
    }
}

/// A function that is too long.
pub fn too_long(function: &Function) -> Option<String> {
    (function.lines > LONGEST).then(|| format!("{}: more than {LONGEST} lines", function.name))
}

/// A function that takes too much.
pub fn too_many(function: &Function) -> Option<String> {
    (function.parameters > PARAMETERS).then(|| format!("{}: {} parameters", function.place, function.parameters))
}

/// What ends a process or steps around the compiler, outside tests. Clippy denies most of it; this holds where a lint was
/// allowed, too.
pub fn gives_up(source: &Source) -> Vec<String> {
    // reading a file as Rust costs a hundred times what a look for the words does
    const WORDS: [&str; 8] = ["unsafe", "unwrap", "expect", "panic!", "todo!", "unimplemented!", "dbg!", "panic !"];
    if source.test || !WORDS.iter().any(|word| source.text.contains(word)) {
        return vec![];
    }
    let mut found = vec![];
    walk(code(source), &mut |before, token, after| {
        let name = token.to_string();
        let called = after.is_some_and(|t| matches!(t, TokenTree::Group(_)));
        let method = matches!(before, Some(TokenTree::Punct(p)) if p.as_char() == '.') && called;
        let invoked = matches!(after, Some(TokenTree::Punct(p)) if p.as_char() == '!');
        let bad = match name.as_str() {
            "unsafe" => true,
            "unwrap" | "unwrap_err" => method,
            // with two arguments it is a method of ours
            "expect" | "expect_err" => method && !after.is_some_and(has_comma),
            "panic" | "todo" | "unimplemented" | "dbg" => invoked,
            _ => false,
        };
        if bad {
            found.push(format!("{}: {name}", token.span().start().line));
        }
    });
    found
}

fn has_comma(arguments: &TokenTree) -> bool {
    let TokenTree::Group(group) = arguments else { return false };
    group.stream().into_iter().any(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','))
}

/// `do_send` ignores a mailbox's bound: one file decides where that is right.
pub fn sends_unbounded(source: &Source) -> Vec<String> {
    if source.path == "actors/src/mailbox.rs" { vec![] } else { names(source, &["do_send"]) }
}

/// Identifiers that the file must not have outside tests.
pub fn names(source: &Source, forbidden: &[&str]) -> Vec<String> {
    if source.test || !forbidden.iter().any(|name| source.text.contains(name)) {
        return vec![];
    }
    let mut found = vec![];
    walk(code(source), &mut |_, token, _| {
        if let TokenTree::Ident(ident) = token
            && forbidden.iter().any(|name| ident == name)
        {
            found.push(format!("{}: {ident}", ident.span().start().line));
        }
    });
    found
}

/// Providers by name, in identifiers and in strings.
pub fn provider_names(source: &Source) -> Vec<String> {
    const PROVIDERS: [&str; 12] = [
        "openai",
        "anthropic",
        "gemini",
        "bedrock",
        "vertex",
        "azure",
        "mistral",
        "cohere",
        "groq",
        "ollama",
        "deepseek",
        "vllm",
    ];
    let words = source.text.to_lowercase();
    if source.test || !PROVIDERS.iter().any(|name| words.contains(name)) {
        return vec![];
    }
    let mut found = vec![];
    walk(code(source), &mut |_, token, _| {
        let text = token.to_string().to_lowercase();
        if let Some(name) = PROVIDERS.iter().find(|name| text.contains(**name))
            && !matches!(token, TokenTree::Group(_))
        {
            found.push(format!("names {name} in {text}"));
        }
    });
    found
}

/// The files of modules that a file declares for tests alone.
pub fn test_modules(source: &Source) -> Vec<String> {
    if !source.text.contains("#[cfg(test)]")
        || !source.text.lines().any(|line| line.contains("mod ") && line.ends_with(';'))
    {
        return vec![];
    }
    let (folder, name) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let below = match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    let modules = parse(source).items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() && is_test_item(&syn::Item::Mod(module.clone())) => {
            Some(module)
        }
        _ => None,
    });
    modules
        .map(|module| {
            path_of(&module).map_or_else(|| format!("{below}/{}", module.ident), |path| format!("{folder}/{path}"))
        })
        .collect()
}

/// The `#[path]` of a module, without its ending.
fn path_of(module: &syn::ItemMod) -> Option<String> {
    let attribute = module.attrs.iter().find(|attribute| attribute.path().is_ident("path"))?;
    match &attribute.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => {
            Some(text.value().trim_end_matches(".rs").to_owned())
        }
        _ => None,
    }
}

/// The tokens of a file, less what is for tests alone and less attributes, doc comments among them.
pub fn code(source: &Source) -> TokenStream {
    struct Strip;
    impl syn::visit_mut::VisitMut for Strip {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
            attributes.clear();
        }
        fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
            if let Some((_, items)) = &mut module.content {
                items.retain(|item| !is_test_item(item));
            }
            syn::visit_mut::visit_item_mod_mut(self, module);
        }
    }
    let mut file = parse(source);
    file.items.retain(|item| !is_test_item(item));
    syn::visit_mut::VisitMut::visit_file_mut(&mut Strip, &mut file);
    quote::ToTokens::into_token_stream(file)
}

/// Whether an item has `#[cfg(test)]` or `#[test]`.
pub fn is_test_item(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        let cfg_test = attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test");
        cfg_test || attribute.path().is_ident("test")
    })
}

/// Visits every token with its neighbours, into all groups.
pub fn walk(tokens: TokenStream, visit: &mut impl FnMut(Option<&TokenTree>, &TokenTree, Option<&TokenTree>)) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (n, token) in tokens.iter().enumerate() {
        visit(n.checked_sub(1).and_then(|n| tokens.get(n)), token, tokens.get(n + 1));
        if let TokenTree::Group(group) = token {
            walk(group.stream(), visit);
        }
    }
}

pub fn parse(source: &Source) -> syn::File {
    syn::parse_file(&source.text).unwrap_or_else(|e| panic!("{}: {e}", source.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("src/x.rs", text)
    }

    #[test]
    fn functions_are_measured() {
        let body = "    x();\n".repeat(67);
        let long = source(&format!(
            "/// Doc.\n#[inline]\nfn f(a: u8,\n    b: u8) {{\n{body}}}\nimpl X {{ fn g(&self, a: A, b: B, c: C, d: D, e: E) {{}} }}\n"
        ));
        let found = functions(&long);
        assert_eq!((found[0].lines, found[0].parameters, found[1].parameters), (70, 2, 6));
        assert!(too_long(&found[0]).is_some() && too_long(&found[1]).is_none());
        assert!(too_many(&found[0]).is_none() && too_many(&found[1]).is_some());
    }

    #[test]
    fn modules_for_tests_are_known_by_their_declaration() {
        let text = "#[cfg(test)]\nmod a;\nmod b;\n#[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod tests;\n#[cfg(test)]\nmod c {}\n";
        assert_eq!(test_modules(&source(text)), ["src/x/a", "src/x_tests"]);
        assert_eq!(test_modules(&Source::new("src/y/mod.rs", text)), ["src/y/a", "src/y/x_tests"]);
    }

    #[test]
    fn what_gives_up_is_found_outside_tests_only() {
        for bad in ["x.unwrap()", "x.expect(\"y\")", "panic!(\"y\")", "todo!()", "unsafe { x() }", "vec![x.unwrap()]"] {
            assert_eq!(gives_up(&source(&format!("fn f() {{ {bad}; }}"))).len(), 1, "{bad}");
            let test = format!("#[cfg(test)]\nmod tests {{ fn f() {{ {bad}; }} }}\n#[test]\nfn t() {{ {bad}; }}");
            assert_eq!(gives_up(&source(&test)), [""; 0], "{bad}");
        }
        for good in [
            "x.unwrap_or(1)",
            "x.expect(1, 2)",
            "expect(1)",
            "/* x.unwrap() */ y()",
            "\"panic!()\"",
            "std::panic::take_hook()",
        ] {
            assert_eq!(gives_up(&source(&format!("fn f() {{ {good}; }}"))), [""; 0], "{good}");
        }
    }

    #[test]
    fn names_are_found_in_code_and_not_in_words_about_it() {
        let text = "//! awc, openai\n/// do_send\nfn f() { a.do_send(awc::x(\"OpenAI\")); }";
        assert_eq!(names(&source(text), &["awc"]).len(), 1);
        assert_eq!(sends_unbounded(&source(text)).len(), 1);
        assert_eq!(provider_names(&source(text)).len(), 1);
        assert_eq!(provider_names(&source("/// openai\nfn f() { // anthropic\n }")), [""; 0]);
    }
}
