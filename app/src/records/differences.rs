//! A record's changes, as the interface shows differences.

use hyvve_domain::records::FieldChange;

use crate::ui::Difference;

/// One row per field.
pub(crate) fn differences(changes: Vec<FieldChange>) -> Vec<Difference> {
    let row = |FieldChange { label, before, after, .. }: FieldChange| Difference { label, before, after };
    changes.into_iter().map(row).collect()
}
