//! What the command menu has besides places: what can be done with the approval that is open, one's own filters, and the ways into
//! the settings. The menu fetches this page when it is opened for the first time; to look at, it is a list of links.

use leptos::prelude::*;

use crate::{
    ApiError, approvals,
    settings::{policy_commands, section_commands},
    shell::{Command, Visit, use_frame},
    ui::PageHeader,
};

/// The page at `/w/{workspace}/commands`.
pub(crate) async fn commands_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let role = use_frame().data().role;
    let mut commands = approvals::commands(visit, role).await?;
    commands.extend(section_commands(role));
    commands.extend(policy_commands(visit, role).await?);
    let link = |(href, name): (String, String)| view! { <li class="entry"><a class="link" href=href>{name}</a></li> };
    let links = commands.iter().filter_map(Command::link).map(link).collect_view();
    let options = commands.into_iter().enumerate();
    let options = options.map(|(number, command)| command.option(format!("command-more-{number}"), None));
    let options = options.collect_view();
    let page = view! {
        <div class="page">
            <PageHeader title="Commands" lead="Ways into the settings, and your own filters of the queue. Ctrl-K and ⌘K find them from everywhere."/>
            <ul class="entries card">{links}</ul>
            <template id="more-commands">{options}</template>
        </div>
    };
    Ok(page.into_any())
}
