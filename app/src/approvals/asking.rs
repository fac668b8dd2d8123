//! The page that asks before a plain form decides on several: what the selection would do by action, with each item of it, and
//! what of it would be left out. The hashes that were selected go on with the form: nothing else is decided.

use std::collections::HashMap;

use hyvve_domain::{
    Error,
    approvals::{
        Item, Verdict,
        bulk::{self, MOST, Picked, Weighed},
        service,
    },
    ids::ApprovalId,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    address::{self, Tab},
    api::DecideSeveral,
    bulk::ASKS,
    narrow::Narrowed,
    sum::{of_group, wanting_others},
    words,
};
use crate::{
    ApiError,
    flash::Flash,
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, EmptyState, Glyph, PageHeader, Pill, Revealed, Variant},
};

/// Of what is decided already, or has another hash.
const MOVED_ON: &str = "This is not as it was shown any more: it was changed or decided on meanwhile.";

/// The address of the page for a selection of a list, whose address is `list`.
pub(super) fn address_of(list: &str, verdict: Verdict, picked: &[String]) -> String {
    let (list, narrowed) = list.split_once('?').unwrap_or((list, ""));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("verdict", word(verdict));
    for one in picked.iter().take(MOST) {
        query.append_pair("picked", one);
    }
    let query = query.finish();
    let parts: Vec<&str> = [query.as_str(), narrowed].into_iter().filter(|part| !part.is_empty()).collect();
    format!("{list}{ASKS}?{}", parts.join("&"))
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approve",
        Verdict::Reject => "reject",
    }
}

/// The page at `/w/{workspace}/approvals/selected/decide`.
pub(crate) async fn selected_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let list = use_frame().href(&list_of(visit));
    let picked = visit.all("picked").iter().map(|one| one.parse()).collect::<Result<Vec<Picked>, _>>();
    let picked = picked.map_err(|_| Error::not_found("page"))?;
    if picked.is_empty() {
        return Ok(nothing(list));
    }
    let weighed = bulk::weigh(&visit.services, &visit.actor, picked.clone()).await?;
    let ids: Vec<_> = picked.iter().map(|one| one.id).collect();
    let items = service::some(&visit.services, &visit.actor, &ids).await?;
    let asked = Asked {
        verdict: if visit.query("verdict").as_deref() == Some("reject") { Verdict::Reject } else { Verdict::Approve },
        list,
        picked,
        weighed,
        items: items.into_iter().map(|item| (item.id, item)).collect(),
    };
    Ok(asked.page(&Flash::take().unwrap_or_default()))
}

/// The list that the selection was made in, as a path in the workspace.
fn list_of(visit: &Visit) -> String {
    let tab = visit.query("tab").unwrap_or_default();
    let tab = Tab::EACH.into_iter().find(|one| one.word() == tab).unwrap_or_default();
    let narrowed = Narrowed::read(|name| visit.query(name));
    address::path(None, tab, &narrowed, visit.parsed("page").unwrap_or(1))
}

fn nothing(list: String) -> AnyView {
    view! {
        <div class="page">
            <PageHeader title="Decide on several"/>
            <EmptyState
                title="Nothing is selected" text="Check the boxes of what you want to decide on, then press a button below the list."
                glyph=Glyph::Approvals
            >
                <ButtonLink href=list>"Back to the list"</ButtonLink>
            </EmptyState>
        </div>
    }
    .into_any()
}

/// What is asked.
struct Asked {
    verdict: Verdict,
    /// The address of the list.
    list: String,
    picked: Vec<Picked>,
    weighed: Weighed,
    items: HashMap<ApprovalId, Item>,
}

impl Asked {
    fn page(&self, flash: &Flash) -> AnyView {
        let title = match self.verdict {
            Verdict::Approve => "Approve what you selected?",
            Verdict::Reject => "Reject what you selected?",
        };
        let problem = flash
            .beside(&["reason", "notes"])
            .map(|text| view! { <p class="form-message" role="alert" tabindex="-1" autofocus=true>{text}</p> });
        let Weighed { sum, members, .. } = &self.weighed;
        let groups = sum.groups.iter().zip(members).map(|(group, members)| {
            let rows = members.iter().map(|id| self.row(*id, None)).collect_view();
            card(of_group(group), rows.into_any())
        });
        let groups: Vec<AnyView> = groups.collect();
        let others = wanting_others(sum).map(|text| view! { <p>{text}</p> });
        let (left_out, form) = (self.left_out(), self.form(flash));
        view! {
            <div class="page">
                <PageHeader
                    title=title
                    lead="Nothing has been decided yet. Each is decided on exactly as it is shown here; what changes until then is left out, and named."
                />
                {problem}
                <div class="stack">{groups}{left_out}{others}{form}</div>
            </div>
        }
        .into_any()
    }

    fn left_out(&self) -> Option<AnyView> {
        let barred = self.weighed.barred.iter().map(|(id, why)| (*id, why.as_str()));
        let moved_on = self.weighed.moved_on.iter().map(|id| (*id, MOVED_ON));
        let rows: Vec<AnyView> = barred.chain(moved_on).map(|(id, why)| self.row(id, Some(why))).collect();
        let title = format!("{} × left out: not decided on.", rows.len());
        (!rows.is_empty()).then(|| card(title, rows.into_any()))
    }

    /// An item, with the reason if it is left out.
    fn row(&self, id: ApprovalId, why: Option<&str>) -> AnyView {
        let href = use_frame().href(&format!("/approvals/{id}"));
        let Some(item) = self.items.get(&id) else { return ().into_any() };
        let (word, tone) = match why {
            None => words::reversibility(item.reversibility),
            Some(_) => words::state(item),
        };
        let why = why.map(|why| view! { <p>{why.to_owned()}</p> });
        view! {
            <li class="entry">
                <div class="entry-main">
                    <a class="entry-title" href=href><Revealed text=item.title.clone()/></a>
                    <div class="meta"><span>{item.proposer.clone()}</span></div>
                    {why}
                </div>
                <Pill text=word tone=tone/>
            </li>
        }
        .into_any()
    }

    /// What decides; without anything to decide on, the way back.
    fn form(&self, flash: &Flash) -> AnyView {
        let back = self.list.clone();
        let decided: Vec<&Picked> =
            self.picked.iter().filter(|one| self.weighed.members.iter().flatten().any(|id| *id == one.id)).collect();
        if decided.is_empty() {
            return view! { <div><ButtonLink href=back>"Back to the list"</ButtonLink></div> }.into_any();
        }
        let picked = decided.into_iter().map(|one| {
            view! { <input type="hidden" name="picked[]" value=one.to_string()/> }
        });
        let picked = picked.collect_view();
        let rejects = self.verdict == Verdict::Reject;
        let (label, variant, press) = if rejects {
            ("Why? The agents are told.", Variant::Danger, "Reject these")
        } else {
            ("Note (may be empty)", Variant::Primary, "Approve these")
        };
        let wrong = flash.at("reason").or_else(|| flash.at("notes"));
        let invalid = wrong.is_some().then_some("true");
        // Browsers do not say on which page a form stands whose address is as long as that of a large selection.
        let action = format!("{}?workspace={}", DecideSeveral::url(), use_frame().data().workspace);
        view! {
            <form class="form" method="post" action=action>
                <input type="hidden" name="verdict" value=word(self.verdict)/>
                <input type="hidden" name="back" value=back.clone()/>
                {picked}
                <div class="field">
                    <label for="note">{label}</label>
                    <textarea
                        id="note" name="note" class="input" rows="2" maxlength="2000" required=rejects
                        aria-describedby="note-error" aria-invalid=invalid
                    ></textarea>
                    <p class="field-error" id="note-error" role="alert">{wrong}</p>
                </div>
                <div class="flex flex-wrap gap-2">
                    <Button variant=variant kind="submit">{press}</Button>
                    <ButtonLink href=back>"Back to the list"</ButtonLink>
                </div>
            </form>
        }
        .into_any()
    }
}

/// A card with items; `title`: what they come to.
fn card(title: String, rows: AnyView) -> AnyView {
    view! {
        <section class="card">
            <header class="card-header"><h2 class="entry-main text-sm font-semibold"><Revealed text=title/></h2></header>
            <ul class="entries">{rows}</ul>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use hyvve_domain::approvals::Verdict;

    use super::address_of;

    #[test]
    fn a_refused_form_leads_back_to_the_selection_and_keeps_the_list() {
        let picked = ["a.0".to_owned(), "b&c".to_owned()];
        assert_eq!(
            address_of("/w/x/approvals?tab=all&q=a%20b", Verdict::Reject, &picked),
            "/w/x/approvals/selected/decide?verdict=reject&picked=a.0&picked=b%26c&tab=all&q=a%20b"
        );
        assert_eq!(
            address_of("/w/x/approvals", Verdict::Approve, &picked[..1]),
            "/w/x/approvals/selected/decide?verdict=approve&picked=a.0"
        );
    }
}
