//! Names that must lead somewhere: targets of aliases and fallbacks, and loops among them.

use std::collections::{HashMap, HashSet};

use crate::config::finding::{Finding, nearest};
use crate::config::model::ModelEntry;
use crate::config::node::At;
use crate::config::reader::Reader;

/// A name as written, with its place and the key it stands under.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) at: At,
    pub(super) path: String,
}

/// The names that callers may use.
pub(super) struct Names<'m> {
    groups: HashSet<&'m str>,
    /// What stands before and after the `*`.
    patterns: Vec<(&'m str, &'m str)>,
    /// Alias to target.
    aliases: HashMap<String, String>,
}

impl<'m> Names<'m> {
    /// `left_out` are names as well: what leads to them is no mistake.
    pub(super) fn new(models: &'m [ModelEntry], left_out: &'m [String]) -> Self {
        let served = models.iter().map(|model| model.model_name.as_str());
        let groups: HashSet<&str> = served.chain(left_out.iter().map(String::as_str)).collect();
        let patterns = groups.iter().filter_map(|name| name.split_once('*')).collect();
        Self { groups, patterns, aliases: HashMap::new() }
    }

    pub(super) fn add_alias(&mut self, name: &str, target: &str) {
        self.aliases.insert(name.to_owned(), target.to_owned());
    }

    /// A model group by its very name, not by a pattern.
    pub(super) fn is_group(&self, name: &str) -> bool {
        self.groups.contains(name)
    }

    fn leads_somewhere(&self, name: &str) -> bool {
        self.groups.contains(name)
            || self.aliases.contains_key(name)
            || self.patterns.iter().any(|(start, end)| {
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            })
    }

    /// Complains about a name that no group, alias or pattern answers to.
    pub(super) fn require(&self, reader: &mut Reader<'_>, written: &Written) {
        let name = &written.name;
        if self.leads_somewhere(name) {
            return;
        }
        let known = self.groups.iter().copied().chain(self.aliases.keys().map(String::as_str));
        let help = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add a model_list entry with `model_name: {name}`, or remove it here"),
        };
        let message = format!("no model is called `{name}`");
        reader.found.push(Finding::error("MR1040", written.at, &message, &help).key(&written.path));
    }

    /// Follows aliases to the group; stops at a loop, which is complained about elsewhere.
    pub(super) fn group_of<'n>(&'n self, name: &'n str) -> &'n str {
        let mut here = name;
        for _ in 0..=self.aliases.len() {
            match self.aliases.get(here) {
                Some(next) => here = next,
                None => return here,
            }
        }
        here
    }
}

/// The way from `start` back to it, if there is one: `[a, b, a]`.
///
/// Depth first, with each name looked at once: the work is the number of edges, however they cross.
pub(super) fn loop_from<'g>(start: &'g str, edges: &HashMap<&'g str, Vec<&'g str>>) -> Option<Vec<&'g str>> {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut before: HashMap<&str, &str> = HashMap::new();
    let mut open = vec![start];
    while let Some(here) = open.pop() {
        for next in edges.get(here).into_iter().flatten() {
            if *next == start {
                let mut way = vec![start, here];
                while let Some(previous) = before.get(way[way.len() - 1]).filter(|_| way[way.len() - 1] != start) {
                    way.push(previous);
                }
                way.reverse();
                if here == start {
                    way = vec![start];
                }
                way.push(start);
                way.dedup();
                return Some(if way.len() == 1 { vec![start, start] } else { way });
            }
            if seen.insert(next) {
                before.insert(next, here);
                open.push(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::loop_from;

    #[test]
    fn loops_are_found_with_the_way_round() {
        let edges: HashMap<&str, Vec<&str>> =
            [("a", vec!["x", "b"]), ("b", vec!["c"]), ("c", vec!["a"]), ("s", vec!["s"]), ("t", vec!["a"])].into();
        assert_eq!(loop_from("a", &edges).unwrap(), ["a", "b", "c", "a"]);
        assert_eq!(loop_from("s", &edges).unwrap(), ["s", "s"]);
        assert_eq!(loop_from("t", &edges), None);
        assert_eq!(loop_from("x", &edges), None);
    }
}
