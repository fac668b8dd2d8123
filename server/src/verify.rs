//! `hyvve audit verify`: reads every audit log from the first row to the last, and compares.

use std::io::Write;

use anyhow::{Result, bail};
use hyvve_domain::{
    audit::{self, Verdict, service::Verified},
    services::Services,
};

/// Verifies one workspace, or all, and writes a line for each. Answers whether all are whole.
pub async fn run(services: &Services, workspace: Option<&str>, out: &mut impl Write) -> Result<bool> {
    let Verified { mut verdicts, purged } = audit::service::verify_all(services).await?;
    if let Some(slug) = workspace {
        verdicts.retain(|(found, _)| found == slug);
        if verdicts.is_empty() {
            bail!("there is no workspace {slug:?}");
        }
    }
    for (slug, verdict) in &verdicts {
        writeln!(out, "{slug}: {}", in_words(verdict))?;
    }
    if workspace.is_none() && purged > 0 {
        writeln!(out, "purged by HYVVE itself, as it has signed: {purged}")?;
    }
    Ok(verdicts.iter().all(|(_, verdict)| verdict.first_bad.is_none()))
}

fn in_words(Verdict { rows, anchored, first_bad }: &Verdict) -> String {
    match first_bad {
        Some(flaw) => format!("BROKEN at row {}: {}", flaw.seq, flaw.what),
        None if anchored < rows => format!("whole, {rows} rows; rows {} to {rows} are not anchored yet", anchored + 1),
        None => format!("whole, {rows} rows, all anchored"),
    }
}

#[cfg(test)]
mod tests {
    use hyvve_domain::audit::Flaw;

    use super::*;

    #[test]
    fn a_verdict_names_the_first_bad_row_or_what_is_not_anchored() {
        let whole = Verdict { rows: 9, anchored: 9, first_bad: None };
        assert_eq!(in_words(&whole), "whole, 9 rows, all anchored");
        assert_eq!(
            in_words(&Verdict { anchored: 7, ..whole.clone() }),
            "whole, 9 rows; rows 8 to 9 are not anchored yet"
        );
        let flaw = Flaw { seq: 3, what: "its hash does not match".to_owned() };
        assert_eq!(in_words(&Verdict { first_bad: Some(flaw), ..whole }), "BROKEN at row 3: its hash does not match");
    }
}
