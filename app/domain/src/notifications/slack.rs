//! Messages as Slack's incoming webhooks take them (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>), and
//! whatever speaks like it. What people or agents wrote is plain text in them: it mentions nobody and links nowhere.

use serde_json::{Value, json};

/// The most characters of one text.
const MOST: usize = 500;

/// A message: what happened, lines about it, and where it leads: words and an address of ours.
pub(crate) fn message(what: &str, lines: &[String], link: Option<(&str, &str)>) -> String {
    with_buttons(what, lines, link, None)
}

/// What somebody decides on in a channel: all of it, and the buttons that do it.
pub(crate) struct Question {
    /// Exactly what would run.
    pub(crate) whole: String,
    /// A block of buttons.
    pub(crate) buttons: Value,
}

/// The same, with a question at its end.
pub(crate) fn with_buttons(
    what: &str,
    lines: &[String],
    link: Option<(&str, &str)>,
    question: Option<Question>,
) -> String {
    let plain = |text: &str| json!({ "type": "plain_text", "text": cut(text), "emoji": false });
    let mut blocks = vec![json!({ "type": "section", "text": plain(what) })];
    if !lines.is_empty() {
        let lines: Vec<Value> = lines.iter().map(|line| plain(line)).collect();
        blocks.push(json!({ "type": "context", "elements": lines }));
    }
    if let Some((words, address)) = link {
        let text = format!("<{}|{}>", escaped(address), escaped(words));
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
    }
    if let Some(Question { whole, buttons }) = question {
        let whole = format!("This would run:\n{whole}");
        blocks.push(json!({ "type": "section", "text": { "type": "plain_text", "text": whole, "emoji": false } }));
        blocks.push(buttons);
    }
    // Where blocks are shown, this is not: it is for what has room for one line.
    json!({ "text": escaped(&cut(what)), "blocks": blocks }).to_string()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

/// What Slack would take for a link or a mention is text.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_text() -> serde_json::Result<()> {
        let said = message(
            "<!channel> & <https://evil.example|go>",
            &["by <@U1>".to_owned()],
            Some(("Open", "https://h/a?b=1&c")),
        );
        let said: Value = serde_json::from_str(&said)?;
        assert_eq!(said["text"], "&lt;!channel&gt; &amp; &lt;https://evil.example|go&gt;");
        assert_eq!(said["blocks"][0]["text"]["type"], "plain_text");
        assert_eq!(said["blocks"][0]["text"]["text"], "<!channel> & <https://evil.example|go>");
        assert_eq!(said["blocks"][1]["elements"][0]["type"], "plain_text");
        assert_eq!(said["blocks"][2]["text"]["text"], "<https://h/a?b=1&amp;c|Open>");
        Ok(())
    }

    #[test]
    fn a_text_has_an_end() -> serde_json::Result<()> {
        let said: Value = serde_json::from_str(&message(&"ä".repeat(2_000), &[], None))?;
        assert_eq!(said["blocks"][0]["text"]["text"].as_str().map(|text| text.chars().count()), Some(MOST));
        Ok(())
    }
}
