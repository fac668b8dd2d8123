//! Letters to those who decide, when nobody knows whether something was carried out: a consumer of events, since it must neither be
//! forgotten nor hold up what it is about.

use serde_json::Value;

use super::reminders::recipients;
use crate::{
    Result,
    db::TenantTx,
    events::Event,
    mail::letters::{Letter, post},
    services::Services,
    workspaces,
};

/// The name of this consumer, for ever.
pub const CONSUMER: &str = "unknown-effects";

/// Writes about every effect of which it has turned out that nobody knows what became of it.
pub async fn tell(s: &Services, tx: &mut TenantTx, events: &[Event]) -> Result<()> {
    for event in events.iter().filter(|event| event.name == "effect.unknown") {
        let Some(item) = event.subject_id else { continue };
        let title = event.payload.get("title").and_then(Value::as_str).unwrap_or("Something that was approved");
        let here = workspaces::service::of(tx).await?;
        let page = format!("{}/w/{}/approvals/{item}", s.settings.public_url, here.slug);
        for person in recipients(tx).await? {
            let cause = format!("unknown:{}:{}", event.id, person.id);
            let letter = Letter::new(cause, &person.email, &format!("Was it carried out? {title}"))
                .line(&format!("Hello {},", person.name))
                .line(&format!("In “{}” this was approved and begun:", here.name))
                .line(&format!("• {title}"))
                .line(
                    "Nobody knows whether it happened: the answer never came. HYVVE does not try it again, because it may \
                     have happened. Please look, and say what you found.",
                )
                .action("Say what became of it", &page)
                .line("You can do without these mails: Account → Profile.");
            post(tx.conn(), s, letter).await?;
        }
    }
    Ok(())
}
