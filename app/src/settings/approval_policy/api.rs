//! What the form of policies does.

use hyvve_domain::{
    Error,
    approvals::{
        policies::{Changed, Draft, Handling, Rule, service},
        routing::{Review, Thresholds},
    },
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    ApiError, context,
    forms::{answer_at, done_at, page_before},
};

/// A rule as it is typed. One without an expression and a name is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedRule {
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// When it applies.
    #[serde(default)]
    pub when: String,
    /// `quick` or `full`.
    #[serde(default)]
    pub review: String,
}

/// Thresholds as they are typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedThresholds {
    /// From which score on something goes on by itself.
    pub auto: String,
    /// From which score on a glance is enough.
    pub quick: String,
    /// Agreement that must be certain, in percent.
    pub target: String,
    /// What is looked at afterwards, in percent.
    pub sample: String,
}

/// How items wait, as it is typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedHandling {
    /// How many have to approve; empty for one.
    #[serde(default)]
    pub quorum: String,
    /// Hours until it times out; empty for never.
    #[serde(default)]
    pub due: String,
}

/// A policy as it is typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Typed {
    pub(super) tool: String,
    pub(super) thresholds: TypedThresholds,
    pub(super) handling: TypedHandling,
    pub(super) rules: Vec<TypedRule>,
}

impl Typed {
    /// As the query of the policies' page, which then shows it.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let (t, h) = (&self.thresholds, &self.handling);
        for (name, value) in [
            ("tool", &self.tool),
            ("thresholds[auto]", &t.auto),
            ("thresholds[quick]", &t.quick),
            ("thresholds[target]", &t.target),
            ("thresholds[sample]", &t.sample),
            ("handling[quorum]", &h.quorum),
            ("handling[due]", &h.due),
        ] {
            query.append_pair(name, value);
        }
        for (place, rule) in self.rules.iter().enumerate() {
            for (name, value) in [("name", &rule.name), ("when", &rule.when), ("review", &rule.review)] {
                query.append_pair(&format!("rules[{place}][{name}]"), value);
            }
        }
        query.finish()
    }

    /// As the domain takes it.
    pub(super) fn draft(&self) -> Result<Draft, Error> {
        let rules = self.rules.iter().filter(|rule| !rule.name.trim().is_empty() || !rule.when.trim().is_empty());
        let (t, h) = (&self.thresholds, &self.handling);
        let quorum = if h.quorum.trim().is_empty() { 1.0 } else { number("handling.quorum", &h.quorum)? };
        let due = match h.due.trim() {
            "" => None,
            hours => Some(number("handling.dueMinutes", hours)? * 60.0),
        };
        Ok(Draft {
            tool: self.tool.clone(),
            thresholds: Thresholds {
                auto: number("thresholds.auto", &t.auto)?,
                quick: number("thresholds.quick", &t.quick)?,
                target: number("thresholds.target", &t.target)? / 100.0,
                sample: number("thresholds.sample", &t.sample)? / 100.0,
            },
            rules: rules
                .map(|rule| Rule {
                    name: rule.name.clone(),
                    when: rule.when.clone(),
                    review: if rule.review == "quick" { Review::Quick } else { Review::Full },
                })
                .collect(),
            // What is no whole number in range becomes one that is refused.
            handling: Handling { quorum: quorum as i16, due_minutes: due.map(|minutes| minutes as i32) },
        })
    }
}

fn number(field: &str, text: &str) -> Result<f64, Error> {
    let plain = text.trim().trim_end_matches('%').trim();
    plain.parse().map_err(|_| Error::invalid(field, "number", "Please enter a number."))
}

/// Changes a policy, or proposes the change to somebody else.
#[server(prefix = "/_fn", endpoint = "approval-policy/change", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_policy(
    /// Of which tool, or `*`.
    tool: String,
    /// From which score on which look is enough.
    thresholds: TypedThresholds,
    /// How its items wait.
    #[server(default)]
    handling: TypedHandling,
    /// Rules.
    #[server(default)]
    rules: Vec<TypedRule>,
) -> Result<(), ApiError> {
    let typed = Typed { tool, thresholds, handling, rules };
    let page = page_before(&context::parts()?.headers);
    let here = format!("{page}?{}", typed.query());
    answer_at(here, async move {
        let (services, actor) = context::actor().await?;
        match service::change(&services, &actor, typed.draft()?).await? {
            Changed { approval_id: Some(_), .. } => {
                done_at(&page, "Proposed. It holds as soon as another owner or admin has approved it.".to_owned());
            }
            Changed { version, .. } => {
                done_at(&page, format!("Saved: version {} holds from now on.", version.unwrap_or_default()));
            }
        }
        Ok::<_, ApiError>(())
    })
    .await
}
