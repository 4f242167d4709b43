//! The events of a stream in any protocol: what the protocol's writer gives, and the faults that strike whole events.

use super::{
    choices::Done,
    fault::FaultKind,
    job::Job,
    writer::{Event, Words, Writer},
};

/// The events of the stream, in order, event-level faults included; the terminal ones too.
pub fn events(job: &Job<'_>, writer: &dyn Writer) -> Vec<Event> {
    let behaviour = job.behaviour;
    let mut events = writer.events(job);
    let at = usize::try_from(behaviour.fault.arg).unwrap_or(usize::MAX).min(events.len());
    match behaviour.fault.kind {
        FaultKind::ErrorEvent => {
            events.truncate(at);
            events.push(writer.error_event(Words::of(behaviour)));
            return events;
        }
        FaultKind::BadJson if at < events.len() => writer.broken().clone_into(&mut events[at].data),
        _ => {}
    }
    finish(job, writer, &mut events);
    events
}

fn finish(job: &Job<'_>, writer: &dyn Writer, events: &mut Vec<Event>) {
    let Some(terminal) = writer.terminal(job) else { return };
    match job.behaviour.done {
        Done::Missing => {}
        Done::Once | Done::Junk => events.push(terminal),
        Done::Twice => events.extend([terminal.clone(), terminal]),
        Done::Spaced => events.push(Event { data: format!("  {}  ", terminal.data), ..terminal }),
        Done::Then => {
            let content = events.iter().skip(1).find(|event| writer.openings().iter().any(|o| event.data.contains(o)));
            let content = content.or(events.get(1)).cloned();
            events.push(terminal);
            events.extend(content);
        }
    }
}
