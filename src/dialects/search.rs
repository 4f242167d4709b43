//! Searches of the web by the provider itself: the one tool of their own that four protocols have, each in its own form.
//! OpenAI's chats ask for it by a parameter, `web_search_options`.

use serde_json::{Map, Value, json};

use super::openai::object;
use super::request::Tool;
use super::{Did, Notes};

/// What is asked of a search, as far as more than one protocol has it.
#[derive(Debug, Default, PartialEq)]
pub struct Search {
    size: Option<Value>,
    /// `city`, `country`, `region`, `timezone`.
    location: Option<Map<String, Value>>,
    allowed: Option<Value>,
    blocked: Option<Value>,
    most: Option<Value>,
}

impl Search {
    /// The search that a tool is: OpenAI's of its responses, Anthropic's, Google's.
    pub fn of(tool: &Tool) -> Option<Self> {
        let Tool::Native(value) = tool else { return None };
        if value.get("googleSearch").is_some() && value.as_object().is_some_and(|members| members.len() == 1) {
            return Some(Search::default());
        }
        value["type"].as_str().filter(|kind| kind.starts_with("web_search"))?;
        let given = |value: &Value| Some(value.clone()).filter(|value| !value.is_null());
        Some(Search {
            size: given(&value["search_context_size"]),
            location: value["user_location"].as_object().cloned().map(flat),
            allowed: given(&value["allowed_domains"]).or_else(|| given(&value["filters"]["allowed_domains"])),
            blocked: given(&value["blocked_domains"]),
            most: given(&value["max_uses"]),
        })
    }

    /// The search that `web_search_options` asks for.
    pub fn of_options(value: &Value) -> Self {
        let size = Some(value["search_context_size"].clone()).filter(|size| !size.is_null());
        let location = value["user_location"]["approximate"].as_object().cloned();
        Search { size, location, ..Search::default() }
    }

    /// As `web_search_options`.
    pub fn options(self, notes: &mut Notes) -> Value {
        self.lost(
            &[("allowed_domains", &self.allowed), ("blocked_domains", &self.blocked), ("max_uses", &self.most)],
            notes,
        );
        let mut options = object([]);
        if let Some(size) = self.size {
            options["search_context_size"] = size;
        }
        if let Some(location) = self.location {
            options["user_location"] = json!({"type": "approximate", "approximate": location});
        }
        options
    }

    /// As a tool of OpenAI's responses (its description, `WebSearchTool`).
    pub fn of_responses(self, notes: &mut Notes) -> Value {
        self.lost(&[("blocked_domains", &self.blocked), ("max_uses", &self.most)], notes);
        let mut tool = object([("type", "web_search".into())]);
        if let Some(size) = self.size {
            tool["search_context_size"] = size;
        }
        if let Some(location) = self.location {
            tool["user_location"] = approximate(location);
        }
        if let Some(allowed) = self.allowed {
            tool["filters"] = object([("allowed_domains", allowed)]);
        }
        tool
    }

    /// As Anthropic's tool, in the form that all of its models with searches have (its page "Web search tool").
    pub fn of_anthropic(self, notes: &mut Notes) -> Value {
        self.lost(&[("search_context_size", &self.size)], notes);
        let mut tool = object([("type", "web_search_20250305".into()), ("name", "web_search".into())]);
        let members = [("allowed_domains", self.allowed), ("blocked_domains", self.blocked), ("max_uses", self.most)];
        for (name, value) in members {
            if let Some(value) = value {
                tool[name] = value;
            }
        }
        if let Some(location) = self.location {
            tool["user_location"] = approximate(location);
        }
        tool
    }

    /// As Google's tool, which is asked nothing more.
    pub fn of_google(self, notes: &mut Notes) -> Value {
        let location = self.location.as_ref().map(|_| Value::Null);
        let members = [
            ("search_context_size", &self.size),
            ("user_location", &location),
            ("allowed_domains", &self.allowed),
            ("blocked_domains", &self.blocked),
            ("max_uses", &self.most),
        ];
        self.lost(&members, notes);
        json!({"googleSearch": {}})
    }

    /// Notes what has no place, and that the search has another name.
    fn lost(&self, members: &[(&str, &Option<Value>)], notes: &mut Notes) {
        notes.add("tools.web_search", Did::Renamed, "the provider's own search");
        for (name, _) in members.iter().filter(|(_, value)| value.is_some()) {
            notes.add(&format!("tools.web_search.{name}"), Did::Dropped, "the provider's search has no such member");
        }
    }
}

fn flat(mut location: Map<String, Value>) -> Map<String, Value> {
    location.shift_remove("type");
    location
}

fn approximate(location: Map<String, Value>) -> Value {
    let mut all = Map::from_iter([("type".to_owned(), "approximate".into())]);
    all.extend(location);
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_the_same_in_each_form() {
        let place = json!({"type": "approximate", "city": "Bern"});
        let openai = json!({"type": "web_search", "search_context_size": "low", "user_location": place,
            "filters": {"allowed_domains": ["a.example"]}});
        let of = |value: &Value| Search::of(&Tool::Native(value.clone())).unwrap();
        let mut notes = Notes::default();
        assert_eq!(of(&openai).of_responses(&mut notes), openai);
        assert_eq!(notes.to_string(), "renamed=tools.web_search");
        let claude = json!({"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.example"],
            "user_location": place});
        assert_eq!(of(&openai).of_anthropic(&mut notes), claude);
        assert_eq!(of(&claude).of_anthropic(&mut Notes::default()), claude);
        let options = of(&openai).options(&mut notes);
        let want = json!({"search_context_size": "low", "user_location": {"type": "approximate", "approximate": {"city": "Bern"}}});
        assert_eq!(options, want);
        assert_eq!(Search::of_options(&options).options(&mut Notes::default()), want);
        let lost =
            "dropped=tools.web_search.search_context_size,tools.web_search.allowed_domains; renamed=tools.web_search";
        assert_eq!(notes.to_string(), lost);
        assert_eq!(of(&json!({"googleSearch": {}})), Search::default());
        assert_eq!(Search::of(&Tool::Native(json!({"type": "code_execution_20250825"}))), None);
    }
}
