//! The catalogue of events: every type, in which version, about what, and what has happened then. What is not in it cannot be
//! emitted: [`super::Draft`] takes a [`DomainEvent`] and nothing else.
//!
//! A version tells how a payload reads. A field more leaves it as it is; one that goes, or means something else, is the next
//! version. Events that were stored keep the version that they were written in.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::payload::{
    Assigned, BudgetAlerted, CalibrationReset, Change, Decided, GrantRevoked, Granted, Nothing, Notified, OfApproval,
    OfDeadLetter, OfRole, OfRun, PolicyChanged, PriceSet, RecordCreated, RecordDeleted, RecordRestored, RecordUpdated,
    Requested, Waiting, WebhookDisabled,
};

/// Who is told of an event. Owners and admins are told of all but what somebody else was notified of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Members and viewers.
    Members,
    /// Whoever sees the record that it is about.
    Record,
    /// The one person whom it concerns: who asked for what was proposed, who started the run, who gained or lost the record.
    Person,
    /// The one person who was notified, and nobody else; owners and admins, where it names nobody. A policy of `events` says so by
    /// its subject, `notification`. Webhooks are told of none.
    Recipient,
}

impl Reach {
    /// The same as a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Members => "Owners, admins, members and viewers are told of it.",
            Self::Record => "Whoever sees the record is told of it.",
            Self::Person => "Owners, admins and the person whom it concerns are told of it.",
            Self::Recipient => {
                "Only whoever was notified is told of it: one person, or all owners and admins. No webhook is."
            }
        }
    }
}

/// What the types of one family begin with: `approval` of `approval.requested`.
pub fn family(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A type of event.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Dotted, lower case: `approval.requested`.
    pub name: &'static str,
    /// How its payload reads, from 1.
    pub version: i16,
    /// What its subject is: as a rule one kind of thing.
    pub subjects: &'static [&'static str],
    /// Who is told of it.
    pub reach: Reach,
    what: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Kind {
    const fn of<P: JsonSchema>(
        name: &'static str,
        version: i16,
        subjects: &'static [&'static str],
        reach: Reach,
        what: &'static str,
    ) -> Self {
        Self { name, version, subjects, reach, what, schema: SchemaGenerator::subschema_for::<P> }
    }

    /// What has happened, in a sentence or two.
    pub fn what(&self) -> &'static str {
        self.what.trim()
    }

    /// The JSON Schema of its payload, as `generator` refers to it.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Whether webhooks may be told of it.
    pub fn is_delivered(&self) -> bool {
        self.reach != Reach::Recipient
    }

    /// The type of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|kind| kind.name == name)
    }
}

macro_rules! catalogue {
    ($($(#[doc = $what:literal])+ $variant:ident($payload:ty), $name:literal, $version:literal, [$($subject:literal),+], $reach:ident;)+) => {
        /// Something that has happened, with its facts.
        #[derive(Clone, PartialEq, Debug)]
        pub enum DomainEvent {
            $($(#[doc = $what])+ $variant($payload),)+
        }

        /// Every type of event, by subject.
        pub const CATALOGUE: &[Kind] =
            &[$(Kind::of::<$payload>($name, $version, &[$($subject),+], Reach::$reach, concat!($($what),+)),)+];

        impl DomainEvent {
            /// Its line of the catalogue.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => {
                        Kind::of::<$payload>($name, $version, &[$($subject),+], Reach::$reach, concat!($($what),+))
                    })+
                }
            }

            /// What it says beside its subject.
            pub(crate) fn payload(&self) -> serde_json::Result<Value> {
                match self { $(Self::$variant(payload) => serde_json::to_value(payload),)+ }
            }
        }
    };
}

catalogue! {
    /// Something was proposed. It waits for a decision, or goes on by itself where a rule or a grant lets it.
    ApprovalRequested(Requested), "approval.requested", 1, ["approval"], Person;
    /// What would have gone on by itself waits for a decision after all: HYVVE was not there in time to let it, or the standing grant that
    /// covered it was revoked.
    ApprovalRouted(OfApproval), "approval.routed", 1, ["approval"], Person;
    /// Somebody was asked to decide, a time limit was set, or the proposal was put off.
    ApprovalAssigned(Assigned), "approval.assigned", 1, ["approval"], Person;
    /// Nobody had decided for as long as the policy allows. Whoever is asked to was reminded.
    ApprovalReminded(Waiting), "approval.reminded", 1, ["approval"], Person;
    /// Nobody had decided for as long as the policy allows. Somebody else is asked to.
    ApprovalReassigned(Waiting), "approval.reassigned", 1, ["approval"], Person;
    /// Nobody had decided for as long as the policy allows. Everybody of a role is asked to.
    ApprovalEscalated(Waiting), "approval.escalated", 1, ["approval"], Person;
    /// Somebody wrote a comment on a proposal.
    ApprovalCommented(OfApproval), "approval.commented", 1, ["approval"], Person;
    /// Somebody approved a proposal that needs the approval of others as well.
    ApprovalVoted(Decided), "approval.voted", 1, ["approval"], Person;
    /// Somebody approved a proposal. It is carried out next, unless the approval is taken back.
    ApprovalApproved(Decided), "approval.approved", 1, ["approval"], Person;
    /// A rule or a standing grant let a proposal through.
    ApprovalAutoApproved(Decided), "approval.auto_approved", 1, ["approval"], Person;
    /// Somebody rejected a proposal. Nothing is done.
    ApprovalRejected(Decided), "approval.rejected", 1, ["approval"], Person;
    /// Somebody asked the agent something instead of deciding. The proposal has ended; the agent may make another one.
    ApprovalAsked(Decided), "approval.asked", 1, ["approval"], Person;
    /// Somebody changed a proposal. It has ended, and `approval.requested` tells of the one that took its place.
    ApprovalEdited(Decided), "approval.edited", 1, ["approval"], Person;
    /// Nobody decided in time. Nothing is done.
    ApprovalTimedOut(OfApproval), "approval.timed_out", 1, ["approval"], Person;
    /// An approval was taken back before its effect began. The proposal waits again.
    ApprovalWithdrawn(OfApproval), "approval.withdrawn", 1, ["approval"], Person;
    /// The run that had proposed it was cancelled or failed. Nothing is done.
    ApprovalCancelled(OfApproval), "approval.cancelled", 1, ["approval"], Person;
    /// What a proposal would change has changed since. Nothing is done.
    ApprovalSuperseded(OfApproval), "approval.superseded", 1, ["approval"], Person;
    /// Somebody looked afterwards at what had gone on by itself, and agreed with it.
    ApprovalConfirmed(OfApproval), "approval.confirmed", 1, ["approval"], Person;
    /// Somebody looked afterwards at what had gone on by itself, and would not have approved it.
    ApprovalDisputed(OfApproval), "approval.disputed", 1, ["approval"], Person;
    /// What was approved is being carried out, or an outside agent may carry it out from now on.
    EffectExecuting(OfApproval), "effect.executing", 1, ["approval"], Person;
    /// What was approved has been done.
    EffectDone(OfApproval), "effect.done", 1, ["approval"], Person;
    /// What was approved was not done.
    EffectFailed(OfApproval), "effect.failed", 1, ["approval"], Person;
    /// Nobody knows whether what was approved was done. A person is asked to find out.
    EffectUnknown(OfApproval), "effect.unknown", 1, ["approval"], Person;
    /// Somebody found out what became of an effect whose outcome was unknown.
    EffectSettled(OfApproval), "effect.settled", 1, ["approval"], Person;
    /// Another approval policy holds for a tool.
    ApprovalPolicyChanged(PolicyChanged), "approval_policy.changed", 1, ["workspace"], Members;
    /// Somebody allowed actions of an agent in advance.
    ApprovalGrantCreated(Granted), "approval_grant.created", 1, ["approval_grant"], Members;
    /// A standing grant was ended. What it had covered and has not gone on yet waits for a decision.
    ApprovalGrantRevoked(GrantRevoked), "approval_grant.revoked", 1, ["approval_grant"], Members;
    /// An agent became worse than it was trusted for. What was learned of it is forgotten, and its proposals wait for people.
    CalibrationReset(CalibrationReset), "calibration.reset", 1, ["agent"], Members;

    /// Somebody gave an agent something to do.
    RunStarted(OfRun), "run.started", 1, ["run"], Person;
    /// A run waits: for a decision, or for an answer to a question.
    RunPaused(OfRun), "run.paused", 1, ["run"], Person;
    /// The person whom a run had asked something answered.
    RunAnswered(Nothing), "run.answered", 1, ["run"], Person;
    /// A run has answered and is over.
    RunCompleted(OfRun), "run.completed", 1, ["run"], Person;
    /// A run could not go on and is over.
    RunFailed(OfRun), "run.failed", 1, ["run"], Person;
    /// A run was cancelled and is over.
    RunCancelled(OfRun), "run.cancelled", 1, ["run"], Person;
    /// What an agent runs on was changed.
    AgentChanged(Change), "agent.changed", 1, ["agent"], Members;

    /// There is a new record.
    RecordCreated(RecordCreated), "record.created", 1, ["record"], Record;
    /// A record has another version.
    RecordUpdated(RecordUpdated), "record.updated", 1, ["record"], Record;
    /// A record was deleted. Its history stays.
    RecordDeleted(RecordDeleted), "record.deleted", 1, ["record"], Record;
    /// A deleted record was brought back.
    RecordRestored(RecordRestored), "record.restored", 1, ["record"], Record;
    /// A record was given to another member, or to nobody. Both of them are told.
    RecordAssigned(Nothing), "record.assigned", 1, ["record"], Person;
    /// A record was shared with somebody.
    RecordShared(Nothing), "record.shared", 1, ["record"], Person;
    /// A record is shared with somebody no more.
    RecordUnshared(Nothing), "record.unshared", 1, ["record"], Person;

    /// An AI provider was added, changed, tested or removed, or the order in which providers stand in for each other was set: then
    /// the subject is the workspace.
    AiProviderChanged(Change), "ai_provider.changed", 1, ["ai_provider", "workspace"], Members;
    /// The price of a model was set.
    ModelPriceSet(PriceSet), "model_price.set", 1, ["ai_provider"], Members;
    /// A budget was set, changed or removed.
    BudgetChanged(Change), "budget.changed", 1, ["budget"], Members;
    /// Much of a budget is spent, or all of it.
    BudgetAlerted(BudgetAlerted), "budget.alerted", 1, ["budget"], Members;

    /// The workspace was made.
    WorkspaceCreated(Nothing), "workspace.created", 1, ["workspace"], Members;
    /// The workspace’s name, address, picture, time zone or rules of entry were changed.
    WorkspaceUpdated(Nothing), "workspace.updated", 1, ["workspace"], Members;
    /// The workspace was deleted. For 30 days it can be had back.
    WorkspaceDeleted(Nothing), "workspace.deleted", 1, ["workspace"], Members;
    /// The workspace was had back.
    WorkspaceRestored(Nothing), "workspace.restored", 1, ["workspace"], Members;
    /// Somebody was invited.
    MemberInvited(OfRole), "workspace.member.invited", 1, ["invitation"], Members;
    /// An invitation was taken back.
    InvitationCanceled(Nothing), "workspace.invitation.canceled", 1, ["invitation"], Members;
    /// An invitation was declined.
    InvitationRejected(Nothing), "workspace.invitation.rejected", 1, ["invitation"], Members;
    /// Somebody joined.
    MemberJoined(OfRole), "workspace.member.joined", 1, ["user"], Members;
    /// A member has another role.
    MemberRoleChanged(OfRole), "workspace.member.role_changed", 1, ["user"], Members;
    /// A member was removed.
    MemberRemoved(Nothing), "workspace.member.removed", 1, ["user"], Members;
    /// A member left the workspace.
    MemberLeft(Nothing), "workspace.member.left", 1, ["user"], Members;
    /// Somebody made an API key.
    ApiKeyCreated(Nothing), "workspace.api_key.created", 1, ["api_key"], Members;
    /// An API key was revoked.
    ApiKeyRevoked(Nothing), "workspace.api_key.revoked", 1, ["api_key"], Members;

    /// A webhook was added.
    WebhookCreated(Nothing), "webhook.created", 1, ["webhook"], Members;
    /// A webhook’s address, description or filter was changed.
    WebhookUpdated(Nothing), "webhook.updated", 1, ["webhook"], Members;
    /// A webhook hears of what happens from now on.
    WebhookEnabled(Nothing), "webhook.enabled", 1, ["webhook"], Members;
    /// A webhook hears of nothing any more.
    WebhookDisabled(WebhookDisabled), "webhook.disabled", 1, ["webhook"], Members;
    /// A webhook has another secret.
    WebhookRotated(Nothing), "webhook.rotated", 1, ["webhook"], Members;
    /// A webhook is told once more of what happened before.
    WebhookReplayed(Nothing), "webhook.replayed", 1, ["webhook"], Members;
    /// One event is sent to a webhook once more.
    WebhookRedelivered(Nothing), "webhook.redelivered", 1, ["webhook"], Members;
    /// A webhook was removed.
    WebhookDeleted(Nothing), "webhook.deleted", 1, ["webhook"], Members;

    /// Somebody was notified of something, or all owners and admins were.
    NotificationCreated(Notified), "notification.created", 1, ["notification"], Recipient;
    /// One notification was read, or, without a subject, several were.
    NotificationRead(Nothing), "notification.read", 1, ["notification"], Recipient;
    /// Somebody chose which notifications come, and how.
    NotificationChosen(Nothing), "notification.chosen", 1, ["notification"], Recipient;

    /// An event with which a part of HYVVE could not deal is tried again. The subject is that event.
    EventRequeued(OfDeadLetter), "event.requeued", 1, ["event"], Members;
    /// An event with which a part of HYVVE could not deal was given up. The subject is that event.
    EventDiscarded(OfDeadLetter), "event.discarded", 1, ["event"], Members;
}

/// What is noted as an action of the audit log about all providers together.
pub(crate) const FALLBACKS_SET: &str = "ai_fallbacks.set";

impl DomainEvent {
    /// Its name: `approval.requested`.
    pub const fn name(&self) -> &'static str {
        self.kind().name
    }

    /// What kind of thing it is about.
    pub(crate) fn subject(&self) -> &'static str {
        match self {
            Self::AiProviderChanged(Change { action: FALLBACKS_SET }) => "workspace",
            other => other.kind().subjects.first().copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::generate::SchemaSettings;

    use super::*;
    use crate::Role;

    #[test]
    fn every_type_has_a_name_of_its_own_and_says_what_happened() {
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for kind in CATALOGUE {
            let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(kind.name.contains('.') && kind.name.split('.').all(word), "{}", kind.name);
            assert!(kind.what().ends_with('.') && kind.what().len() > 15, "{}", kind.name);
            assert!(kind.version >= 1 && !kind.subjects.is_empty(), "{}", kind.name);
            // What the policy of `events` goes by, and what webhooks do.
            let to_recipients = kind.reach == Reach::Recipient;
            assert_eq!(kind.subjects == ["notification"], to_recipients, "{}", kind.name);
            assert_eq!(kind.name.starts_with("notification."), to_recipients, "{}", kind.name);
        }
    }

    #[test]
    fn every_fact_of_every_payload_is_explained() {
        for kind in CATALOGUE {
            let mut generator =
                SchemaSettings::draft07().for_serialize().with(|s| s.inline_subschemas = true).into_generator();
            let schema = kind.schema(&mut generator).to_value();
            assert_eq!(schema["type"], "object", "{}", kind.name);
            for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
                assert!(schema["description"].is_string(), "{}: {field}: {schema}", kind.name);
            }
        }
    }

    #[test]
    fn what_is_emitted_is_about_what_the_catalogue_says() -> serde_json::Result<()> {
        let providers = DomainEvent::AiProviderChanged(Change { action: FALLBACKS_SET });
        assert_eq!((providers.name(), providers.subject()), ("ai_provider.changed", "workspace"));
        let provider = DomainEvent::AiProviderChanged(Change { action: "ai_provider.tested" });
        assert_eq!(provider.subject(), "ai_provider");
        for event in [&providers, &provider] {
            assert!(event.kind().subjects.contains(&event.subject()));
        }
        let (title, tool, hash) = ("Send a mail".to_owned(), "send_email".to_owned(), "0a".to_owned());
        let done = DomainEvent::EffectDone(OfApproval { title, run: None, tool, action: None, hash });
        let said = serde_json::json!({ "title": "Send a mail", "run": null, "tool": "send_email", "hash": "0a" });
        assert_eq!(done.payload()?, said);
        assert_eq!(DomainEvent::WorkspaceCreated(Nothing {}).payload()?, serde_json::json!({}));
        let waiting = Waiting { title: "x".into(), run: None, assignee_id: None, assigned_role: Some(Role::Admin) };
        let escalated = DomainEvent::ApprovalEscalated(waiting);
        let said = serde_json::json!({ "title": "x", "run": null, "assignedRole": "admin" });
        assert_eq!(escalated.payload()?, said);
        Ok(())
    }
}
