//! Tests of the usage reader.

use super::*;

fn counts(raw: &str) -> Option<(u64, u64, u64, bool)> {
    Usage::parse(raw.as_bytes())
        .map(|usage| (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.suspect))
}

#[test]
fn reads_what_upstreams_send() {
    for (raw, want) in [
        (r#"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#, Some((3, 4, 7, false))),
        (r#"{"prompt_tokens":3,"completion_tokens":4}"#, Some((3, 4, 7, false))),
        (r#"{"input_tokens":3,"output_tokens":4}"#, Some((3, 4, 7, false))),
        (r#"{"prompt_tokens":3.0,"completion_tokens":4e0,"total_tokens":null}"#, Some((3, 4, 7, false))),
        (r#"{"prompt_tokens":null,"completion_tokens":4}"#, Some((0, 4, 4, false))),
        (r#"{"prompt_tokens":null,"input_tokens":2,"completion_tokens":4}"#, Some((2, 4, 6, false))),
        (r#"{"prompt_tokens":5,"total_tokens":5}"#, Some((5, 0, 5, false))),
        (r#"{"prompt_tokens":5,"total_tokens":9}"#, Some((5, 4, 9, false))),
        (r#"{"prompt_tokens":5,"completion_tokens":0,"total_tokens":9}"#, Some((5, 0, 9, false))),
        (r#"{"completion_tokens":5,"total_tokens":9}"#, Some((4, 5, 9, false))),
        (r#"{"prompt_tokens":5,"completion_tokens":9,"total_tokens":1}"#, Some((5, 9, 1, false))),
        (r#"{"total_tokens":9}"#, Some((9, 0, 9, false))),
        (r#"{"prompt_tokens":-3,"completion_tokens":4}"#, Some((0, 4, 4, true))),
        (r#"{"prompt_tokens":-1e300,"completion_tokens":-0.0}"#, Some((0, 0, 0, true))),
        (r#"{"prompt_tokens":1000000000}"#, Some((ABSURD, 0, ABSURD, false))),
        (r#"{"prompt_tokens":1000000001}"#, Some((ABSURD, 0, ABSURD, true))),
        (r#"{"prompt_tokens":99999999999999999999999}"#, Some((ABSURD, 0, ABSURD, true))),
        (r#"{"prompt_tokens":1e300,"completion_tokens":1}"#, Some((ABSURD, 1, ABSURD + 1, true))),
        (r#"{"prompt_tokens":2.7,"completion_tokens":1}"#, Some((2, 1, 3, true))),
        (r#"{"prompt_tokens":"12","completion_tokens":1}"#, Some((0, 1, 1, true))),
        ("null", None),
        ("{}", None),
        ("7", None),
        ("[1]", None),
        (r#"{"prompt_tokens":null}"#, None),
        (r#"{"prompt_tokens":18446744073709551615,"completion_tokens":1}"#, Some((ABSURD, 1, ABSURD + 1, true))),
        (r#"{"prompt_tokens":5,"completion_tokens":true}"#, Some((5, 0, 5, true))),
        (r#"{"prompt_tokens":5,"completion_tokens":{"x":1}}"#, Some((5, 0, 5, true))),
        (r#"{"prompt_tokens":1e999}"#, Some((ABSURD, 0, ABSURD, true))),
        (r#"{"prompt_tokens":1"#, None),
        ("", None),
    ] {
        assert_eq!(counts(raw), want, "{raw}");
    }
}

#[test]
fn reads_the_details_in_each_spelling() {
    let openai = Usage::parse(
        br#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":40,"audio_tokens":5,"cache_creation_tokens":6},
            "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":7,
              "accepted_prediction_tokens":8,"rejected_prediction_tokens":9}}"#,
    );
    let want = Usage {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        cached_tokens: 40,
        cache_creation_tokens: 6,
        reasoning_tokens: 20,
        audio_input_tokens: 5,
        audio_output_tokens: 7,
        accepted_prediction_tokens: 8,
        rejected_prediction_tokens: 9,
        ..Usage::default()
    };
    assert_eq!(openai, Some(want));
    for raw in [
        r#"{"input_tokens":9,"output_tokens":1,"input_tokens_details":{"cached_tokens":4}}"#,
        r#"{"input_tokens":5,"output_tokens":1,"cache_read_input_tokens":4}"#,
        r#"{"input_tokens":3,"output_tokens":1,"cache_read_input_tokens":4,"cache_creation_input_tokens":2}"#,
        r#"{"prompt_tokens":9,"completion_tokens":1,"cache_read_input_tokens":4}"#,
        r#"{"prompt_tokens":9,"completion_tokens":1,"prompt_cache_hit_tokens":4,"prompt_tokens_details":null}"#,
        r#"{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":7}"#,
    ] {
        assert_eq!(
            Usage::parse(raw.as_bytes()).map(|usage| (usage.cached_tokens, usage.total_tokens)),
            Some((4, 10)),
            "{raw}"
        );
    }
    let created = Usage::parse(br#"{"input_tokens":9,"output_tokens":1,"cache_creation_input_tokens":3}"#);
    assert_eq!(created.map(|usage| usage.cache_creation_tokens), Some(3));
    for raw in [
        r#"{"input_tokens":2,"output_tokens":9,"cache_creation_input_tokens":7,
            "cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3},"output_tokens_details":{"thinking_tokens":5}}"#,
        r#"{"input_tokens":2,"output_tokens":9,"output_tokens_details":{"thinking_tokens":5},
            "cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3}}"#,
        r#"{"prompt_tokens":9,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":5},"cache_creation_input_tokens":7,
            "prompt_tokens_details":{"cache_creation_token_details":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3}}}"#,
    ] {
        let usage = Usage::parse(raw.as_bytes()).unwrap();
        let parts = (usage.cache_creation_tokens, usage.cache_creation_hour_tokens, usage.reasoning_tokens);
        assert_eq!((usage.prompt_tokens, parts, usage.suspect), (9, (7, 3, 5), false), "{raw}");
    }
}

#[test]
fn details_are_read_by_their_name_in_the_singular_too() {
    let realtime = Usage::parse(
        br#"{"total_tokens":90,"input_tokens":70,"output_tokens":20,
            "input_token_details":{"text_tokens":30,"audio_tokens":40,"image_tokens":0,"cached_tokens":25,
              "cached_tokens_details":{"text_tokens":20,"audio_tokens":5}},
            "output_token_details":{"text_tokens":5,"audio_tokens":15}}"#,
    );
    let want = Usage {
        prompt_tokens: 70,
        completion_tokens: 20,
        total_tokens: 90,
        cached_tokens: 25,
        cached_audio_tokens: 5,
        audio_input_tokens: 40,
        audio_output_tokens: 15,
        ..Usage::default()
    };
    assert_eq!(realtime, Some(want));
}

#[test]
fn writes_to_a_cache_go_by_openais_name_too_and_pictures_are_told_apart() {
    for (details, created) in [
        (r#""cache_write_tokens":7"#, 7),
        (r#""cache_write_tokens":7,"cache_creation_tokens":0"#, 7),
        (r#""cache_write_tokens":0,"cache_creation_tokens":7"#, 7),
        (r#""cache_write_tokens":null"#, 0),
    ] {
        for (prompt, completion) in [("prompt", "completion"), ("input", "output")] {
            let raw = format!(
                r#"{{"{prompt}_tokens":50,"{completion}_tokens":9,"{prompt}_tokens_details":{{{details},"image_tokens":12}},
                    "{completion}_tokens_details":{{"image_tokens":3}}}}"#
            );
            let usage = Usage::parse(raw.as_bytes()).unwrap();
            assert_eq!((usage.prompt_tokens, usage.cache_creation_tokens), (50, created), "{raw}");
            assert_eq!((usage.image_input_tokens, usage.image_output_tokens), (12, 3), "{raw}");
        }
    }
}

#[test]
fn estimates_by_the_documented_formula() {
    let usage = Usage::estimate(9, 5);
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.estimated), (3, 5, 8, true));
    assert_eq!(Usage::estimate(0, 0).total_tokens, 0);
    assert_eq!(Usage::estimate(u64::MAX, u64::MAX).total_tokens, 2 * ABSURD);
}

#[test]
fn a_whole_answer_is_estimated_by_what_it_says() {
    let said = |answer: &str| Usage::estimate_whole(8, answer.as_bytes()).completion_tokens;
    let chat = r#"{"id":"long, but not said","choices":[{"index":0,"message":{"role":"assistant","content":"eight by","refusal":null,
        "tool_calls":[{"id":"call_1","type":"function","function":{"name":"four","arguments":"{\"a\":1}"}}]}}]}"#;
    // 8 of content, 4 of the name, 7 of the arguments
    assert_eq!(said(chat), 5);
    assert_eq!(said(r#"{"choices":[{"text":"four"},{"text":"five!"}]}"#), 3);
    for nothing in ["", "{}", r#"{"choices":7}"#, r#"{"choices":[{}]}"#, r#"{"data":[{"embedding":[1]}]}"#] {
        assert_eq!(said(nothing), 0, "{nothing}");
    }
    assert!(Usage::estimate_whole(8, chat.as_bytes()).estimated);
    assert_eq!(Usage::estimate_whole(8, b"{}").prompt_tokens, 2);
}

#[test]
fn the_last_cumulative_count_wins() {
    let told = |prompt, completion| Usage { prompt_tokens: prompt, completion_tokens: completion, ..Usage::default() };
    let mut usage = Usage::default();
    usage.fold(Usage::estimate(4, 1));
    assert!(usage.estimated);
    usage.fold(told(3, 1));
    usage.fold(Usage { suspect: true, ..told(3, 2) });
    usage.fold(told(3, 5));
    assert_eq!(usage, Usage { suspect: true, ..told(3, 5) });
    usage.fold(Usage::estimate(400, 100));
    assert_eq!(usage, Usage { suspect: true, ..told(3, 5) });
}

#[test]
fn thought_that_is_counted_beside_the_completion_is_part_of_it() {
    let told = |completion: u64, total: u64| {
        let text = format!(
            r#"{{"prompt_tokens":10,"completion_tokens":{completion},"total_tokens":{total},"completion_tokens_details":{{"reasoning_tokens":7}}}}"#
        );
        Usage::parse(text.as_bytes()).map(|usage| (usage.completion_tokens, usage.total_tokens))
    };
    assert_eq!(told(3, 20), Some((10, 20)), "xAI's way: 10 + 3 + 7");
    assert_eq!(told(9, 19), Some((9, 19)), "OpenAI's way");
    assert_eq!(told(3, 25), Some((3, 25)), "what adds up to neither stays");
}

#[test]
fn a_part_that_is_greater_than_its_whole_is_doubted() {
    let suspect = |raw: &str| Usage::parse(raw.as_bytes()).is_some_and(|usage| usage.suspect || !usage.adds_up());
    for raw in [
        r#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":6}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":3}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"audio_tokens":6}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":2,"audio_tokens":4,"cached_tokens_details":{"audio_tokens":3}}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4,"image_tokens":2,"cached_tokens_details":{"image_tokens":3}}}"#,
        r#"{"input_tokens":5,"output_tokens":1,"cache_creation_input_tokens":2,"cache_creation":{"ephemeral_1h_input_tokens":3}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":2}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"completion_tokens_details":{"image_tokens":2}}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":-2}}"#,
        r#"{"input_tokens":5,"output_tokens":1,"server_tool_use":{"web_search_requests":-1}}"#,
    ] {
        assert!(suspect(raw), "{raw}");
    }
    for raw in [
        r#"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":5}}"#,
        r#"{"input_tokens":0,"output_tokens":1,"cache_read_input_tokens":9,"cache_creation_input_tokens":9}"#,
        r#"{"prompt_tokens":5,"completion_tokens":1,"total_tokens":8,"completion_tokens_details":{"reasoning_tokens":2}}"#,
        r#"{"input_tokens":5,"output_tokens":1,"server_tool_use":null,"search_context_size":null}"#,
        r#"{"input_tokens":5,"output_tokens":1,"server_tool_use":7,"cost":"x","cost_details":7}"#,
    ] {
        assert!(!suspect(raw), "{raw}");
    }
}

#[test]
fn what_is_billed_besides_tokens_is_read_in_each_spelling() {
    let read =
        |more: &str| Usage::parse(format!(r#"{{"prompt_tokens":5,"completion_tokens":1,{more}}}"#).as_bytes()).unwrap();
    for (more, searches, context) in [
        (r#""server_tool_use":{"web_search_requests":3}"#, 3, SearchContext::Medium),
        (r#""server_side_tool_usage_details":{"web_search_calls":2,"x_search_calls":1}"#, 3, SearchContext::Medium),
        (r#""search_context_size":"high""#, 1, SearchContext::High),
        (r#""search_context_size":"low","num_search_queries":7"#, 7, SearchContext::Low),
        (r#""server_tool_use":{"web_search_requests":null}"#, 0, SearchContext::Medium),
    ] {
        assert_eq!((read(more).web_searches, read(more).search_context), (searches, context), "{more}");
    }
    let tier = |more: &str| read(more).service_tier;
    assert_eq!(tier(r#""service_tier":"batch""#), Some(ServiceTier::Batch));
    assert_eq!((tier(r#""service_tier":null"#), tier(r#""x":1"#)), (None, None));
    let cost = |more: &str| read(more).stated_cost.map(|cost| cost.to_string());
    for (more, want) in [
        (r#""cost":0.00014"#, Some("0.00014")),
        (r#""cost":1.4e-4,"is_byok":false,"cost_details":{"upstream_inference_cost":9}"#, Some("0.00014")),
        (r#""cost":1,"is_byok":true,"cost_details":{"upstream_inference_cost":2.5}"#, Some("3.5")),
        (r#""cost":1,"is_byok":true,"cost_details":{"upstream_inference_cost":"?"}"#, None),
        (r#""cost":{"input_tokens_cost":1,"total_cost":0.006}"#, Some("0.006")),
        (r#""cost":{}"#, None),
        (r#""cost":-1"#, None),
        (r#""cost":1e9"#, None),
        (r#""cost":"1""#, None),
        (r#""cost":null"#, None),
    ] {
        assert_eq!(cost(more).as_deref(), want, "{more}");
    }
}
