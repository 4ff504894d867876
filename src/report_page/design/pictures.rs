//! Pictures of a shortlist: predicted against measured, rows and candidates in two directions.

use serde_json::Value;

use super::DesignFiles;
use super::value::{list, points, verdict, word};
use crate::report_page::number;
use crate::report_page::scatter::{Point, Scatter};

/// Points of a picture; of more, an even sample.
const POINTS_MAX: usize = 800;

impl DesignFiles {
    /// Predicted against measured.
    pub(super) fn agreement(&self, points: Vec<(f64, f64)>, title: &str, about: &str) -> String {
        if points.is_empty() {
            return String::new();
        }
        let target = word(&self.found["target"]);
        let shown = thinned(&points).map(|(predicted, measured)| Point {
            x: *predicted,
            y: *measured,
            class: "row",
            weight: 0.55,
            title: String::new(),
            label: String::new(),
        });
        Scatter {
            title: title.into(),
            about: about.into(),
            alt: format!("{title}: {} points, {about}.", points.len()),
            axes: [format!("predicted {target}"), format!("measured {target}")],
            agree: true,
            points: shown.collect(),
            entries: Vec::new(),
        }
        .figure()
    }

    pub(super) fn left_out(&self) -> String {
        let share = |at: usize| {
            let share = self.found["coverage"][at].as_f64();
            share.map_or("–".into(), |share| number::fixed(100.0 * share, 0))
        };
        let about = format!(
            "each row predicted by a fit without it; {} % lay in their 80 % interval, {} % in that of 95 %",
            share(0),
            share(1)
        );
        self.agreement(points(&self.found["left_out"]), "Predicted against measured", &about)
    }

    /// Rows and candidates in two directions.
    pub(super) fn map(&self) -> String {
        let rows = list(&self.found["pictured"]);
        let scores: Vec<f64> = rows.iter().filter_map(|row| row[2].as_f64()).collect();
        let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let maximize = self.found["maximize"] == true;
        let target = word(&self.found["target"]);
        let row = |row: &Value| {
            let score = row[2].as_f64()?;
            let share = if high > low { (score - low) / (high - low) } else { 0.5 };
            Some(Point {
                x: row[0].as_f64()?,
                y: row[1].as_f64()?,
                class: "row",
                weight: 0.12 + 0.78 * if maximize { share } else { 1.0 - share },
                title: format!("line {}: {target} {}", row[3], self.score(&row[2])),
                label: String::new(),
            })
        };
        let candidate = |(at, candidate): (usize, &Value)| {
            Some(Point {
                x: candidate["place"][0].as_f64()?,
                y: candidate["place"][1].as_f64()?,
                class: verdict(candidate),
                weight: 1.0,
                title: format!(
                    "candidate {}: {}, predicted {}",
                    at + 1,
                    word(&candidate["verdict"]),
                    self.score(&candidate["predicted"])
                ),
                label: if at < 24 { (at + 1).to_string() } else { String::new() },
            })
        };
        let candidates = list(&self.found["candidates"]);
        let shown = thinned(rows).filter_map(row);
        let shown: Vec<Point> =
            shown.chain(candidates.iter().enumerate().filter_map(candidate)).collect();
        if shown.is_empty() {
            return String::new();
        }
        let axis = |at: usize, name: &str| match self.found["shares"][at].as_f64() {
            Some(share) => format!("{name}, {} % of the variance", number::fixed(100.0 * share, 0)),
            None => name.to_owned(),
        };
        let mut entries = vec![("row", "rows, the better the stronger".to_owned())];
        for class in ["build", "explore", "abstain"] {
            if candidates.iter().any(|candidate| verdict(candidate) == class) {
                entries.push((class, format!("candidates: {class}")));
            }
        }
        Scatter {
            title: "Rows and candidates".into(),
            about: "designs in the two directions in which the table varies most".into(),
            alt: format!("{} rows and {} candidates.", rows.len(), candidates.len()),
            axes: [axis(0, "first direction"), axis(1, "second direction")],
            agree: false,
            points: shown,
            entries,
        }
        .figure()
    }
}

/// An even sample.
fn thinned<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(POINTS_MAX).max(1))
}
