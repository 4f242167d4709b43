//! The members of a usage object, as they came: each provider's names for the same things.

use crate::wire::money::{Picodollars, Rate};
use crate::wire::scan;
use crate::wire::skip::{self, Fault};
use crate::wire::tier::SearchContext;

/// No exchange has this many tokens, a hundred times what the longest context holds: what's above is a fault of the sender, and
/// would only do harm in a budget. What was sent and came bounds less: prompts lie in caches and files, and thought that is
/// billed is not shown.
pub const ABSURD: u64 = 1_000_000_000;
/// The members of a usage object that are read, each as it came: found in one pass, since a list of all members to be
/// searched for each name took half of an answer's scan, and skipping an object before it was read a quarter. Null is
/// absent; of two with one name the last counts.
#[derive(Default)]
pub(super) struct Told<'a> {
    pub(super) prompt: Option<&'a str>,
    pub(super) input: Option<&'a str>,
    pub(super) completion: Option<&'a str>,
    pub(super) output: Option<&'a str>,
    pub(super) total: Option<&'a str>,
    pub(super) prompt_details: Option<Details<'a>>,
    pub(super) input_details: Option<Details<'a>>,
    pub(super) completion_details: Option<Details<'a>>,
    pub(super) output_details: Option<Details<'a>>,
    pub(super) cache_read: Option<&'a str>,
    pub(super) cache_hit: Option<&'a str>,
    pub(super) cache_creation: Option<&'a str>,
    pub(super) lives: Option<Lives<'a>>,
    pub(super) tier: Option<&'a str>,
    pub(super) searches: Searches<'a>,
    pub(super) price: Price<'a>,
}

impl<'a> Told<'a> {
    pub(super) fn read(text: &'a str, pos: usize, limit: usize) -> Result<(Self, usize), Fault> {
        let mut told = Told::default();
        let inner = limit.saturating_sub(1);
        let end = scan::descend(text, pos, limit, |key, start| {
            let place = match key.as_ref() {
                "prompt_tokens" => &mut told.prompt,
                "input_tokens" => &mut told.input,
                "completion_tokens" => &mut told.completion,
                "output_tokens" => &mut told.output,
                "total_tokens" => &mut told.total,
                "cache_read_input_tokens" => &mut told.cache_read,
                "prompt_cache_hit_tokens" | "cached_tokens" => &mut told.cache_hit,
                "cache_creation_input_tokens" => &mut told.cache_creation,
                "prompt_tokens_details" => return within(text, start, inner, &mut told.prompt_details),
                // OpenAI's transcriptions and its realtime API write the singular
                "input_tokens_details" | "input_token_details" => {
                    return within(text, start, inner, &mut told.input_details);
                }
                "completion_tokens_details" => return within(text, start, inner, &mut told.completion_details),
                "output_tokens_details" | "output_token_details" => {
                    return within(text, start, inner, &mut told.output_details);
                }
                "service_tier" => &mut told.tier,
                "cache_creation" => return within(text, start, inner, &mut told.lives),
                other => match told.searches.place(other).or_else(|| told.price.place(other)) {
                    Some(place) => place,
                    None => return skip::value(text.as_bytes(), start, inner),
                },
            };
            count(text, start, inner, place)
        })?;
        Ok((told, end))
    }
}

/// A part of a usage object that is an object itself.
trait Part<'a>: Default {
    /// Where the count of this name is kept, or the part of it.
    fn member(&mut self, key: &str, text: &'a str, start: usize, limit: usize) -> Result<usize, Fault>;
}

/// Reads the part at `start` into its place. What is no object counts as absent.
fn within<'a, P: Part<'a>>(text: &'a str, start: usize, limit: usize, place: &mut Option<P>) -> Result<usize, Fault> {
    if text.as_bytes().get(start) != Some(&b'{') {
        *place = None;
        return skip::value(text.as_bytes(), start, limit);
    }
    let mut part = P::default();
    let inner = limit.saturating_sub(1);
    let end = scan::descend(text, start, limit, |key, start| part.member(&key, text, start, inner))?;
    *place = Some(part);
    Ok(end)
}

/// Reads the value at `start` as it came.
fn count<'a>(text: &'a str, start: usize, limit: usize, place: &mut Option<&'a str>) -> Result<usize, Fault> {
    let end = skip::value(text.as_bytes(), start, limit)?;
    *place = Some(&text[start..end]).filter(|value| *value != "null");
    Ok(end)
}

/// What a usage object tells in detail about the prompt, or about the completion.
#[derive(Default)]
pub(super) struct Details<'a> {
    pub(super) cached: Option<&'a str>,
    pub(super) created: Option<&'a str>,
    pub(super) written: Option<&'a str>,
    pub(super) lives: Option<Lives<'a>>,
    pub(super) reasoning: Option<&'a str>,
    pub(super) audio: Option<&'a str>,
    pub(super) image: Option<&'a str>,
    pub(super) accepted: Option<&'a str>,
    pub(super) rejected: Option<&'a str>,
    /// Of what was cached, how much was not text.
    pub(super) apart: Apart<'a>,
}

impl<'a> Part<'a> for Details<'a> {
    fn member(&mut self, key: &str, text: &'a str, start: usize, limit: usize) -> Result<usize, Fault> {
        let place = match key {
            "cached_tokens" => &mut self.cached,
            "cache_creation_tokens" => &mut self.created,
            "cache_write_tokens" => &mut self.written,
            "reasoning_tokens" | "thinking_tokens" => &mut self.reasoning,
            "audio_tokens" => &mut self.audio,
            "image_tokens" => &mut self.image,
            "accepted_prediction_tokens" => &mut self.accepted,
            "rejected_prediction_tokens" => &mut self.rejected,
            "cache_creation_token_details" => return within(text, start, limit, &mut self.lives),
            "cached_tokens_details" => {
                let mut apart = None;
                let end = within(text, start, limit, &mut apart)?;
                self.apart = apart.unwrap_or_default();
                return Ok(end);
            }
            _ => return skip::value(text.as_bytes(), start, limit),
        };
        count(text, start, limit, place)
    }
}

/// Of the tokens written into a cache: how many for how long.
#[derive(Clone, Copy, Default)]
pub(super) struct Lives<'a> {
    pub(super) hour: Option<&'a str>,
    pub(super) minutes: Option<&'a str>,
}

impl<'a> Part<'a> for Lives<'a> {
    fn member(&mut self, key: &str, text: &'a str, start: usize, limit: usize) -> Result<usize, Fault> {
        let place = match key {
            "ephemeral_1h_input_tokens" => &mut self.hour,
            "ephemeral_5m_input_tokens" => &mut self.minutes,
            _ => return skip::value(text.as_bytes(), start, limit),
        };
        count(text, start, limit, place)
    }
}

/// OpenAI's `cached_tokens_details` (its realtime API, and callers of ours are told so).
#[derive(Clone, Copy, Default)]
pub(super) struct Apart<'a> {
    pub(super) audio: Option<&'a str>,
    pub(super) image: Option<&'a str>,
}

impl<'a> Part<'a> for Apart<'a> {
    fn member(&mut self, key: &str, text: &'a str, start: usize, limit: usize) -> Result<usize, Fault> {
        let place = match key {
            "audio_tokens" => &mut self.audio,
            "image_tokens" => &mut self.image,
            _ => return skip::value(text.as_bytes(), start, limit),
        };
        count(text, start, limit, place)
    }
}

/// Searches of the web, as each tells them.
#[derive(Default)]
pub(super) struct Searches<'a> {
    /// Anthropic's `server_tool_use`, an object.
    tools: Option<&'a str>,
    /// xAI's `server_side_tool_usage_details`, an object.
    tools_xai: Option<&'a str>,
    /// Perplexity's `num_search_queries`.
    queries: Option<&'a str>,
    /// Perplexity's `search_context_size`; where it is told, a search was made.
    size: Option<&'a str>,
}

impl<'a> Searches<'a> {
    fn place(&mut self, key: &str) -> Option<&mut Option<&'a str>> {
        Some(match key {
            "server_tool_use" => &mut self.tools,
            "server_side_tool_usage_details" => &mut self.tools_xai,
            "num_search_queries" => &mut self.queries,
            "search_context_size" => &mut self.size,
            _ => return None,
        })
    }

    /// How many there were. A count that cannot be read is a doubt about all of the usage.
    pub(super) fn count(&self, reader: &mut Reader) -> u64 {
        let within = |object: Option<&'a str>, name: &str| {
            let object = object.filter(|object| object.starts_with('{'))?;
            scan::member(object, name).map(|at| &object[at]).filter(|raw| *raw != "null")
        };
        let tools = reader.count(within(self.tools, "web_search_requests"));
        let web = reader.count(within(self.tools_xai, "web_search_calls"));
        let posts = reader.count(within(self.tools_xai, "x_search_calls"));
        let queries = reader.count(self.queries);
        let told = tools.or_else(|| web.or(posts).map(|_| web.unwrap_or(0) + posts.unwrap_or(0))).or(queries);
        told.unwrap_or_else(|| u64::from(self.size.is_some_and(|size| size.starts_with('"'))))
    }

    pub(super) fn context(&self) -> SearchContext {
        self.size.map(SearchContext::told).unwrap_or_default()
    }
}

/// What the provider says it took.
#[derive(Default)]
pub(super) struct Price<'a> {
    /// OpenRouter's number, or Perplexity's object with a `total_cost`.
    cost: Option<&'a str>,
    /// OpenRouter's `cost_details` and `is_byok`: where the key of another provider was used, that one takes this beside.
    details: Option<&'a str>,
    other_key: Option<&'a str>,
}

impl<'a> Price<'a> {
    fn place(&mut self, key: &str) -> Option<&mut Option<&'a str>> {
        Some(match key {
            "cost" => &mut self.cost,
            "cost_details" => &mut self.details,
            "is_byok" => &mut self.other_key,
            _ => return None,
        })
    }

    /// All of it; nothing where it is not told, or is no amount of money.
    pub(super) fn total(&self) -> Option<Picodollars> {
        let within = |object: &'a str, name: &str| scan::member(object, name).map(|at| &object[at]);
        let cost = self.cost?;
        let cost = amount(if cost.starts_with('{') { within(cost, "total_cost")? } else { cost })?;
        let beside = self.details.filter(|details| self.other_key == Some("true") && details.starts_with('{'));
        let beside = beside.and_then(|details| within(details, "upstream_inference_cost")).filter(|raw| *raw != "null");
        match beside.map(amount) {
            None => Some(cost),
            Some(more) => cost.checked_add(more?),
        }
    }
}

/// Dollars that can be: no exchange costs a million.
fn amount(raw: &str) -> Option<Picodollars> {
    let rate: Rate = raw.parse().ok()?;
    let amount = Picodollars::from_yocto(rate.times(1));
    (amount <= Picodollars::from_pico(1_000_000_000_000_000_000)).then_some(amount)
}

/// Reads counts out of untrusted objects.
pub(super) struct Reader {
    /// One of them cannot be.
    pub(super) suspect: bool,
    /// There was one.
    pub(super) told: bool,
}

impl Reader {
    /// A count as it came; nothing where there is none.
    pub(super) fn count(&mut self, raw: Option<&str>) -> Option<u64> {
        let raw = raw?;
        self.told = true;
        // nearly always digits and nothing else
        let count = match raw.parse() {
            Ok(count) => count,
            Err(_) => self.odd_count(raw),
        };
        self.suspect |= count > ABSURD;
        Some(count.min(ABSURD))
    }

    /// A float that is a count, or what is none. A string, an object or a truth value is no number in either reading.
    #[cold]
    fn odd_count(&mut self, raw: &str) -> u64 {
        let number = raw.parse::<f64>().unwrap_or(f64::NAN);
        self.suspect |= whole(number).is_none();
        // as `as` does: below nothing is nothing, and what is no number is nothing too
        number as u64
    }
}

/// A float that is a count.
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && number <= ABSURD as f64 && number.fract() == 0.0).then_some(number as u64)
}
