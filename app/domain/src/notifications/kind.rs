//! What people are told of: the kinds, whom each concerns, how it usually comes, and its sentence.

use serde::{Deserialize, Serialize};

use super::{Channels, Mail};
use crate::Role;

/// What a notification is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "NotificationKind"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something waits that the person may decide on.
    ApprovalWaiting,
    /// An approval was handed to the person.
    ApprovalAssigned,
    /// Somebody mentioned the person in a comment.
    Mentioned,
    /// Somebody decided on what the person, or an agent for him or her, proposed.
    ProposalDecided,
    /// Nobody decided in time on what the person looks after.
    ApprovalTimedOut,
    /// An agent has gone on after a question of the person.
    QuestionAnswered,
    /// A webhook was disabled, because nobody is there.
    WebhookDisabled,
    /// A share of an AI budget is spent.
    BudgetAlert,
    /// The person has another role.
    RoleChanged,
}

impl Kind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::ApprovalWaiting,
        Self::ApprovalAssigned,
        Self::Mentioned,
        Self::ProposalDecided,
        Self::ApprovalTimedOut,
        Self::QuestionAnswered,
        Self::WebhookDisabled,
        Self::BudgetAlert,
        Self::RoleChanged,
    ];

    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApprovalWaiting => "approval_waiting",
            Self::ApprovalAssigned => "approval_assigned",
            Self::Mentioned => "mentioned",
            Self::ProposalDecided => "proposal_decided",
            Self::ApprovalTimedOut => "approval_timed_out",
            Self::QuestionAnswered => "question_answered",
            Self::WebhookDisabled => "webhook_disabled",
            Self::BudgetAlert => "budget_alert",
            Self::RoleChanged => "role_changed",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// For people, in their settings.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ApprovalWaiting => "Something waits for a decision",
            Self::ApprovalAssigned => "An approval is handed to you",
            Self::Mentioned => "Somebody mentions you",
            Self::ProposalDecided => "Somebody decides on what you or your agent proposed",
            Self::ApprovalTimedOut => "Nobody decided in time on what you look after",
            Self::QuestionAnswered => "An agent goes on after your question",
            Self::WebhookDisabled => "A webhook is disabled",
            Self::BudgetAlert => "A share of an AI budget is spent",
            Self::RoleChanged => "You are given another role",
        }
    }

    /// Whether it is told to people of this role.
    pub const fn concerns(self, role: Role) -> bool {
        match self {
            Self::ApprovalWaiting | Self::ApprovalAssigned | Self::QuestionAnswered => role.can_decide(),
            Self::Mentioned | Self::ProposalDecided | Self::ApprovalTimedOut => role.sees_approvals(),
            Self::WebhookDisabled => role.manages_webhooks(),
            Self::BudgetAlert => role.can_configure_ai(),
            Self::RoleChanged => true,
        }
    }

    /// How it comes to whoever has chosen nothing.
    pub const fn usual(self) -> Channels {
        let mail = match self {
            Self::ApprovalAssigned | Self::Mentioned | Self::WebhookDisabled | Self::BudgetAlert => Mail::Now,
            Self::ApprovalWaiting
            | Self::ProposalDecided
            | Self::ApprovalTimedOut
            | Self::QuestionAnswered
            | Self::RoleChanged => Mail::No,
        };
        Channels { in_app: true, mail, webhook: true }
    }
}

#[cfg(feature = "ssr")]
impl Kind {
    /// Whether many of it may come at once: as many as agents propose, or as somebody decides on together. Letters about these are
    /// collected; what is rare is never held up by them.
    pub(super) const fn comes_in_bursts(self) -> bool {
        match self {
            Self::ApprovalWaiting
            | Self::ApprovalAssigned
            | Self::ProposalDecided
            | Self::ApprovalTimedOut
            | Self::QuestionAnswered => true,
            Self::Mentioned | Self::WebhookDisabled | Self::BudgetAlert | Self::RoleChanged => false,
        }
    }

    /// The page of the workspace that it leads to.
    pub(super) fn path(self, subject: Option<uuid::Uuid>) -> String {
        let of = |page: &str| subject.map_or_else(|| page.to_owned(), |id| format!("{page}/{id}"));
        match self {
            Self::ApprovalWaiting => "/approvals".to_owned(),
            Self::ApprovalAssigned
            | Self::Mentioned
            | Self::ProposalDecided
            | Self::ApprovalTimedOut
            | Self::QuestionAnswered => of("/approvals"),
            Self::WebhookDisabled => of("/settings/webhooks"),
            Self::BudgetAlert => "/usage/budgets".to_owned(),
            Self::RoleChanged => "/settings/general".to_owned(),
        }
    }

    /// What happened, in a sentence. `by`: who did it, by name; `waiting`: how many approvals wait now.
    pub(super) fn sentence(self, facts: &serde_json::Value, by: Option<&str>, waiting: i64) -> String {
        let fact = |name: &str| facts[name].as_str().unwrap_or_default();
        let (title, who) = (fact("title"), by.unwrap_or("Somebody"));
        match self {
            Self::ApprovalWaiting => match waiting {
                ..=0 => "Nothing waits for a decision any more".to_owned(),
                1 => "1 approval waits for a decision".to_owned(),
                n => format!("{n} approvals wait for a decision"),
            },
            Self::ApprovalAssigned => format!("{who} asks you to look at “{title}”"),
            Self::Mentioned => format!("{who} mentions you about “{title}”"),
            Self::ProposalDecided => format!("{who} {} “{title}”", fact("outcome")),
            Self::ApprovalTimedOut => format!("Nobody decided in time on “{title}”"),
            Self::QuestionAnswered => format!("An agent has gone on after your question about “{title}”"),
            Self::WebhookDisabled => format!("Events are not sent to {} any more. {}", fact("origin"), fact("why")),
            Self::BudgetAlert => format!("{} for this month: {} has been spent", fact("whose"), fact("spent")),
            Self::RoleChanged => format!("{who} gave you another role: {}", fact("role")),
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_is_the_same_word_everywhere() -> serde_json::Result<()> {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind)?, json!(kind.as_str()));
        }
        Ok(())
    }

    #[test]
    fn how_many_wait_is_said_in_whole_sentences() {
        let said = |waiting| Kind::ApprovalWaiting.sentence(&json!({}), None, waiting);
        assert_eq!(said(7), "7 approvals wait for a decision");
        assert_eq!(said(1), "1 approval waits for a decision");
        assert_eq!(said(0), "Nothing waits for a decision any more");
    }

    #[test]
    fn a_guest_is_told_of_nothing_but_the_role() {
        let told: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.concerns(Role::Guest)).collect();
        assert_eq!(told, [Kind::RoleChanged]);
        assert!(Kind::ALL.into_iter().all(|kind| kind.concerns(Role::Owner)));
    }
}
