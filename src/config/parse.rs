//! YAML text to a [`Node`] tree, with bounds on depth and on what aliases expand to.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use zeroize::Zeroizing;

use super::finding::Finding;
use super::node::{At, Key, Kind, Node, Scalar};

/// Deepest nesting. LiteLLM's format needs 8; JSON schemas in `extra_body` a few more.
const MAX_DEPTH: usize = 64;
/// Most nodes, each 16 bytes of text counting as one more, after aliases are expanded. About 20 MB of memory.
const MAX_COST: usize = 200_000;
/// Longest key, bytes. Keys are repeated in every message about them.
const MAX_KEY_BYTES: usize = 512;

/// Parses one file. `Err` where the text is no YAML; duplicate keys and the like are added to `found`.
pub(super) fn parse(text: &str, file: usize, found: &mut Vec<Finding>) -> Result<Node, Finding> {
    let mut options = Options::default();
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let events = Parser::new_from_str_with_options(text, options);
    Builder { events, file, anchors: HashMap::new(), left: MAX_COST, found }.document()
}

struct Builder<'t, 'f> {
    events: Parser<'t, StrInput<'t>>,
    file: usize,
    /// Finished anchored nodes and what each costs to copy.
    anchors: HashMap<usize, (Node, usize)>,
    /// What is left of [`MAX_COST`].
    left: usize,
    found: &'f mut Vec<Finding>,
}

impl<'t> Builder<'t, '_> {
    fn document(mut self) -> Result<Node, Finding> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "a second YAML document begins here";
                    return Err(Finding::error("MR1005", self.at(&span), message, "keep one document in a file"));
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        let start = At { file: self.file, line: 1, column: 1, width: 1 };
        Ok(root.filter(|node| !node.is_null()).unwrap_or_else(|| Node::map(Vec::new(), start)))
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Finding> {
        match self.events.next() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Finding> {
        let at = self.at(&span);
        if depth > MAX_DEPTH {
            let help = format!("at most {MAX_DEPTH} levels are read");
            return Err(Finding::error("MR1006", at, "nested too deeply", &help));
        }
        let before = self.left;
        let (node, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(1 + text.len() / 16, at)?;
                let plain = style == ScalarStyle::Plain && !self.tagged_text(tag.as_deref(), at);
                let text = Zeroizing::new(text.into_owned());
                (Node { kind: Kind::Scalar(Scalar { text, plain }), at }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.spend(1, at)?;
                self.tagged_text(tag.as_deref(), at);
                (Node { kind: Kind::List(self.items(depth)?), at }, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.spend(1, at)?;
                self.tagged_text(tag.as_deref(), at);
                (Node::map(self.entries(depth)?, at), anchor)
            }
            _ => return Err(Finding::error("MR1002", at, "not valid YAML", "check the lines above this one")),
        };
        if anchor > 0 {
            // The copy kept for aliases costs as much as the node: anchors within anchors would be free otherwise.
            let cost = before - self.left;
            self.spend(cost, at)?;
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, at: At) -> Result<Node, Finding> {
        let Some((_, cost)) = self.anchors.get(&id) else {
            return Err(Finding::error("MR1007", at, "this alias stands within its own anchor", "write the value out"));
        };
        let cost = *cost;
        self.spend(cost, at)?;
        // Looked up again because `spend` needed the whole of self; the entry cannot have gone.
        let node = self.anchors.get(&id).map(|(node, _)| node.clone());
        node.map(|node| Node { at, ..node })
            .ok_or_else(|| Finding::error("MR1007", at, "unknown alias", "write the value out"))
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Finding> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<(Key, Node)>, Finding> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        // Position by name, so that a mapping of many keys is not searched from its start for each.
        let mut seen: HashMap<String, At> = HashMap::new();
        let mut merges = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (event, span) => self.node(event, span, depth + 1)?,
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            let Kind::Scalar(scalar) = &key.kind else {
                let help = "if this was meant as a template, put it in quotes";
                self.found.push(Finding::error("MR1004", key.at, "a key must be a text", help));
                continue;
            };
            if scalar.plain && scalar.text.as_str() == "<<" {
                merges.push((key.at, value));
                continue;
            }
            if scalar.text.len() > MAX_KEY_BYTES {
                let help = format!("a key may have {MAX_KEY_BYTES} bytes");
                self.found.push(Finding::error("MR1004", key.at, "this key is too long", &help));
                continue;
            }
            let text = scalar.text.to_string();
            if let Some(first) = seen.get(&text) {
                let message = format!("the key `{text}` is written twice; it first stands on line {}", first.line);
                let help = "keep one of the two: readers differ in which they take";
                self.found.push(Finding::error("MR1003", key.at, &message, help).key(&text));
                continue;
            }
            seen.insert(text.clone(), key.at);
            entries.push((Key { text, at: key.at }, value));
        }
        for (at, value) in merges {
            self.merge(&mut entries, &mut seen, at, value);
        }
        Ok(entries)
    }

    /// `<<: *a` and `<<: [*a, *b]`: adds the keys that are not there yet.
    fn merge(&mut self, entries: &mut Vec<(Key, Node)>, seen: &mut HashMap<String, At>, at: At, value: Node) {
        let sources = match value.kind {
            Kind::List(items) => items,
            _ => vec![value],
        };
        for source in sources {
            let Kind::Map(added) = source.kind else {
                self.found.push(Finding::error("MR1020", at, "`<<` takes a mapping", "write `<<: *anchor`"));
                continue;
            };
            for (key, node) in added {
                if !seen.contains_key(&key.text) {
                    seen.insert(key.text.clone(), key.at);
                    entries.push((key, node));
                }
            }
        }
    }

    /// Whether the tag says `!!str`. Tags outside YAML's own are refused: LiteLLM's reader refuses them too.
    fn tagged_text(&mut self, tag: Option<&Tag>, at: At) -> bool {
        let Some(tag) = tag else { return false };
        let non_specific = tag.parts() == ("", "!");
        if !non_specific && tag.is_custom() {
            self.found.push(Finding::error("MR1008", at, "this tag means nothing here", "remove the `!tag`"));
        }
        non_specific || tag.is_yaml_core_schema_tag("str")
    }

    fn spend(&mut self, cost: usize, at: At) -> Result<(), Finding> {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                let help = "split the file with `include`, or write aliases out where they nest";
                Err(Finding::error("MR1006", at, "the file is too large once its aliases are expanded", help))
            }
        }
    }

    fn at(&self, span: &Span) -> At {
        let width =
            if span.start.line() == span.end.line() { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        at(self.file, span.start.line(), span.start.col(), width)
    }

    fn syntax(&self, error: &ScanError) -> Finding {
        let mark = error.marker();
        let info = error.info();
        let text = info.split_once(" at line").map_or(info.as_str(), |(head, _)| head);
        let help = if text.contains("tab") {
            "YAML takes no tabs for indentation; use spaces"
        } else if text.contains("nesting") || text.contains("depth") {
            "at most 64 levels are read"
        } else {
            "check the indentation, quotes and brackets of this line and the one above it"
        };
        let message = format!("not valid YAML: {text}");
        Finding::error("MR1002", at(self.file, mark.line(), mark.col(), 1), &message, help)
    }
}

fn at(file: usize, line: usize, column: usize, width: usize) -> At {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    At { file, line: narrow(line.max(1)), column: narrow(column.saturating_add(1)), width: narrow(width.max(1)) }
}
