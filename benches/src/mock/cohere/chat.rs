//! A chat: whole, and as the events of a stream.

use crate::mock::{
    behaviour::Behaviour,
    choices::{Finish, Stop, UsagePlace},
    content::{argument_pieces, pieces, thought_pieces},
    job::{Job, NUMBER_MARK},
    openai::answers::{completion_tokens, has_content},
    writer::Event,
};

/// The whole answer.
pub fn whole(job: &Job<'_>) -> String {
    let behaviour = job.behaviour;
    let mut parts = vec![];
    if behaviour.thinking > 0 && behaviour.tool_calls == 0 {
        parts.push(format!("{{\"type\":\"thinking\",\"thinking\":\"{}\"}}", thought_pieces(behaviour).concat()));
    }
    if has_content(behaviour) {
        parts.push(format!("{{\"type\":\"text\",\"text\":\"{}\"}}", pieces(behaviour, job.text()).concat()));
    }
    let content = if parts.is_empty() { String::new() } else { format!(",\"content\":[{}]", parts.join(",")) };
    let calls: Vec<_> =
        (0..behaviour.tool_calls).map(|call| tool_call(call, &argument_pieces(behaviour).concat())).collect();
    let calls = match calls.is_empty() {
        true => String::new(),
        false => {
            format!(",\"tool_plan\":\"{}\",\"tool_calls\":[{}]", thought_pieces(behaviour).concat(), calls.join(","))
        }
    };
    format!(
        "{{\"id\":\"{NUMBER_MARK}\",{}\"message\":{{{}\"role\":\"assistant\"{content}{calls}}},{}{}}}",
        job.extra_field("answer"),
        job.extra_field("message"),
        finish(behaviour),
        usage_field(job)
    )
}

/// The events of a proper stream, all but the last.
pub fn events(job: &Job<'_>) -> Vec<Event> {
    let behaviour = job.behaviour;
    let extra = job.extra_field("event");
    let mut out = vec![Event::named(
        "message-start",
        format!(
            "{{\"type\":\"message-start\",{extra}\"id\":\"{NUMBER_MARK}\",\"delta\":{{\"message\":{{\"role\":\"assistant\",\
             \"content\":[],\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}}}}}}"
        ),
    )];
    let mut index = 0;
    let mut push = |kind: &'static str, index: u32, message: &str| {
        let delta = match message {
            "" => String::new(),
            message => format!(",\"delta\":{{\"message\":{{{message}}}}}"),
        };
        out.push(Event::named(kind, format!("{{\"type\":\"{kind}\",{extra}\"index\":{index}{delta}}}")));
    };
    let mut block = |name: &str, pieces: &[String], index: u32| {
        push("content-start", index, &format!("\"content\":{{\"type\":\"{name}\",\"{name}\":\"\"}}"));
        pieces
            .iter()
            .for_each(|piece| push("content-delta", index, &format!("\"content\":{{\"{name}\":\"{piece}\"}}")));
        push("content-end", index, "");
    };
    if behaviour.thinking > 0 && behaviour.tool_calls == 0 {
        block("thinking", &thought_pieces(behaviour), index);
        index += 1;
    }
    if has_content(behaviour) {
        block("text", &pieces(behaviour, job.text()), index);
    }
    if behaviour.tool_calls > 0 {
        for piece in thought_pieces(behaviour) {
            push("tool-plan-delta", 0, &format!("\"tool_plan\":\"{piece}\""));
        }
    }
    for call in 0..behaviour.tool_calls {
        push("tool-call-start", call, &format!("\"tool_calls\":{}", tool_call(call, "")));
        for piece in argument_pieces(behaviour) {
            push("tool-call-delta", call, &format!("\"tool_calls\":{{\"function\":{{\"arguments\":\"{piece}\"}}}}"));
        }
        push("tool-call-end", call, "");
    }
    out
}

/// The last event, which says why and counts.
pub fn end(job: &Job<'_>) -> Event {
    let delta = format!("{}{}", finish(job.behaviour), usage_field(job));
    Event::named("message-end", format!("{{\"type\":\"message-end\",\"id\":\"{NUMBER_MARK}\",\"delta\":{{{delta}}}}}"))
}

fn tool_call(call: u32, arguments: &str) -> String {
    format!(
        "{{\"id\":\"call_{call}_{NUMBER_MARK}\",\"type\":\"function\",\
         \"function\":{{\"name\":\"tool_{call}\",\"arguments\":\"{arguments}\"}}}}"
    )
}

fn finish(behaviour: &Behaviour) -> String {
    let reason = match (behaviour.finish, behaviour.stop) {
        (Finish::Missing, _) => return "\"finish_reason\":null".to_owned(),
        (_, Stop::Length | Stop::Window) => "MAX_TOKENS",
        (_, Stop::Sequence) => "STOP_SEQUENCE",
        (_, Stop::Filter | Stop::Refusal) => "ERROR_TOXIC",
        (_, Stop::Auto) if behaviour.tool_calls > 0 => "TOOL_CALL",
        _ => "COMPLETE",
    };
    format!("\"finish_reason\":\"{reason}\"")
}

fn usage_field(job: &Job<'_>) -> String {
    match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        _ => format!(",\"usage\":{}", usage(job)),
    }
}

/// The usage object. What went through the model is more than what is billed: the provider adds to the prompt.
pub fn usage(job: &Job<'_>) -> String {
    let all = completion_tokens(job);
    let tokens = job.tokens(all, all);
    format!(
        "{{\"billed_units\":{{\"input_tokens\":{},\"output_tokens\":{}}},\
         \"tokens\":{{\"input_tokens\":{},\"output_tokens\":{}}},\"cached_tokens\":{}}}",
        tokens.prompt,
        tokens.completion,
        tokens.prompt.saturating_add(200),
        tokens.completion.saturating_add(3),
        tokens.cached
    )
}
