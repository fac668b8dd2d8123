//! How well the calibrated scores fit what people said: per agent and action, and as a reliability curve.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{
    Tally,
    calibration::{BANDS, EDGES},
    report_store as store,
};
use crate::Timestamp;
#[cfg(feature = "ssr")]
use crate::{Actor, Result, Role, services::Services};

/// How many bins the curve has.
pub const BINS: usize = 10;

/// What people said about one agent's actions of one tool, with one model and one set of instructions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Earned {
    /// The tool.
    pub tool: String,
    /// The agent's name; `None` when it is gone.
    pub agent: Option<String>,
    /// Its model.
    pub model: String,
    /// A fingerprint of its instructions.
    pub instructions: String,
    /// How often people agreed.
    pub agreed: u32,
    /// How often they did not.
    pub disagreed: u32,
    /// What the share of agreement is at least, 0 to 1, with 95 % confidence, per band of scores from the lowest.
    pub bands: Vec<Band>,
    /// Since when it counts: anew after the agent had become worse.
    pub since: Timestamp,
}

/// One band of scores.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Band {
    /// The lowest score in it.
    pub from: f64,
    /// Decisions in it.
    pub decisions: u32,
    /// The calibrated score of a proposal in it, 0 to 100.
    pub score: f64,
    /// What the share of agreement is at least, 0 to 100.
    pub at_least: f64,
    /// Whether there were decisions enough for it to mean anything.
    pub calibrated: bool,
}

/// One bin of the curve: proposals of which agreement seemed about this probable.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Bin {
    /// How many.
    pub count: i64,
    /// What was predicted on average, 0 to 1.
    pub predicted: f64,
    /// How often people agreed, 0 to 1.
    pub agreed: f64,
}

/// How well scores fit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Fit {
    /// What was said about predictions, in the last 90 days.
    pub count: i64,
    /// Mean squared distance of the prediction from what people said: 0 is perfect, 0.25 is guessing.
    pub brier: f64,
    /// Expected calibration error: the mean distance of the curve from the diagonal, weighted by how many.
    pub error: f64,
    /// From the lowest prediction; empty bins have a count of 0.
    pub bins: Vec<Bin>,
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "Calibration"))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Agents and actions, those with the most decisions first; the first 200.
    pub earned: Vec<Earned>,
    /// Of everything that people said.
    pub fit: Fit,
}

/// How well scores fit in this workspace.
#[cfg(feature = "ssr")]
pub async fn report(s: &Services, actor: &Actor) -> Result<Report> {
    actor.require(Role::can_decide, "see how scores fit")?;
    let mut tx = s.db.tenant(actor).await?;
    let tallies = store::tallies(&mut tx).await?;
    let cells = store::cells(&mut tx).await?;
    let (bins, squares) = store::bins(&mut tx).await?;
    let earned = cells
        .into_iter()
        .map(|found| {
            let all = tallies.iter().find(|(tool, _)| *tool == found.tool).map_or_else(Tally::default, |(_, all)| *all);
            let band = |at: usize| {
                let estimate = found.cell.estimate(all, at);
                Band {
                    from: EDGES[at],
                    decisions: estimate.in_band,
                    score: estimate.probability * 100.0,
                    at_least: estimate.at_least * 100.0,
                    calibrated: estimate.is_calibrated(),
                }
            };
            let total = found.cell.total();
            let (model, instructions) = found.setup.rsplit_once('#').unwrap_or((&found.setup, ""));
            Earned {
                model: model.to_owned(),
                instructions: instructions.to_owned(),
                agreed: total.agreed,
                disagreed: total.disagreed,
                bands: (0..BANDS).map(band).collect(),
                tool: found.tool,
                agent: found.agent,
                since: found.since,
            }
        })
        .collect();
    Ok(Report { earned, fit: fit(bins, squares) })
}

/// Of bins and the sum of all squared distances.
#[cfg(feature = "ssr")]
fn fit(bins: Vec<Bin>, squares: f64) -> Fit {
    let count: i64 = bins.iter().map(|bin| bin.count).sum();
    if count == 0 {
        return Fit { bins, ..Fit::default() };
    }
    let distances: f64 = bins.iter().map(|bin| bin.count as f64 * (bin.predicted - bin.agreed).abs()).sum();
    Fit { count, brier: squares / count as f64, error: distances / count as f64, bins }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_distance_from_the_diagonal_weighted_by_how_many() {
        let bins = vec![
            Bin { count: 90, predicted: 0.9, agreed: 0.9 },
            Bin { count: 10, predicted: 0.5, agreed: 0.3 },
            Bin::default(),
        ];
        let found = fit(bins, 11.0);
        assert!((found.error - 0.02).abs() < 1e-9 && (found.brier - 0.11).abs() < 1e-9);
        assert_eq!(fit(Vec::new(), 0.0), Fit::default());
    }
}
