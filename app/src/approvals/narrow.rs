//! How the queue is narrowed down: what the address says of it, and the form that writes it there. A plain form, so that it works
//! without JavaScript, and can be sent to somebody.

use std::fmt::Write as _;

use hyvve_domain::{
    approvals::{filter::Sort, saved::SavedFilter},
    ids::{AgentId, UserId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::ServerFn as _;

use super::{
    address::{Address, Tab},
    api::{RemoveFilter, RenameFilter, SaveFilter},
};
use crate::{
    agents::tool_label,
    ui::{Button, Variant},
};

/// What the address says, as it stands there. What makes no sense counts as not said.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Narrowed {
    /// A status, where the tab leaves one open.
    pub status: String,
    /// A tool.
    pub tool: String,
    /// An agent.
    pub agent: String,
    /// `me`, `nobody` or a person.
    pub assignee: String,
    /// `quick` or `full`.
    pub review: String,
    /// `true`: only what was to be decided by now.
    pub overdue: String,
    /// Words of the title.
    pub q: String,
    /// The order.
    pub sort: String,
}

impl Narrowed {
    /// As `read` finds it under the names that addresses use.
    pub(super) fn read(read: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name| read(name).unwrap_or_default();
        Self {
            status: get("status"),
            tool: get("type"),
            agent: get("agent"),
            assignee: get("assignee"),
            review: get("review"),
            overdue: get("overdue"),
            q: get("q"),
            sort: get("sort"),
        }
    }

    /// Under the names that addresses use.
    pub(super) fn pairs(&self) -> [(&'static str, &str); 8] {
        [
            ("status", &self.status),
            ("type", &self.tool),
            ("agent", &self.agent),
            ("assignee", &self.assignee),
            ("review", &self.review),
            ("overdue", &self.overdue),
            ("q", &self.q),
            ("sort", &self.sort),
        ]
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }

    /// As parts of an address.
    pub(super) fn query(&self) -> Vec<String> {
        let said = self.pairs().into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={}", escaped(value))).collect()
    }
}

/// As a part of an address: the same on both sides, which the router's own way of it is not.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

#[cfg(feature = "ssr")]
mod ask {
    use hyvve_domain::approvals::{
        Filter, Status,
        filter::{Narrow, Query, Sort},
        routing::Review,
    };

    use super::{Narrowed, Tab};

    impl Narrowed {
        /// What a tab asks of the queue, narrowed down so.
        pub(crate) fn filter(&self, tab: Tab) -> Filter {
            let mut filter = tab.filter();
            let wide = matches!(tab, Tab::Decided | Tab::All);
            if let Some(status) = Status::parse(&self.status).filter(|_| wide) {
                filter.status = Some(status);
            }
            let text = |value: &String| Some(value.clone()).filter(|value| !value.is_empty());
            let waits = filter.status == Some(Status::Pending);
            filter.tool = text(&self.tool);
            filter.narrow = Narrow {
                agent: self.agent.parse().ok(),
                assignee: self.assignee.parse().ok(),
                review: text(&self.review).map(|word| Review::parse(&word)),
                overdue: self.overdue == "true",
                text: text(&self.q),
                sort: Sort::parse(&self.sort).filter(|sort| waits || !sort.is_of_what_waits()).unwrap_or_default(),
            };
            filter
        }

        /// The tab and the rest, as it is saved.
        pub(crate) fn query_of(&self, tab: Tab) -> Query {
            let Filter { status, tool, decided, sampled, narrow } = self.filter(tab);
            let Narrow { agent, assignee, review, overdue, text, sort } = narrow;
            Query { status, tool, decided, sampled, agent, assignee, review, overdue, q: text, sort }
        }
    }
}

/// The tab that shows a saved filter, and what the address then says.
fn opened(saved: &SavedFilter) -> (Tab, Narrowed) {
    use hyvve_domain::approvals::Status;

    let filter = &saved.filter;
    let (tab, status) = match filter.status {
        _ if filter.sampled => (Tab::Sampled, None),
        Some(Status::Pending) => (Tab::Waiting, None),
        Some(Status::AutoApproved) => (Tab::Automatic, None),
        status if filter.decided => (Tab::Decided, status),
        status => (Tab::All, status),
    };
    let word = |value: Option<String>| value.unwrap_or_default();
    let narrowed = Narrowed {
        status: word(status.map(|status| status.as_str().to_owned())),
        tool: word(filter.tool.clone()),
        agent: word(filter.agent.map(|agent| agent.to_string())),
        assignee: word(filter.assignee.map(|whose| whose.to_string())),
        review: word(filter.review.map(|review| review.as_str().to_owned())),
        overdue: word(filter.overdue.then(|| "true".to_owned())),
        q: word(filter.q.clone()),
        sort: word(Some(filter.sort).filter(|sort| *sort != Sort::default()).map(|sort| sort.as_str().to_owned())),
    };
    (tab, narrowed)
}

/// The path in the workspace that opens a saved filter.
#[cfg(feature = "ssr")]
pub(super) fn path_of(saved: &SavedFilter) -> String {
    let (tab, narrowed) = opened(saved);
    super::address::path(None, tab, &narrowed, 1)
}

/// What there is to choose from, and what somebody has saved.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Choices {
    /// One's own, by their names.
    pub saved: Vec<SavedFilter>,
    /// Agents of the workspace.
    pub agents: Vec<(AgentId, String)>,
    /// Those who may decide.
    pub people: Vec<(UserId, String)>,
    /// Tools that act.
    pub tools: Vec<String>,
}

/// Saved filters as links, and the form that narrows down.
pub(super) fn filters(choices: &Choices, address: Address) -> AnyView {
    let saved = choices.saved.iter().map(|one| {
        let (tab, narrowed) = opened(one);
        let current = tab == address.tab.get() && narrowed == address.narrowed.get();
        let (href, name) = (address.narrowed_to(tab, &narrowed), one.name.clone());
        view! { <li><a class="chip" href=href aria-current=current.then_some("true")>{name}</a></li> }
    });
    let saved = saved.collect_view();
    let saved = (!choices.saved.is_empty())
        .then(|| view! { <nav aria-label="Saved filters"><ul class="saved-filters">{saved}</ul></nav> });
    let is_narrowed = !address.narrowed.get().is_empty();
    // What waits for a second look comes in one order and is not narrowed down.
    if address.tab.get() == Tab::Sampled {
        return view! { <div class="filters">{saved}</div> }.into_any();
    }
    view! {
        <div class="filters">
            {saved}
            <details class="more" open=is_narrowed>
                <summary>{if is_narrowed { "Filter, in use" } else { "Filter" }}</summary>
                {form(choices, address)}
                {is_narrowed.then(|| save_form(address))}
                {own(&choices.saved)}
            </details>
        </div>
    }
    .into_any()
}

fn form(choices: &Choices, address: Address) -> AnyView {
    let (tab, now) = (address.tab.get(), address.narrowed.get());
    let words = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    let mut tools = vec![words("", "Any type")];
    tools.extend(choices.tools.iter().map(|tool| (tool.clone(), tool_label(tool))));
    let mut agents = vec![words("", "Any agent")];
    agents.extend(choices.agents.iter().map(|(id, name)| (id.to_string(), name.clone())));
    let mut people = vec![words("", "Anybody"), words("me", "Me"), words("nobody", "Nobody")];
    people.extend(choices.people.iter().map(|(id, name)| (id.to_string(), name.clone())));
    let looks = [words("", "Any look"), words("quick", "Quick review"), words("full", "Full review")];
    let waits = tab == Tab::Waiting;
    let orders = Sort::ALL.into_iter().filter(|sort| waits || !sort.is_of_what_waits());
    let orders: Vec<_> = orders
        .map(|sort| if sort == Sort::default() { words("", sort.label()) } else { words(sort.as_str(), sort.label()) })
        .collect();
    let statuses = matches!(tab, Tab::Decided | Tab::All).then(|| {
        use hyvve_domain::approvals::Status;
        let mut all = vec![words("", "Any status")];
        let shown = Status::ALL.into_iter().filter(|status| tab == Tab::All || *status != Status::Pending);
        all.extend(shown.map(|status| words(status.as_str(), status.label())));
        choice("status", "Status", &all, &now.status)
    });
    let overdue = now.overdue == "true";
    let overdue = waits.then(|| {
        view! {
            <label class="check-line">
                <input class="check" type="checkbox" name="overdue" value="true" checked=overdue/>
                "Overdue only"
            </label>
        }
    });
    let hidden = (tab != Tab::default()).then(|| view! { <input type="hidden" name="tab" value=tab.word()/> });
    let (action, all) = (address.of(None, Tab::default(), 1), address.narrowed_to(tab, &Narrowed::default()));
    let action = action.split('?').next().unwrap_or_default().to_owned();
    view! {
        <form class="form filter-form" method="get" action=action role="search" aria-label="Filter the queue">
            {hidden}
            <div class="field">
                <label for="filter-q">"Words of the title"</label>
                <input class="input" id="filter-q" type="search" name="q" value=now.q.clone() maxlength="200" autocomplete="off"/>
            </div>
            {choice("type", "Type", &tools, &now.tool)}
            {choice("agent", "Agent", &agents, &now.agent)}
            {choice("assignee", "Who is asked", &people, &now.assignee)}
            {choice("review", "Look", &looks, &now.review)}
            {statuses}
            {choice("sort", "Order", &orders, &now.sort)}
            {overdue}
            <div class="flex flex-wrap gap-2">
                <Button variant=Variant::Primary kind="submit">"Show"</Button>
                <a class="btn" href=all>"Show all"</a>
            </div>
        </form>
    }
    .into_any()
}

fn choice(name: &'static str, label: &'static str, options: &[(String, String)], chosen: &str) -> AnyView {
    let id = format!("filter-{name}");
    let option = |(value, words): &(String, String)| {
        let (selected, value, words) = (value == chosen, value.clone(), words.clone());
        view! { <option value=value selected=selected>{words}</option> }
    };
    let options = options.iter().map(option).collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select class="input" id=id name=name>{options}</select>
        </div>
    }
    .into_any()
}

/// Keeps what shows under a name.
fn save_form(address: Address) -> AnyView {
    let (tab, now) = (address.tab.get(), address.narrowed.get());
    let fields = now.pairs().map(|(name, value)| {
        let (name, value) = (format!("narrowed[{}]", if name == "type" { "tool" } else { name }), value.to_owned());
        view! { <input type="hidden" name=name value=value/> }
    });
    let fields = fields.collect_view();
    view! {
        <form class="form" method="post" action=SaveFilter::url()>
            <input type="hidden" name="tab" value=tab.word()/>
            {fields}
            <div class="field">
                <label for="filter-name">"Save this filter as"</label>
                <input class="input" id="filter-name" name="name" maxlength="80" required=true autocomplete="off"/>
            </div>
            <div><Button kind="submit">"Save"</Button></div>
        </form>
    }
    .into_any()
}

/// Naming one's own anew, and removing them.
fn own(saved: &[SavedFilter]) -> AnyView {
    if saved.is_empty() {
        return ().into_any();
    }
    let rows = saved.iter().map(|one| {
        let (id, name) = (one.id.to_string(), one.name.clone());
        let (label, renamed, removed) = (format!("Name of the filter {name}"), name.clone(), name.clone());
        view! {
            <li>
                <form class="form-line" method="post" action=RenameFilter::url()>
                    <input type="hidden" name="id" value=id.clone()/>
                    <input class="input" name="name" value=name maxlength="80" required=true aria-label=label autocomplete="off"/>
                    <Button kind="submit">"Rename"<span class="sr-only">" the filter "{renamed}</span></Button>
                </form>
                <form method="post" action=RemoveFilter::url()>
                    <input type="hidden" name="id" value=id/>
                    <Button variant=Variant::Danger kind="submit">"Remove"<span class="sr-only">" the filter "{removed}</span></Button>
                </form>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <details class="more">
            <summary>"Saved filters"</summary>
            <ul class="own-filters">{rows}</ul>
        </details>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use hyvve_domain::{
        approvals::{Status, filter::Query, saved::SavedFilter},
        ids::FilterId,
    };

    use super::*;

    #[test]
    fn a_saved_filter_opens_as_what_was_saved() {
        let now = hyvve_domain::Timestamp::now();
        for tab in Tab::EACH {
            let status = if matches!(tab, Tab::Decided | Tab::All) { "rejected" } else { "" };
            let narrowed = Narrowed {
                status: status.to_owned(),
                tool: "send_email".to_owned(),
                assignee: "me".to_owned(),
                q: "Ada".to_owned(),
                sort: "oldest".to_owned(),
                ..Narrowed::default()
            };
            let filter = narrowed.query_of(tab);
            let saved = SavedFilter { id: FilterId::new(), name: String::new(), filter, created_at: now };
            let (opened_tab, again) = opened(&saved);
            assert_eq!((opened_tab, &again), (tab, &narrowed));
        }
        // An order that there is only of what waits is none elsewhere.
        let due = Narrowed { sort: "due".to_owned(), ..Narrowed::default() };
        assert_eq!(due.filter(Tab::Waiting).narrow.sort, Sort::Due);
        assert_eq!(due.filter(Tab::All).narrow.sort, Sort::Newest);
        let query = Query { status: Some(Status::TimedOut), ..Query::default() };
        let saved = SavedFilter { id: FilterId::new(), name: String::new(), filter: query, created_at: now };
        assert_eq!(opened(&saved).0, Tab::All);
    }
}
