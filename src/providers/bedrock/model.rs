//! Names of Bedrock's models: what an operator writes behind `bedrock/`, and the one segment of a path that becomes of it.

use crate::providers::segment;

/// LiteLLM's routes to other APIs of Bedrock's, or to bodies of one vendor's own.
const OTHER_ROUTES: [&str; 11] = [
    "invoke",
    "converse_like",
    "async_invoke",
    "agent",
    "agentcore",
    "mantle",
    "openai",
    "llama",
    "deepseek_r1",
    "nova",
    "qwen3",
];

/// A name, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// The model's id, an inference profile's, or an ARN. May hold a `*`.
    pub id: &'a str,
    /// The region that is part of the name.
    pub region: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// Takes apart what stands behind `bedrock/`: `converse/` and a region may stand before the id.
    ///
    /// # Errors
    /// It names another API than Converse, or no model; the text says so and what to write.
    pub fn of(name: &'a str) -> Result<Self, String> {
        let mut id = name.strip_prefix("converse/").unwrap_or(name);
        let mut region = None;
        if let Some((first, rest)) = id.split_once('/').filter(|_| !id.starts_with("arn:")) {
            if is_region(first) {
                (region, id) = (Some(first), rest);
            } else if OTHER_ROUTES.contains(&first) {
                return Err(format!(
                    "`bedrock/{first}/` is a route to another API than Converse, which is the one that is served; write \
                     `bedrock/{rest}` if the model can be called by Converse"
                ));
            }
        }
        if id.contains('/') && !id.starts_with("arn:") {
            return Err("a model's id at Bedrock holds no `/`, unless it is an ARN".to_owned());
        }
        if matches!(id, "" | "." | "..") {
            return Err("no model is named behind `bedrock/`".to_owned());
        }
        Ok(Named { id, region: region.or_else(|| region_of_arn(id)) })
    }
}

/// The id as one segment of a path, with `:` and `/` encoded, as AWS's own clients have them.
///
/// # Errors
/// As [`Named::of`], or it names a region: where a wildcard stands for the model it is the caller who names it, and the
/// region is the operator's to choose.
pub fn segment(name: &str) -> Result<String, String> {
    let id = Named::of(name)?.id;
    if id != name.strip_prefix("converse/").unwrap_or(name) {
        return Err("a region cannot be named in a request; the deployment has one".to_owned());
    }
    segment::segment(id).ok_or_else(|| "no model is named behind `bedrock/`, or with a step (`..`) in it".to_owned())
}

/// `us-east-1`, `us-gov-west-1`: two letters, words, a digit.
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.as_slice() {
        [first, words @ .., number] if !words.is_empty() => {
            first.len() == 2
                && word(first)
                && words.iter().all(word)
                && number.len() == 1
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// `arn:aws:bedrock:REGION:...`.
fn region_of_arn(id: &str) -> Option<&str> {
    let mut parts = id.strip_prefix("arn:")?.split(':').skip(2);
    parts.next().filter(|region| is_region(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let named = |id, region| Ok(Named { id, region });
        for (name, want) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", named("anthropic.claude-sonnet-4-5-20250929-v1:0", None)),
            ("converse/us.anthropic.claude-opus-5", named("us.anthropic.claude-opus-5", None)),
            ("eu-central-1/amazon.nova-pro-v1:0", named("amazon.nova-pro-v1:0", Some("eu-central-1"))),
            ("converse/us-gov-west-1/m", named("m", Some("us-gov-west-1"))),
            (
                "arn:aws:bedrock:us-west-2:1:inference-profile/us.m",
                named("arn:aws:bedrock:us-west-2:1:inference-profile/us.m", Some("us-west-2")),
            ),
            ("*", named("*", None)),
        ] {
            assert_eq!(Named::of(name), want, "{name}");
        }
        for (name, says) in [
            ("invoke/anthropic.claude-v2", "another API"),
            ("agent/A/B", "another API"),
            ("x/y", "holds no `/`"),
            ("us-east-1/", "no model"),
            ("..", "no model"),
            ("converse/.", "no model"),
        ] {
            let told = Named::of(name).unwrap_err();
            assert!(told.contains(says), "{name}: {told}");
        }
    }

    #[test]
    fn an_id_is_one_segment() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2";
        let encoded = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2";
        assert_eq!(segment(arn).as_deref(), Ok(encoded));
        assert_eq!(segment("us.m-v1:0").as_deref(), Ok("us.m-v1%3A0"));
        for hostile in ["a%2Fb", "a?b=c", "a#b", "a\\b", "a b", "ä", "arn:/..;/"] {
            let segment = segment(hostile).unwrap();
            assert!(!segment.contains(['/', '?', '#', '\\', ' ', ';']), "{segment}");
            assert!(segment.is_ascii() && !matches!(&*segment, "." | ".."), "{segment}");
        }
        for refused in ["..", ".", "", "a/../b", "a\\..\\b", "arn:a/../../x", "../converse", "eu-west-1/m"] {
            assert!(segment(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn regions_are_told_from_models() {
        for region in ["us-east-1", "ap-southeast-4", "us-gov-west-1", "us-iso-east-1"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["us", "us-1", "us.anthropic", "eu-west-12", "claude-opus-5", "1-month-commitment", "us--1"] {
            assert!(!is_region(other), "{other}");
        }
    }
}
