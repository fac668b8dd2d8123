//! Whole conversations with the sandbox, over the stream that the runtime reads.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;
use crate::providers::{Content, Message, ModelStream, Part, ToolSpec};

const TOOLS: [&str; 4] = ["search_records", "update_record", "send_email", "ask_human"];

/// A conversation that grows by what the sandbox and its tools say.
struct Conversation(ChatRequest);

impl Conversation {
    fn new(wish: &str, tools: &[&str]) -> Self {
        let tool = |name: &&str| ToolSpec { name: (*name).into(), description: String::new(), parameters: json!({}) };
        Self(ChatRequest {
            model: MODEL.into(),
            messages: vec![Message::user(wish)],
            tools: tools.iter().map(tool).collect(),
            ..ChatRequest::default()
        })
    }

    /// The sandbox's next answer: its text and its calls as (name, arguments).
    async fn listen(&mut self) -> Result<(String, Vec<(String, Value)>), Box<dyn std::error::Error>> {
        let mut stream = ModelStream::sandbox(&self.0, Duration::ZERO);
        let mut events = Vec::new();
        while let Some(batch) = stream.next().await? {
            events.extend(batch);
        }
        assert_eq!(events.first(), Some(&ModelEvent::Model(MODEL.into())));
        assert!(events.contains(&ModelEvent::Usage(Usage::default())));
        let (mut text, mut calls) = (String::new(), Vec::<ToolCall>::new());
        for event in &events {
            match event {
                ModelEvent::Text(piece) => text.push_str(piece),
                ModelEvent::ToolCallStart { id, name, .. } => {
                    calls.push(ToolCall { id: id.clone(), name: name.clone(), arguments: String::new() });
                }
                ModelEvent::ToolCallArguments { index, delta } => calls[*index].arguments.push_str(delta),
                _ => {}
            }
        }
        let finish = if calls.is_empty() { Finish::Stop } else { Finish::ToolCalls };
        assert_eq!(events.last(), Some(&ModelEvent::Finish(finish)));
        let text_part = std::iter::once(Content::Text(text.clone()));
        let parts = text_part.chain(calls.iter().cloned().map(Content::Call)).map(Part::from).collect();
        self.0.messages.push(Message::Assistant { parts });
        let calls = calls.into_iter().map(|c| Ok((c.name, serde_json::from_str(&c.arguments)?)));
        Ok((text, calls.collect::<Result<_, serde_json::Error>>()?))
    }

    /// Answers the calls of the last answer, in order.
    fn answer(&mut self, answers: &[(&Value, bool)]) {
        let calls: Vec<ToolCall> = self.0.messages.last().into_iter().flat_map(Message::calls).cloned().collect();
        for (call, (content, is_error)) in calls.into_iter().zip(answers) {
            self.0.messages.push(Message::Tool {
                tool_call_id: call.id,
                name: call.name,
                content: content.to_string(),
                is_error: *is_error,
            });
        }
    }
}

fn ada() -> Value {
    json!({"records": [{"id": "r1", "title": "Ada Lovelace", "version": 1,
        "data": {"name": "Ada Lovelace", "email": "ada@example.com", "discount_percent": 0}}]})
}

type Tested = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn a_discount_is_proposed_and_its_outcome_told_truthfully() -> Tested {
    let mut talk = Conversation::new("Give Ada Lovelace a 20 % discount and mail her", &TOOLS);
    let (text, calls) = talk.listen().await?;
    assert_eq!(text, "I'll look up Ada Lovelace.");
    assert_eq!(calls, [("search_records".into(), json!({"collection": "customers", "query": "Ada Lovelace"}))]);

    talk.answer(&[(&ada(), false)]);
    let (_, calls) = talk.listen().await?;
    let [(update, changes), (send, mail)] = calls.as_slice() else { return Err("two calls were expected".into()) };
    assert_eq!((update.as_str(), send.as_str()), ("update_record", "send_email"));
    assert_eq!(changes["changes"], json!({"discount_percent": 20}));
    assert_eq!((&changes["record_id"], &changes["collection"]), (&json!("r1"), &json!("customers")));
    assert_eq!(mail["to"], "ada@example.com");
    assert!([changes, mail].iter().all(|a| a["reason"].as_str().is_some_and(|r| r.contains("20 %"))));

    let rejected = json!({"status": "rejected", "by": "Bob", "reason": "Not by mail, please"});
    talk.answer(&[(&json!({"status": "done", "version": 2}), false), (&rejected, true)]);
    let (text, calls) = talk.listen().await?;
    assert!(calls.is_empty());
    assert!(text.contains("**Done:** Ada Lovelace, `discount_percent` to 20."), "{text}");
    assert!(
        text.contains(
            "**Not done:** the mail “Your 20 % discount” to ada@example.com. Bob rejected it: “Not by mail, please”"
        ),
        "{text}"
    );

    // The next wish begins anew, and its calls have ids of their own.
    talk.0.messages.push(Message::user("Give Ada Lovelace a 25% discount"));
    let (_, calls) = talk.listen().await?;
    assert_eq!(calls[0].0, "search_records");
    let ids: Vec<&str> = talk.0.messages.iter().flat_map(Message::calls).map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["sandbox-1", "sandbox-2", "sandbox-3", "sandbox-4"]);
    Ok(())
}

#[tokio::test]
async fn nobody_or_several_found_is_said_and_nothing_is_proposed() -> Tested {
    let record = |title: &str| json!({"id": title, "title": title, "data": {}});
    let two = json!({"records": [record("Ada Byron"), record("Ada King")]});
    for (found, is_error, expected) in [
        (json!({"records": []}), false, "no customer “Ada”"),
        (two, false, "Ada Byron, Ada King"),
        (json!("schema"), true, "The search did not work"),
    ] {
        let mut talk = Conversation::new("Give Ada a 20% discount", &TOOLS);
        talk.listen().await?;
        talk.answer(&[(&found, is_error)]);
        let (text, calls) = talk.listen().await?;
        assert!(calls.is_empty() && text.contains(expected) && text.contains("Nothing was changed."), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_tool_that_the_agent_does_not_have_is_not_called() -> Tested {
    let mut talk = Conversation::new("Give Ada a 20% discount and mail her", &["search_records", "update_record"]);
    talk.listen().await?;
    talk.answer(&[(&ada(), false)]);
    let (text, calls) = talk.listen().await?;
    assert_eq!(calls.len(), 1);
    assert!(text.contains("does not have the tool `send_email`"), "{text}");
    Ok(())
}

#[tokio::test]
async fn what_is_so_already_is_not_proposed_again() -> Tested {
    let mut talk = Conversation::new("Give Ada a 0% discount", &TOOLS);
    talk.listen().await?;
    talk.answer(&[(&ada(), false)]);
    let (text, calls) = talk.listen().await?;
    assert!(calls.is_empty() && text.contains("already is 0 %"), "{text}");
    Ok(())
}

#[tokio::test]
async fn an_invoice_is_marked() -> Tested {
    let mut talk = Conversation::new("Mark invoice 104 as paid", &TOOLS);
    let (_, calls) = talk.listen().await?;
    assert_eq!(calls, [("search_records".into(), json!({"collection": "invoices", "query": "104"}))]);
    talk.answer(&[(&json!({"records": [{"id": "i1", "title": "2025-104", "data": {"status": "open"}}]}), false)]);
    let (_, calls) = talk.listen().await?;
    assert_eq!(calls[0].1["changes"], json!({"status": "paid"}));
    talk.answer(&[(&json!({"status": "unknown"}), true)]);
    assert!(talk.listen().await?.0.contains("**Unknown:** 2025-104, `status` to paid."));
    Ok(())
}

#[tokio::test]
async fn records_are_listed_and_questions_are_asked() -> Tested {
    let mut talk = Conversation::new("Find Ada in customers", &TOOLS);
    talk.listen().await?;
    talk.answer(&[(&ada(), false)]);
    let (text, _) = talk.listen().await?;
    assert!(text.contains("- **Ada Lovelace**: discount_percent 0, email ada@example.com"), "{text}");

    let many: Vec<Value> =
        (0..10).map(|n| json!({"id": n.to_string(), "title": format!("Ada {n}"), "data": {}})).collect();
    let mut talk = Conversation::new("Show customers", &TOOLS);
    talk.listen().await?;
    talk.answer(&[(&json!({"records": many, "total": 200}), false)]);
    assert!(talk.listen().await?.0.ends_with("- **Ada 9**\n\nand 190 more."));

    let mut talk = Conversation::new("Ask me which colour I like", &TOOLS);
    let (_, calls) = talk.listen().await?;
    assert_eq!(calls, [("ask_human".into(), json!({"question": "Which colour I like?"}))]);
    talk.answer(&[(&json!({"answer": "blue"}), false)]);
    assert!(talk.listen().await?.0.contains("You answered: “blue”."));
    Ok(())
}

#[tokio::test]
async fn what_it_does_not_understand_it_says_and_says_what_it_is() -> Tested {
    for wish in ["Write a poem about the sea", "", "Give Ada a 200 % discount"] {
        let (text, calls) = Conversation::new(wish, &TOOLS).listen().await?;
        assert!(calls.is_empty());
        assert!(text.contains("a script, not an AI") || text.contains("not possible"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn text_comes_word_by_word() -> Tested {
    let pace = Duration::from_millis(3);
    let request = Conversation::new("hello", &TOOLS).0;
    let mut stream = ModelStream::sandbox(&request, pace);
    let begun = Instant::now();
    assert_eq!(stream.next().await?.map(|e| e.len()), Some(2), "the model and the first word, at once");
    let mut batches = 1;
    while stream.next().await?.is_some() {
        batches += 1;
    }
    assert!(batches > 40 && begun.elapsed() >= pace * (batches - 2));
    Ok(())
}
