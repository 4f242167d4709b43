//! The cost of resources that are billed by something other than tokens.

use super::{Cost, Counts, Rates, Unit};
use crate::wire::billable::Extras;
use crate::wire::endpoint::Billed;
use crate::wire::usage::Usage;

impl Rates {
    /// The cost of one exchange; nothing where a price of the model's is for something that was not counted, since a part
    /// of the cost would pass for all of it.
    ///
    /// A model may have prices for tokens and for the resource's own unit. Tokens that the provider counted are billed as
    /// tokens, where input has a price: OpenAI's transcriptions have both prices for the same thing. Searches are billed
    /// besides tokens.
    #[must_use]
    pub fn cost_beside_tokens(&self, billed: Billed, usage: &Usage, extras: &Extras) -> Option<Cost> {
        let tier = usage.service_tier;
        let mut counts = Counts::from(usage);
        let (count, place, units): (_, _, &[Unit]) = match billed {
            Billed::Tokens | Billed::Nothing => return Some(self.cost(&counts, tier)),
            Billed::Searches => (extras.searches, &mut counts.searches, &[Unit::Search]),
            Billed::Pictures => (extras.pictures, &mut counts.pictures, &[Unit::Picture]),
            Billed::Characters => (extras.characters, &mut counts.characters, &[Unit::Character]),
            Billed::Seconds => (extras.seconds, &mut counts.seconds, &[Unit::SecondWritten, Unit::SecondRead]),
        };
        if self.is_free() {
            return Some(Cost::default());
        }
        let told = !usage.estimated && usage.total_tokens > 0;
        let priced = units.iter().any(|unit| self.get(*unit).is_some());
        match count.filter(|_| priced) {
            _ if told && self.get(Unit::Input).is_some() && billed != Billed::Searches => {}
            Some(count) => *place = count,
            None if billed == Billed::Searches && !priced => {}
            None => return None,
        }
        let by_unit = *place > 0;
        if billed == Billed::Pictures {
            counts.image_output_tokens = counts.completion_tokens;
        }
        if by_unit && !told {
            // an estimate of tokens, beside a count of what is billed, would be billed twice
            counts = Counts { prompt_tokens: 0, completion_tokens: 0, ..counts };
        }
        Some(self.cost(&counts, tier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cost::RatesBuilder;

    fn rates(prices: &[(&str, &str)]) -> Rates {
        let mut builder = RatesBuilder::default();
        prices.iter().for_each(|(name, price)| builder.put(name, price).unwrap());
        builder.finish()
    }

    fn total(rates: &Rates, billed: Billed, usage: Usage, extras: Extras) -> Option<String> {
        rates.cost_beside_tokens(billed, &usage, &extras).map(|cost| cost.total.to_string())
    }

    fn told(prompt: u64, completion: u64) -> Usage {
        let total_tokens = prompt + completion;
        Usage { prompt_tokens: prompt, completion_tokens: completion, total_tokens, ..Usage::default() }
    }

    #[test]
    fn each_unit_has_its_price() {
        let guess = Usage::estimate(400, 0);
        let cohere = rates(&[("input_cost_per_query", "0.002"), ("input_cost_per_token", "0")]);
        let two = Extras { searches: Some(2), ..Extras::default() };
        assert_eq!(total(&cohere, Billed::Searches, guess, two).as_deref(), Some("0.004"));
        let jina = rates(&[("input_cost_per_token", "5e-08"), ("output_cost_per_token", "0")]);
        assert_eq!(total(&jina, Billed::Searches, told(1000, 0), two).as_deref(), Some("0.00005"));
        let spoken = Extras { characters: Some(100), ..Extras::default() };
        let tts = rates(&[("input_cost_per_character", "1.5e-05")]);
        assert_eq!(total(&tts, Billed::Characters, guess, spoken).as_deref(), Some("0.0015"));
        let whisper = rates(&[("input_cost_per_second", "0.0001"), ("output_cost_per_second", "0.0001")]);
        let heard = Extras { seconds: Some(3), ..Extras::default() };
        assert_eq!(total(&whisper, Billed::Seconds, guess, heard).as_deref(), Some("0.0003"));
        let imagen = rates(&[("output_cost_per_image", "0.04")]);
        let drawn = Extras { pictures: Some(2), ..Extras::default() };
        assert_eq!(total(&imagen, Billed::Pictures, guess, drawn).as_deref(), Some("0.08"));
    }

    #[test]
    fn tokens_that_were_counted_are_billed_as_tokens_and_once() {
        let transcribe = rates(&[
            ("input_cost_per_token", "2.5e-06"),
            ("output_cost_per_token", "1e-05"),
            ("input_cost_per_second", "0.0001"),
        ]);
        let heard = Extras { seconds: Some(60), ..Extras::default() };
        assert_eq!(total(&transcribe, Billed::Seconds, told(100, 10), heard).as_deref(), Some("0.00035"));
        let image = rates(&[("input_cost_per_token", "5e-06"), ("output_cost_per_image_token", "4e-05")]);
        let drawn = Extras { pictures: Some(1), ..Extras::default() };
        assert_eq!(total(&image, Billed::Pictures, told(10, 1000), drawn).as_deref(), Some("0.04005"));
    }

    #[test]
    fn what_was_not_counted_has_no_cost_rather_than_none() {
        let nothing = Extras::default();
        let whisper = rates(&[("input_cost_per_second", "0.0001")]);
        assert_eq!(total(&whisper, Billed::Seconds, Usage::estimate(9, 0), nothing), None);
        // spoken tokens are not told of in an answer that is sound
        let speech = rates(&[("input_cost_per_token", "6e-07"), ("output_cost_per_audio_token", "1.2e-05")]);
        let spoken = Extras { characters: Some(100), ..nothing };
        assert_eq!(total(&speech, Billed::Characters, Usage::estimate(100, 0), spoken), None);
        assert_eq!(speech.names(), ["input_cost_per_token", "output_cost_per_audio_token"]);
        let pixels = rates(&[("input_cost_per_pixel", "1e-08")]);
        let drawn = Extras { pictures: Some(1), ..nothing };
        assert_eq!(total(&pixels, Billed::Pictures, Usage::estimate(9, 0), drawn), None);
        let own = rates(&[("input_cost_per_token", "0"), ("output_cost_per_token", "0")]);
        assert_eq!(total(&own, Billed::Seconds, Usage::estimate(9, 0), nothing).as_deref(), Some("0"), "free is free");
    }
}
