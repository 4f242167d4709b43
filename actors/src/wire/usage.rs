//! What an upstream says it counted, read leniently, and an estimate for where it says nothing.

mod told;

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::money::Picodollars;
use super::skip::{self, Fault};
use super::tier::{SearchContext, ServiceTier};
pub use told::ABSURD;
use told::{Details, Reader, Told};

/// Bytes of UTF-8 JSON that stand for one token in an estimate: the usual rule of thumb for English text.
pub const BYTES_PER_TOKEN: u64 = 4;

/// Tokens of one exchange. The details (`cached_tokens` and on, as far as they are tokens) are parts of the first two, not
/// additions to them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, all kinds.
    pub prompt_tokens: u64,
    /// Tokens written, all kinds.
    pub completion_tokens: u64,
    /// As told, or else the sum of the two above.
    pub total_tokens: u64,
    /// Of the prompt: read from the provider's cache.
    pub cached_tokens: u64,
    /// Of the prompt: written into the provider's cache, for whatever time.
    pub cache_creation_tokens: u64,
    /// Of those written: to be kept for an hour (Anthropic bills them apart).
    pub cache_creation_hour_tokens: u64,
    /// Of the completion: thought, not shown.
    pub reasoning_tokens: u64,
    /// Of the prompt: what the provider's own tools read for the model (Gemini's `toolUsePromptTokenCount`).
    pub tool_prompt_tokens: u64,
    /// Of the prompt: audio, that from the cache included.
    pub audio_input_tokens: u64,
    /// Of what was read from the cache: audio.
    pub cached_audio_tokens: u64,
    /// Of the completion: audio.
    pub audio_output_tokens: u64,
    /// Of the prompt: pictures, those from the cache included.
    pub image_input_tokens: u64,
    /// Of what was read from the cache: pictures.
    pub cached_image_tokens: u64,
    /// Of the completion: pictures.
    pub image_output_tokens: u64,
    /// Of the completion: predicted by the caller and taken.
    pub accepted_prediction_tokens: u64,
    /// Of the completion: predicted by the caller and thrown away, but billed.
    pub rejected_prediction_tokens: u64,
    /// Searches of the web that the provider made; not tokens, but billed.
    pub web_searches: u64,
    /// How much each of them brought in.
    pub search_context: SearchContext,
    /// The tier that served it, where the provider tells: for the price.
    pub service_tier: Option<ServiceTier>,
    /// What the provider says it took, in a currency that only its dialect knows.
    pub stated_cost: Option<Picodollars>,
    /// Not counted by the upstream but reckoned by [`Usage::estimate`].
    pub estimated: bool,
    /// The upstream told a negative, absurd or unreadable count, which was clamped: worth an alert.
    pub suspect: bool,
}

/// Totals, and whatever else there is.
impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Usage");
        shown.field("prompt_tokens", &self.prompt_tokens);
        shown.field("completion_tokens", &self.completion_tokens);
        shown.field("total_tokens", &self.total_tokens);
        for (name, count) in [
            ("cached_tokens", self.cached_tokens),
            ("cached_audio_tokens", self.cached_audio_tokens),
            ("cached_image_tokens", self.cached_image_tokens),
            ("cache_creation_tokens", self.cache_creation_tokens),
            ("cache_creation_hour_tokens", self.cache_creation_hour_tokens),
            ("reasoning_tokens", self.reasoning_tokens),
            ("tool_prompt_tokens", self.tool_prompt_tokens),
            ("audio_input_tokens", self.audio_input_tokens),
            ("audio_output_tokens", self.audio_output_tokens),
            ("image_input_tokens", self.image_input_tokens),
            ("image_output_tokens", self.image_output_tokens),
            ("accepted_prediction_tokens", self.accepted_prediction_tokens),
            ("rejected_prediction_tokens", self.rejected_prediction_tokens),
            ("web_searches", self.web_searches),
        ] {
            if count > 0 {
                shown.field(name, &count);
            }
        }
        if self.search_context != SearchContext::default() {
            shown.field("search_context", &self.search_context);
        }
        if let Some(tier) = &self.service_tier {
            shown.field("service_tier", tier);
        }
        if let Some(cost) = &self.stated_cost {
            shown.field("stated_cost", cost);
        }
        for (name, doubt) in [("estimated", self.estimated), ("suspect", self.suspect)] {
            if doubt {
                shown.field(name, &doubt);
            }
        }
        shown.finish()
    }
}

impl Usage {
    /// Reads a `usage` object, in OpenAI's spelling (`prompt_tokens`) or the newer one (`input_tokens`). Nulls count as
    /// absent, `3.0` as 3; negatives become 0 and what's above [`ABSURD`] becomes that, both marked suspect.
    ///
    /// Nothing when it isn't an object, or tells neither of the two counts nor their total.
    pub fn parse(raw: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(raw).ok()?;
        let (usage, end) = Self::read(text, 0, skip::DEEPEST).ok()?;
        usage.filter(|_| text[end..].trim_ascii_start().is_empty())
    }

    /// The same for the value at `pos` of a larger text, which is read once and nests at most `limit` levels; and where it
    /// ends.
    ///
    /// # Errors
    /// There is no valid value, or it nests deeper.
    pub fn read(text: &str, pos: usize, limit: usize) -> Result<(Option<Self>, usize), Fault> {
        if text.as_bytes().get(pos) != Some(&b'{') {
            return Ok((None, skip::value(text.as_bytes(), pos, limit)?));
        }
        let (told, end) = Told::read(text, pos, limit)?;
        Ok((Self::of(&told), end))
    }

    fn of(told: &Told<'_>) -> Option<Self> {
        let mut reader = Reader { suspect: false, told: false };
        let prompt = reader.count(told.prompt.or(told.input));
        let completion = reader.count(told.completion.or(told.output));
        let total = reader.count(told.total);
        if !reader.told {
            return None;
        }
        let none = Details::default();
        let read = told.prompt_details.as_ref().or(told.input_details.as_ref()).unwrap_or(&none);
        let written = told.completion_details.as_ref().or(told.output_details.as_ref()).unwrap_or(&none);
        let cached = reader.count(read.cached);
        let cached_beside = reader.count(told.cache_read.or(told.cache_hit));
        // LiteLLM's name and OpenAI's own, which some hand on beside each other: one may say nothing
        let created = reader.count(read.created).max(reader.count(read.written));
        // Anthropic's break-down by time to live; LiteLLM hands it on within the details
        let lives = told.lives.or(read.lives).unwrap_or_default();
        let hour = reader.count(lives.hour);
        let minutes = reader.count(lives.minutes);
        let created_beside = reader
            .count(told.cache_creation)
            .or_else(|| hour.or(minutes).map(|_| hour.unwrap_or(0) + minutes.unwrap_or(0)));
        // Anthropic's `input_tokens` leaves out what it counts beside them; everyone else's prompt has it all.
        let apart = told.prompt.is_none();
        let outside =
            |within: Option<u64>, beside: Option<u64>| beside.filter(|_| apart && within.is_none()).unwrap_or(0);
        let beside = outside(cached, cached_beside) + outside(created, created_beside);
        let usage = Self {
            prompt_tokens: prompt.unwrap_or(0).saturating_add(beside).min(ABSURD),
            completion_tokens: completion.unwrap_or(0),
            total_tokens: total.unwrap_or(0),
            cached_tokens: cached.or(cached_beside).unwrap_or(0),
            cached_audio_tokens: reader.count(read.apart.audio).unwrap_or(0),
            cached_image_tokens: reader.count(read.apart.image).unwrap_or(0),
            cache_creation_tokens: created.or(created_beside).unwrap_or(0),
            cache_creation_hour_tokens: hour.unwrap_or(0),
            reasoning_tokens: reader.count(written.reasoning).unwrap_or(0),
            audio_input_tokens: reader.count(read.audio).unwrap_or(0),
            audio_output_tokens: reader.count(written.audio).unwrap_or(0),
            image_input_tokens: reader.count(read.image).unwrap_or(0),
            image_output_tokens: reader.count(written.image).unwrap_or(0),
            accepted_prediction_tokens: reader.count(written.accepted).unwrap_or(0),
            rejected_prediction_tokens: reader.count(written.rejected).unwrap_or(0),
            tool_prompt_tokens: 0,
            web_searches: told.searches.count(&mut reader),
            search_context: told.searches.context(),
            service_tier: told.tier.and_then(ServiceTier::told),
            stated_cost: told.price.total(),
            estimated: false,
            suspect: reader.suspect,
        };
        Some(usage.completed(prompt, completion, total))
    }

    /// Tokens where the upstream told none: the prompt's bytes over [`BYTES_PER_TOKEN`], rounded up, and one token for
    /// each event delivered, since providers send about one token an event. Marked estimated.
    pub fn estimate(prompt_bytes: u64, delivered_events: u64) -> Self {
        let prompt_tokens = prompt_bytes.div_ceil(BYTES_PER_TOKEN).min(ABSURD);
        let completion_tokens = delivered_events.min(ABSURD);
        let total_tokens = prompt_tokens + completion_tokens;
        Self { prompt_tokens, completion_tokens, total_tokens, estimated: true, ..Self::default() }
    }

    /// The same for a whole answer: what its choices, or its blocks, say, in bytes over [`BYTES_PER_TOKEN`]. An answer that
    /// cannot be read says nothing.
    pub fn estimate_whole(prompt_bytes: u64, answer: &[u8]) -> Self {
        let answer: Whole = serde_json::from_slice(answer).unwrap_or_default();
        let chosen: u64 = answer.choices.iter().map(|choice| said(&choice.message) + said(&choice.text)).sum();
        let offered: u64 = answer.candidates.iter().map(|candidate| said(&candidate.content)).sum();
        Self::estimate(
            prompt_bytes,
            (chosen + offered + said(&answer.content) + said(&answer.output)).div_ceil(BYTES_PER_TOKEN),
        )
    }

    /// Takes `later` over what was told before in the same stream: counts are cumulative, so the last wins. A count beats
    /// an estimate, and a doubt once raised stays.
    pub fn fold(&mut self, later: Self) {
        if later.estimated && !self.estimated && *self != Self::default() {
            return;
        }
        let suspect = self.suspect || later.suspect;
        let service_tier = later.service_tier.or(self.service_tier);
        let web_searches = later.web_searches.max(self.web_searches);
        *self = Self { suspect, service_tier, web_searches, ..later };
    }

    /// Takes a later count of a protocol that tells only what has changed (Anthropic's `message_delta`): what it tells wins,
    /// what it leaves out stays.
    pub fn update(&mut self, later: Self) {
        let told = |now: u64, before: u64| if now > 0 { now } else { before };
        let (prompt, completion) = (told(later.prompt_tokens, self.prompt_tokens), later.completion_tokens);
        let completion_tokens = told(completion, self.completion_tokens);
        *self = Self {
            prompt_tokens: prompt,
            completion_tokens,
            total_tokens: prompt.saturating_add(completion_tokens),
            cached_tokens: told(later.cached_tokens, self.cached_tokens),
            cache_creation_tokens: told(later.cache_creation_tokens, self.cache_creation_tokens),
            cache_creation_hour_tokens: told(later.cache_creation_hour_tokens, self.cache_creation_hour_tokens),
            reasoning_tokens: told(later.reasoning_tokens, self.reasoning_tokens),
            web_searches: told(later.web_searches, self.web_searches),
            service_tier: later.service_tier.or(self.service_tier),
            stated_cost: later.stated_cost.or(self.stated_cost),
            suspect: self.suspect || later.suspect,
            estimated: self.estimated && later.estimated,
            ..*self
        };
    }

    /// Takes what the answer tells beside its usage: the tier that served it, and how often the web was searched.
    pub fn served(&mut self, tier: Option<ServiceTier>, searches: u64) {
        self.service_tier = self.service_tier.or(tier);
        self.web_searches = self.web_searches.max(searches);
    }

    /// Whether no part is greater than its whole. What came from a cache or was written to one, and what was thought, is all part
    /// of the totals by now, whatever the sender's way of counting. Of the last count only: those before it may be told in
    /// another order.
    pub fn adds_up(&self) -> bool {
        let cached = self.cached_tokens.saturating_add(self.cache_creation_tokens);
        let within = [
            (self.cached_audio_tokens, self.cached_tokens.min(self.audio_input_tokens)),
            (self.cached_image_tokens, self.cached_tokens.min(self.image_input_tokens)),
            (self.cache_creation_hour_tokens, self.cache_creation_tokens),
        ];
        let read = [cached, self.audio_input_tokens, self.image_input_tokens, self.tool_prompt_tokens];
        let written = [self.reasoning_tokens, self.audio_output_tokens, self.image_output_tokens];
        read.iter().all(|part| *part <= self.prompt_tokens)
            && written.iter().all(|part| *part <= self.completion_tokens)
            && within.iter().all(|(part, whole)| part <= whole)
    }

    /// The total for who is told the counts anew: no less than what it is of, whatever the provider said.
    pub fn total_told(&self) -> u64 {
        self.total_tokens.max(self.prompt_tokens.saturating_add(self.completion_tokens))
    }

    /// Fills what follows from the rest: a missing total, or one side where only the total and the other were told.
    fn completed(mut self, prompt: Option<u64>, completion: Option<u64>, total: Option<u64>) -> Self {
        let sum = self.prompt_tokens + self.completion_tokens;
        let missing = total.unwrap_or(0).saturating_sub(sum);
        match (prompt, completion) {
            (None, _) => self.prompt_tokens += missing,
            (Some(_), None) => self.completion_tokens += missing,
            // some count thought beside what was written, and both in the total
            (Some(_), Some(_)) if missing > 0 && missing == self.reasoning_tokens => self.completion_tokens += missing,
            (Some(_), Some(_)) => {}
        }
        self.total_tokens = total.unwrap_or(sum);
        self
    }
}

/// The parts of a whole answer that an estimate is made from.
#[derive(Default, Deserialize)]
struct Whole {
    #[serde(default)]
    choices: Vec<Choice>,
    /// Anthropic's blocks.
    #[serde(default)]
    content: Value,
    /// The items of OpenAI's responses.
    #[serde(default)]
    output: Value,
    /// Google's.
    #[serde(default)]
    candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    #[serde(default)]
    content: Value,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    message: Value,
    #[serde(default)]
    text: Value,
}

/// Bytes of text in a message: content, refusals, reasoning, arguments of tool calls; not the words of its form.
fn said(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(said).sum(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "role" | "id" | "type"))
            .map(|(_, v)| said(v))
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
