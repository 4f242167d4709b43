//! Who imports whom: one node a file, one edge where a file names something of another one. A name that a module only
//! hands on (`pub use`) leads to where it is from, so that a facade is neither a hiding place nor a circle.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use super::code;
use super::tree::Source;

/// A path within the crate, from its root.
type Path = Vec<String>;

/// The files of one crate and their imports.
pub struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// What one file says.
#[derive(Default)]
struct Module {
    /// Names that `use` brings in, and where they are from.
    names: BTreeMap<String, Path>,
    /// Every path of this crate that it names.
    mentions: Vec<Path>,
}

impl Graph {
    /// The graph of the crate whose sources lie in `folder`; tests are left out.
    pub fn of(krate: &str, folder: &str, sources: &[Source]) -> Self {
        let own = |s: &&Source| s.path.starts_with(folder) && !s.test && !s.path.ends_with("main.rs");
        let files: BTreeMap<Path, &Source> =
            sources.iter().filter(own).map(|s| (place(&s.path[folder.len()..]), s)).collect();
        let places: BTreeSet<_> = files.keys().cloned().collect();
        let modules = files.iter().map(|(at, source)| (at.clone(), read(at, source, &places))).collect();
        let edges = files.keys().map(|at| (shown(at), targets(at, &modules)));
        let graph = Graph { edges: edges.collect() };
        assert!(graph.edges.contains_key("lib"), "{krate} has no lib.rs");
        graph
    }

    pub fn len(&self) -> usize {
        self.edges.len()
    }

    pub fn has(&self, from: &str, to: &str) -> bool {
        self.edges.get(from).is_some_and(|targets| targets.contains(to))
    }

    /// The graph less some edges.
    pub fn without(&self, edges: &BTreeSet<(&str, &str)>) -> Self {
        let rest = |(from, targets): (&String, &BTreeSet<String>)| {
            let kept = targets.iter().filter(|to| !edges.contains(&(from.as_str(), to.as_str())));
            (from.clone(), kept.cloned().collect())
        };
        Graph { edges: self.edges.iter().map(rest).collect() }
    }

    /// Sets of files that all import each other, with the edges that make the circle.
    pub fn circles(&self) -> Vec<String> {
        let reach: BTreeMap<_, _> = self.edges.keys().map(|from| (from.as_str(), self.reachable(from))).collect();
        let mut seen = BTreeSet::new();
        let mut found = vec![];
        for from in self.edges.keys() {
            let circle: BTreeSet<_> =
                reach[from.as_str()].iter().filter(|to| reach[*to].contains(from.as_str())).copied().collect();
            if !circle.is_empty() && seen.insert(circle.clone()) {
                let within = |from: &&str| self.edges[*from].iter().filter(|to| circle.contains(to.as_str()));
                let edges: Vec<_> =
                    circle.iter().flat_map(|from| within(from).map(move |to| format!("{from} -> {to}"))).collect();
                found.push(edges.join(", "));
            }
        }
        found
    }

    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut left: Vec<&str> = self.edges[from].iter().map(String::as_str).collect();
        while let Some(next) = left.pop() {
            if seen.insert(next) {
                left.extend(self.edges[next].iter().map(String::as_str));
            }
        }
        seen
    }

    /// Imports from a lower layer of one above it. Layers stand from the lowest up, each a list of top-level modules; all must
    /// be in some layer.
    pub fn upward(&self, layers: &[&[&str]]) -> Vec<String> {
        let layer = |file: &str| {
            let top = file.split("::").next().unwrap_or(file);
            layers.iter().position(|layer| layer.contains(&top))
        };
        let mut found = vec![];
        for (from, targets) in self.edges.iter().filter(|(from, _)| *from != "lib") {
            for to in targets.iter().filter(|to| *to != "lib") {
                match (layer(from), layer(to)) {
                    (Some(low), Some(high)) if low >= high => {}
                    (Some(_), Some(_)) => found.push(format!("{from} -> {to}")),
                    _ => found.push(format!("{from} -> {to}: one of them is in no layer")),
                }
            }
        }
        found
    }
}

/// The module that a file is, by its path below the crate's source folder.
fn place(file: &str) -> Path {
    let parts: Path = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    match parts.last().map(String::as_str) {
        Some("mod" | "lib") => parts[..parts.len() - 1].to_vec(),
        _ => parts,
    }
}

fn shown(at: &Path) -> String {
    if at.is_empty() { "lib".to_owned() } else { at.join("::") }
}

/// Files that the file at `at` depends on.
fn targets(at: &Path, modules: &BTreeMap<Path, Module>) -> BTreeSet<String> {
    let mentions = &modules[at].mentions;
    mentions.iter().map(|path| resolve(path, modules, 8)).filter(|to| to != at).map(|to| shown(&to)).collect()
}

/// The file in which what `path` names is written. `hops` bounds re-exports of re-exports.
fn resolve(path: &[String], modules: &BTreeMap<Path, Module>, hops: u32) -> Path {
    let mut at = Path::new();
    for (n, name) in path.iter().enumerate() {
        let child = [at.as_slice(), std::slice::from_ref(name)].concat();
        if modules.contains_key(&child) {
            at = child;
            continue;
        }
        return match modules.get(&at).and_then(|module| module.names.get(name)) {
            Some(source) if hops > 0 && source != path => {
                resolve(&[source.as_slice(), &path[n + 1..]].concat(), modules, hops - 1)
            }
            _ => at,
        };
    }
    at
}

fn read(at: &Path, source: &Source, places: &BTreeSet<Path>) -> Module {
    let tokens = code::code(source);
    let file: syn::File = syn::parse2(tokens).unwrap_or_else(|e| panic!("{}: {e}", source.path));
    let mut reader = Reader { at, places, module: Module::default(), rest: TokenStream::new() };
    reader.visit_file(&file);
    let plain = file.items.iter().filter(|item| !matches!(item, syn::Item::Use(_) | syn::Item::Mod(_)));
    plain.for_each(|item| quote::ToTokens::to_tokens(item, &mut reader.rest));
    let Reader { mut module, rest, .. } = reader;
    paths(rest, at, places, &mut module.mentions);
    module
}

struct Reader<'r> {
    at: &'r Path,
    places: &'r BTreeSet<Path>,
    module: Module,
    rest: TokenStream,
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut leaves = vec![];
        flatten(&item.tree, Path::new(), &mut leaves);
        let private = matches!(item.vis, syn::Visibility::Inherited);
        for (path, name) in leaves {
            let Some(path) = absolute(&path, self.at, self.places) else { continue };
            // what is only handed on from below is no dependence of the module that hands it on
            if private || !path.starts_with(self.at) {
                self.module.mentions.push(path.clone());
            }
            self.module.names.extend(name.map(|name| (name, path)));
        }
    }
}

/// The leaves of a use tree: the path, and the name it gets (none for `*`).
fn flatten(tree: &syn::UseTree, mut before: Path, leaves: &mut Vec<(Path, Option<String>)>) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, leaves);
        }
        syn::UseTree::Name(name) if name.ident == "self" => leaves.push((before.clone(), before.last().cloned())),
        syn::UseTree::Name(name) => {
            before.push(name.ident.to_string());
            leaves.push((before, Some(name.ident.to_string())));
        }
        syn::UseTree::Rename(rename) => {
            before.push(rename.ident.to_string());
            leaves.push((before, Some(rename.rename.to_string())));
        }
        syn::UseTree::Glob(_) => leaves.push((before, None)),
        syn::UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, before.clone(), leaves)),
    }
}

/// A path from the crate's root; nothing if it leads out of the crate.
fn absolute(path: &[String], at: &[String], places: &BTreeSet<Path>) -> Option<Path> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([at, rest].concat()),
        "super" => {
            let mut at = &at[..at.len().checked_sub(1)?];
            let mut rest = rest;
            while rest.first().is_some_and(|name| name == "super") {
                (at, rest) = (&at[..at.len().checked_sub(1)?], &rest[1..]);
            }
            Some([at, rest].concat())
        }
        _ => {
            let child = [at, path].concat();
            places.contains(&child[..=at.len()]).then_some(child)
        }
    }
}

/// Every path `a::b::c` in the tokens that leads into the crate; macros are looked into as well.
fn paths(tokens: TokenStream, at: &Path, places: &BTreeSet<Path>, out: &mut Vec<Path>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let colon = |n: usize| matches!(tokens.get(n), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    let mut n = 0;
    while n < tokens.len() {
        match &tokens[n] {
            TokenTree::Group(group) => paths(group.stream(), at, places, out),
            TokenTree::Ident(first) if colon(n + 1) && colon(n + 2) => {
                let mut path = vec![first.to_string()];
                while colon(n + 1) && colon(n + 2) {
                    let Some(TokenTree::Ident(next)) = tokens.get(n + 3) else { break };
                    path.push(next.to_string());
                    n += 3;
                }
                out.extend(absolute(&path, at, places));
            }
            _ => {}
        }
        n += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        let sources: Vec<_> = files.iter().map(|(path, text)| Source::new(&format!("src/{path}"), text)).collect();
        Graph::of("x", "src/", &sources)
    }

    #[test]
    fn edges_are_found_however_they_are_written() {
        let graph = graph(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod c; pub use c::C; use crate::{b::{self, B}, d}; fn f() { c::g(); }"),
            ("a/c.rs", "use super::super::b; pub struct C;"),
            ("b.rs", "use crate::a::C; use std::a::X; #[cfg(test)] mod tests { use crate::d; }"),
            ("d.rs", "fn f() { println!(\"{}\", crate::b::x()); }"),
        ]);
        for (from, to) in [("a", "b"), ("a", "d"), ("a", "a::c"), ("a::c", "b"), ("d", "b")] {
            assert!(graph.has(from, to), "{from} -> {to}: {:?}", graph.edges);
        }
        assert!(graph.has("b", "a::c") && !graph.has("b", "a"), "a facade leads on: {:?}", graph.edges);
        assert!(!graph.has("b", "d"), "tests may look at anything");
    }

    #[test]
    fn circles_and_upward_imports_are_found() {
        let round = graph(&[
            ("lib.rs", ""),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A;"),
        ]);
        assert_eq!(round.circles(), ["a -> b, b -> c, c -> a"]);
        assert_eq!(round.without(&BTreeSet::from([("c", "a")])).circles(), [""; 0]);
        assert_eq!(round.upward(&[&["c"], &["b"], &["a"]]), ["c -> a"]);
        assert_eq!(round.upward(&[&["c"], &["b"]]).len(), 2, "a is in no layer");
    }
}
