//! What a model is told: the conversation, made of runs' messages and steps.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Agent, Making, Step, StepContent, images, output::Output, store};
use crate::{
    Result, Timestamp, canonical,
    db::TenantTx,
    ids::{AgentSessionId, ProviderId, RunId},
    providers::{ChatRequest, Content, Message, Part, Seal, ToolCall, ToolSpec},
    tools::registry,
};

/// Who is asked: what a provider sealed is for the model that made it only.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) provider: ProviderId,
    pub(super) model: &'a str,
    /// Before, the provider had another address or another key.
    pub(super) since: Timestamp,
}

/// How many runs of a conversation a model is told of.
const RUNS: i64 = 20;

/// The conversation up to a run, and the run's own steps.
pub(super) async fn load(
    tx: &mut TenantTx,
    session: AgentSessionId,
    run: RunId,
    asked: Asked<'_>,
) -> Result<(Vec<Message>, Vec<Step>)> {
    let inputs = store::inputs(tx, session, run, RUNS).await?;
    let ids: Vec<Uuid> = inputs.iter().map(|(id, ..)| id.0).collect();
    let mut steps = store::steps(tx, &ids).await?;
    let with_images: Vec<Uuid> = inputs.iter().filter(|(.., has)| *has).map(|(id, ..)| id.0).collect();
    let mut shown = if with_images.is_empty() { Vec::new() } else { store::images(tx, &with_images).await? };
    let mut messages = Vec::new();
    let mut own = Vec::new();
    for (id, input, _) in inputs {
        let came: Vec<_> = shown.extract_if(.., |(of, _)| *of == id).map(|(_, image)| image).collect();
        let gone = came.iter().filter(|image| image.is_none()).count();
        messages.push(images::message(input, &came.into_iter().flatten().collect::<Vec<_>>(), gone));
        let of_run: Vec<Step> = steps.extract_if(.., |(of, _)| *of == id).map(|(_, step)| step).collect();
        if id == run {
            own = of_run;
        } else {
            extend(&mut messages, &of_run, asked, None, None);
        }
    }
    Ok((messages, own))
}

/// Adds a run's steps to the conversation. A call that was never answered is said to have come to nothing: providers refuse
/// a call without an answer.
///
/// `before` is the fingerprint of what stands before the steps, of the run that is under way. Proven thoughts go back with what
/// followed just that, and no others: Claude refuses a thought after any other words than those that it followed, and what a model
/// is told of a conversation begins with a later run each time.
///
/// `output` is the form of the answer that the run under way is asked for: what does not have it is followed by what is wrong with it.
/// Of a run before, only the last such answer stands.
fn extend(
    messages: &mut Vec<Message>,
    steps: &[Step],
    asked: Asked<'_>,
    before: Option<&str>,
    output: Option<&Output>,
) {
    let mut open: Vec<(String, String)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match &step.content {
            // It had not the form that was asked for, and another answer took its place.
            StepContent::Model { tool_calls, .. }
                if output.is_none() && tool_calls.is_empty() && at + 1 < steps.len() => {}
            StepContent::Model { text, reasoning, tool_calls, .. } => {
                close(messages, &mut open);
                open = tool_calls.iter().map(|c| (c.id.clone(), c.name.clone())).collect();
                let is_theirs = |m: &&Making| {
                    m.provider == asked.provider && m.model == asked.model && step.created_at >= asked.since
                };
                let making = step.making.as_ref().filter(is_theirs);
                let parts = match making {
                    Some(making) => {
                        let mut parts = making.layout.parts(text, reasoning, tool_calls);
                        if before != Some(making.before.as_str()) {
                            parts.retain(|part| !is_proven_thought(part));
                        }
                        parts
                    }
                    None => plain(text, tool_calls),
                };
                if output.is_none() || !parts.is_empty() {
                    messages.push(Message::Assistant { parts });
                }
                if let Some(Err(why)) = output.filter(|_| tool_calls.is_empty()).map(|output| output.answer(text)) {
                    messages.push(Message::user(format!("{why}\n\nPlease answer again, only with JSON that fits.")));
                }
            }
            StepContent::Tool { call, result: Some(result) } => {
                open.retain(|(id, _)| *id != call.id);
                messages.push(Message::Tool {
                    tool_call_id: call.id.clone(),
                    name: call.name.clone(),
                    content: result.content.clone(),
                    is_error: result.is_error,
                });
            }
            StepContent::Tool { result: None, .. } => {}
        }
    }
    close(messages, &mut open);
}

fn is_proven_thought(part: &Part) -> bool {
    matches!(part.content, Content::Reasoning(_)) && part.seal.as_ref().is_some_and(Seal::is_proof)
}

/// An answer for a model that did not make it: what it said and called, without what it thought.
fn plain(text: &str, calls: &[ToolCall]) -> Vec<Part> {
    let text = (!text.is_empty()).then(|| Content::Text(text.to_owned()));
    text.into_iter().chain(calls.iter().cloned().map(Content::Call)).map(Part::from).collect()
}

fn close(messages: &mut Vec<Message>, open: &mut Vec<(String, String)>) {
    for (tool_call_id, name) in open.drain(..) {
        let content = r#"{"status":"cancelled","note":"This call came to nothing."}"#.to_owned();
        messages.push(Message::Tool { tool_call_id, name, content, is_error: true });
    }
}

/// The same conversation for a model that made none of its answers: without what was sealed and thought.
pub(super) fn unsealed(messages: &[Message]) -> Vec<Message> {
    let said = |part: &Part| match &part.content {
        Content::Text(text) if text.is_empty() => None,
        Content::Reasoning(_) => None,
        content => Some(Part::from(content.clone())),
    };
    let of = |message: &Message| match message {
        Message::Assistant { parts } => Message::Assistant { parts: parts.iter().filter_map(said).collect() },
        other => other.clone(),
    };
    messages.iter().map(of).collect()
}

/// The ids of the calls that were made so far.
pub(super) fn call_ids(earlier: &[Message], steps: &[Step]) -> HashSet<String> {
    let of_message = |message: &Message| match message {
        Message::Assistant { parts } => parts.iter().filter_map(called).map(|call| call.id.clone()).collect(),
        _ => Vec::new(),
    };
    let of_step = |step: &Step| match &step.content {
        StepContent::Model { tool_calls, .. } => tool_calls.iter().map(|call| call.id.clone()).collect(),
        StepContent::Tool { .. } => Vec::new(),
    };
    earlier.iter().flat_map(of_message).chain(steps.iter().flat_map(of_step)).collect()
}

const fn called(part: &Part) -> Option<&ToolCall> {
    match &part.content {
        Content::Call(call) => Some(call),
        _ => None,
    }
}

/// Gives a call whose id an earlier answer has used already another one, and its answer with it: runs of one conversation do not know
/// of each other when they begin, and some servers number the calls of each answer alike.
fn tell_apart(messages: &mut [Message]) {
    let mut used: HashSet<String> = HashSet::new();
    let mut renamed: HashMap<String, String> = HashMap::new();
    for message in messages {
        match message {
            Message::Assistant { parts } => {
                renamed.clear();
                for part in parts {
                    let Content::Call(call) = &mut part.content else { continue };
                    if !used.insert(call.id.clone()) {
                        let free =
                            (2..=used.len() + 2).map(|n| format!("{}-{n}", call.id)).find(|id| !used.contains(id));
                        let anew = free.unwrap_or_default();
                        used.insert(anew.clone());
                        renamed.insert(std::mem::replace(&mut call.id, anew.clone()), anew);
                    }
                }
            }
            Message::Tool { tool_call_id, .. } => {
                if let Some(anew) = renamed.get(tool_call_id) {
                    tool_call_id.clone_from(anew);
                }
            }
            Message::User { .. } => {}
        }
    }
}

/// A fingerprint of what stands before a run's own answers: instructions, tools, and the conversation so far.
pub(super) fn fingerprint(agent: &Agent, earlier: &[Message]) -> String {
    let before = serde_json::to_vec(&(&agent.instructions, tools(agent), earlier)).unwrap_or_default();
    hex::encode(canonical::sha256(&before))
}

fn tools(agent: &Agent) -> Vec<ToolSpec> {
    agent.tools.iter().filter_map(|name| registry::find(name)).map(registry::Tool::spec).collect()
}

/// The request for the next model call.
pub(super) fn request(
    agent: &Agent,
    asked: Asked<'_>,
    or_models: &[String],
    earlier: Vec<Message>,
    steps: &[Step],
    output: Option<&Output>,
) -> ChatRequest {
    // Where nothing goes back with words and calls, nobody asks for it.
    let before = steps.iter().any(|step| step.making.is_some()).then(|| fingerprint(agent, &earlier));
    let mut messages = earlier;
    extend(&mut messages, steps, asked, before.as_deref(), output);
    tell_apart(&mut messages);
    ChatRequest {
        model: asked.model.to_owned(),
        fallback_models: or_models.to_vec(),
        system: agent.instructions.clone(),
        messages,
        tools: tools(agent),
        output: output.map(|output| output.told().clone()),
        ..ChatRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ids::AgentId,
        providers::{Finish, Layout, ModelEvent, Usage},
    };

    fn agent(instructions: &str) -> Agent {
        Agent {
            id: AgentId(Uuid::nil()),
            name: String::new(),
            description: String::new(),
            instructions: instructions.into(),
            provider_id: None,
            model: None,
            falls_back: false,
            tools: vec!["search_records".into()],
            output_schema: None,
            created_at: Timestamp::now(),
        }
    }

    fn asked() -> Asked<'static> {
        let since = Timestamp(time::OffsetDateTime::UNIX_EPOCH);
        Asked { provider: ProviderId(Uuid::nil()), model: "m", since }
    }

    /// An answer that was thought about, with seals on the thought, its words and its call.
    fn answer(thought: Value, before: &str) -> Step {
        let seal = |seal: Value| ModelEvent::PartEnd(Some(Seal(seal)));
        let mut layout = Layout::default();
        for event in [
            ModelEvent::Reasoning("Hm.".into()),
            seal(thought),
            ModelEvent::Text("Hi.".into()),
            seal(json!({"phase": "commentary"})),
            ModelEvent::ToolCallStart { index: 0, id: "a".into(), name: "search".into() },
            seal(json!({"thoughtSignature": "Yg=="})),
        ] {
            layout.take(&event);
        }
        let call = ToolCall { id: "a".into(), name: "search".into(), arguments: "{}".into() };
        let content = StepContent::Model {
            text: "Hi.".into(),
            reasoning: "Hm.".into(),
            tool_calls: vec![call],
            usage: Usage::default(),
            finish: Finish::ToolCalls,
            model: "m".into(),
            first_token_ms: None,
            total_ms: 0,
            hops: Vec::new(),
        };
        let (provider, model) = (asked().provider, asked().model.to_owned());
        let (now, making) = (Timestamp::now(), Making { provider, model, before: before.into(), layout });
        Step {
            position: 0,
            content,
            waiting: false,
            approval_id: None,
            created_at: now,
            ended_at: Some(now),
            making: Some(making),
        }
    }

    /// The sorts of an answer's parts, and how many of them are sealed.
    fn parts(messages: &[Message]) -> (Vec<&'static str>, usize) {
        let parts = messages.iter().find_map(|m| if let Message::Assistant { parts } = m { Some(parts) } else { None });
        let parts = parts.map(Vec::as_slice).unwrap_or_default();
        let sort = |part: &Part| match part.content {
            Content::Reasoning(_) => "thought",
            Content::Text(_) => "text",
            Content::Call(_) => "call",
        };
        (parts.iter().map(sort).collect(), parts.iter().filter(|part| part.seal.is_some()).count())
    }

    #[test]
    fn a_proven_thought_goes_back_only_in_its_own_run_and_after_what_it_followed() {
        let signed = || json!({"signature": "c2ln"});
        let earlier = [Message::user("Hello")];
        let before = fingerprint(&agent("Be brief."), &earlier);
        let sent = |agent: &Agent, earlier: &[Message], thought: Value| {
            let steps = [answer(thought, &before)];
            parts(&request(agent, asked(), &[], earlier.to_vec(), &steps, None).messages)
        };
        let (whole, without) = ((vec!["thought", "text", "call"], 3), (vec!["text", "call"], 2));
        assert_eq!(sent(&agent("Be brief."), &earlier, signed()), whole);
        assert_eq!(sent(&agent("Be long."), &earlier, signed()), without);
        assert_eq!(sent(&agent("Be brief."), &[Message::user("Hello?")], signed()), without);
        assert_eq!(sent(&Agent { tools: vec![], ..agent("Be brief.") }, &earlier, signed()), without);
        // Plain reasoning is held to nothing, and some servers demand it.
        assert_eq!(sent(&agent("Be long."), &earlier, json!({"field": "reasoning_content"})), whole);

        let mut messages = Vec::new();
        extend(&mut messages, &[answer(signed(), &before)], asked(), None, None);
        assert_eq!(parts(&messages), without, "of a run before");
        // One that was stored before fingerprints were.
        let old = answer(signed(), "");
        let told = request(&agent("Be brief."), asked(), &[], earlier.to_vec(), &[old], None).messages;
        assert_eq!(parts(&told), without);
    }

    #[test]
    fn a_making_that_was_stored_before_fingerprints_were_still_reads() -> Result<(), serde_json::Error> {
        let old = json!({"provider": Uuid::nil(), "model": "m", "layout": []});
        let making: Making = serde_json::from_value(old)?;
        assert_eq!((making.before.as_str(), making.model.as_str()), ("", "m"));
        Ok(())
    }

    fn asks(ids: &[&str]) -> Message {
        let call = |id: &&str| ToolCall { id: (*id).into(), name: "search".into(), arguments: "{}".into() };
        Message::Assistant { parts: ids.iter().map(call).map(|call| Content::Call(call).into()).collect() }
    }

    fn answers(id: &str) -> Message {
        Message::Tool { tool_call_id: id.into(), name: "search".into(), content: "[]".into(), is_error: false }
    }

    #[test]
    fn calls_that_two_providers_number_alike_are_told_apart_with_their_answers() {
        let mut messages = vec![
            asks(&["call_0", "call_0-2"]),
            answers("call_0-2"),
            answers("call_0"),
            Message::user("Again."),
            asks(&["call_0", "x"]),
            answers("call_0"),
            answers("x"),
            asks(&["call_0"]),
            answers("call_0"),
        ];
        tell_apart(&mut messages);
        let told = vec![
            asks(&["call_0", "call_0-2"]),
            answers("call_0-2"),
            answers("call_0"),
            Message::user("Again."),
            asks(&["call_0-3", "x"]),
            answers("call_0-3"),
            answers("x"),
            asks(&["call_0-4"]),
            answers("call_0-4"),
        ];
        assert_eq!(messages, told);
        assert_eq!(call_ids(&messages, &[]).len(), 5);
    }
}
