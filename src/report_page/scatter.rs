//! A picture of points: as wide as the page lets it, readable without scripts; what lies under the pointer is told by the browser.

use std::fmt::Write;

use super::html::escape;
use super::scale::{Scale, Tick};

/// A point.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Its colour and size, in `style.css`.
    pub(super) class: &'static str,
    /// How strongly it is drawn, from 0 to 1.
    pub(super) weight: f64,
    /// What is told of it; nothing if empty.
    pub(super) title: String,
    /// What is written beside it; nothing if empty.
    pub(super) label: String,
}

/// A picture of points.
#[derive(Debug)]
pub(super) struct Scatter {
    pub(super) title: String,
    /// What is drawn, in a few words under the title.
    pub(super) about: String,
    /// The same for those who cannot see it.
    pub(super) alt: String,
    /// Names of the axes.
    pub(super) axes: [String; 2],
    /// Whether both axes are the same, and where they agree is drawn.
    pub(super) agree: bool,
    pub(super) points: Vec<Point>,
    /// Classes and what they mean.
    pub(super) entries: Vec<(&'static str, String)>,
}

impl Scatter {
    /// The picture as a `<figure>`.
    pub(super) fn figure(&self) -> String {
        let mut legend = String::new();
        for (class, name) in &self.entries {
            let _ = write!(
                legend,
                "<li><i class=\"spot {class}\" aria-hidden=\"true\"></i>{}</li>",
                escape(name)
            );
        }
        if !legend.is_empty() {
            legend = format!("<ul class=\"legend\">{legend}</ul>\n");
        }
        format!(
            "<figure class=\"scatter\">\n<figcaption><h2>{}</h2><p>{}</p></figcaption>\n{legend}\
             <div class=\"plot\">\n{}</div>\n</figure>\n",
            escape(&self.title),
            escape(&self.about),
            self.svg(),
        )
    }

    fn svg(&self) -> String {
        let [across, up] = self.scales();
        let mut out = format!("<svg role=\"img\" aria-label=\"{}\">\n", escape(&self.alt));
        for Tick { at, label } in up.ticks() {
            let y = percent(1.0 - at);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text class=\"y\" x=\"-8\" y=\"{y}\" dy=\".32em\">{label}</text>"
            );
        }
        for Tick { at, label } in across.ticks() {
            let x = percent(at);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y2=\"100%\"/>\
                 <text class=\"x\" x=\"{x}\" y=\"100%\" dy=\"1.5em\">{label}</text>"
            );
        }
        let [x, y] = [0, 1].map(|at| escape(&self.axes[at]));
        let _ = writeln!(
            out,
            "<text class=\"axis\" x=\"100%\" y=\"100%\" dy=\"2.9em\">{x}</text>\
             <text class=\"up\" x=\"0\" y=\"0\" dy=\"-.6em\">{y}</text>"
        );
        if self.agree {
            out.push_str("<line class=\"agree\" x1=\"0\" y1=\"100%\" x2=\"100%\" y2=\"0\"/>\n");
        }
        for point in self.points.iter().filter(|p| p.x.is_finite() && p.y.is_finite()) {
            let (x, y) = (percent(across.at(point.x)), percent(1.0 - up.at(point.y)));
            let title = match point.title.as_str() {
                "" => String::new(),
                title => format!("<title>{}</title>", escape(title)),
            };
            let _ = writeln!(
                out,
                "<circle class=\"{}\" cx=\"{x}\" cy=\"{y}\" opacity=\"{:.2}\">{title}</circle>",
                point.class, point.weight
            );
            if !point.label.is_empty() {
                let label = escape(&point.label);
                let class = point.class;
                let _ = writeln!(
                    out,
                    "<text class=\"beside {class}\" x=\"{x}\" y=\"{y}\" dx=\"7\" dy=\"-.35em\">{label}</text>"
                );
            }
        }
        out + "</svg>\n"
    }

    fn scales(&self) -> [Scale; 2] {
        let ends = |of: fn(&Point) -> f64| {
            let values = self.points.iter().map(of).filter(|v| v.is_finite());
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let (mut x, mut y) = (ends(|p| p.x), ends(|p| p.y));
        if self.agree {
            let both = (x.0.min(y.0), x.1.max(y.1));
            (x, y) = (both, both);
        }
        [x, y].map(|(low, high)| match low <= high {
            true => Scale::linear(low, high, 5),
            false => Scale::linear(0.0, 1.0, 5),
        })
    }
}

fn percent(at: f64) -> String {
    format!("{:.2}%", at * 100.0)
}
