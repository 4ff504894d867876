//! How networks were trained.

use super::DesignFiles;
use super::value::list;
use crate::report_page::chart::{Chart, Entry, Mark};
use crate::report_page::html::escape;
use crate::report_page::number;
use crate::report_page::scale::Scale;

impl DesignFiles {
    /// Loss, sharpness and multiplier over epochs.
    pub(super) fn training(&self) -> String {
        let members = list(&self.found["training"]);
        let epochs = members.iter().map(|member| list(member).len()).max().unwrap_or(0);
        if epochs == 0 {
            return String::new();
        }
        let axis: Vec<f64> = (1..=epochs).map(|epoch| epoch as f64).collect();
        let columns = |key: &str| -> [Vec<f64>; 3] {
            let mut out = [Vec::new(), Vec::new(), Vec::new()];
            for epoch in 0..epochs {
                let values = members.iter().filter_map(|member| member[epoch][key].as_f64());
                let values: Vec<f64> = values.collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let low = values.iter().copied().fold(f64::NAN, f64::min);
                let high = values.iter().copied().fold(f64::NAN, f64::max);
                out.iter_mut()
                    .zip([mean, low, high])
                    .for_each(|(column, value)| column.push(value));
            }
            out
        };
        let charts = [
            ("loss", "Training loss", "mean over the batches of an epoch"),
            ("validation", "Loss on held-out rows", "a tenth of the rows, never learned from"),
            ("norm", "Sharpness", "gradient norm of the mean prediction in the weights"),
            ("multiplier", "Multiplier", "price of the sharpness in the training gradient"),
        ];
        let several = members.len() > 1;
        let chart = |(key, title, about): (&str, &str, &str)| {
            let [mean, low, high] = columns(key);
            if !mean.iter().any(|value| value.is_finite()) {
                return String::new();
            }
            let mut marks = Vec::new();
            if several {
                marks.push(Mark::Band { class: "range", low: &low, high: &high });
            }
            marks.push(Mark::Line { class: "mean", values: &mean });
            let last = mean.last().copied().unwrap_or(f64::NAN);
            Chart {
                class: "small",
                title: title.into(),
                about: match several {
                    true => format!("{about}; mean and range of {} networks", members.len()),
                    false => about.into(),
                },
                label: format!("{title} over epochs; at the end {}.", number::real(last, 4)),
                generations: &axis,
                axis: "epoch",
                scale: Scale::holding(low.iter().chain(&high), 4),
                marks,
                entries: vec![Entry { class: "mean", name: title.into(), values: Some(&mean) }],
            }
            .figure()
        };
        let figures: String = charts.into_iter().map(chart).collect();
        let regulariser = self.found["regulariser"].as_str().unwrap_or("none");
        format!(
            "<p class=\"unchanged\"><em>Regulariser</em> <span><b>{}</b></span></p>\n<div class=\"charts\">\n{figures}</div>\n",
            escape(regulariser)
        )
    }
}
