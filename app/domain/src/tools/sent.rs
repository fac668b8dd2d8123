//! After an effect that sent mail: its record, and the `.eml` file on wish.

use serde_json::{Map, Value};

use super::send_email;
use crate::{
    Result,
    db::TenantTx,
    ids::EffectId,
    mail::{Mailer, Outgoing},
};

/// Records what left, in the transaction that ends the effect.
pub(crate) async fn note(
    tx: &mut TenantTx,
    tool: &str,
    arguments: &Map<String, Value>,
    effect: EffectId,
) -> Result<()> {
    if tool == send_email::NAME { send_email::note_sent(tx, arguments, effect).await } else { Ok(()) }
}

/// Writes the mail as a file where a folder is configured. A full disk is logged; the effect has ended all the same.
pub(crate) async fn write_eml(mailer: &Mailer, tool: &str, arguments: &Map<String, Value>, effect: EffectId) {
    if tool != send_email::NAME {
        return;
    }
    let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default();
    let mail = Outgoing { id: effect.0, to: text("to"), subject: text("subject"), text: text("body"), html: None };
    if let Err(e) = mailer.write_eml(&mail).await {
        tracing::warn!(effect = %effect, error.message = %e, "the mail's file could not be written");
    }
}
