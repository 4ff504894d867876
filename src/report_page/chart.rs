//! One chart: scalable, readable on a phone, with a read-out where scripts run.
//!
//! The drawing is as wide as the page lets it: marks live in an inner `<svg>` whose 1000 × 1000 units are stretched
//! over the plot, strokes and text live outside it and are not stretched.

use std::fmt::Write;

use super::html::{escape, json_string};
use super::scale::{Scale, Tick};
use super::thin;

/// Something drawn; `class` is its colour and its way of being drawn, in `style.css`.
#[derive(Debug)]
pub(super) enum Mark<'a> {
    /// The area between two columns.
    Band { class: &'static str, low: &'a [f64], high: &'a [f64] },
    /// A column.
    Line { class: &'static str, values: &'a [f64] },
    /// A level across the whole plot, with its name.
    Level { class: &'static str, at: f64, name: String },
}

/// An entry of the legend and of the read-out.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) class: &'static str,
    pub(super) name: String,
    /// What the read-out shows; without it the entry is in the legend only.
    pub(super) values: Option<&'a [f64]>,
}

/// A chart over generations, or what else grows from row to row.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    pub(super) class: &'static str,
    pub(super) title: String,
    /// What is drawn, in a few words under the title.
    pub(super) about: String,
    /// The same for those who cannot see it.
    pub(super) label: String,
    /// Where each row lies on the horizontal axis.
    pub(super) generations: &'a [f64],
    /// What that axis counts.
    pub(super) axis: &'static str,
    pub(super) scale: Scale,
    pub(super) marks: Vec<Mark<'a>>,
    pub(super) entries: Vec<Entry<'a>>,
}

/// Rows that the read-out knows.
const READ_OUT_ROWS: usize = 400;

impl Chart<'_> {
    /// The chart as a `<figure>`.
    pub(super) fn figure(&self) -> String {
        format!(
            "<figure class=\"chart {}\">\n<figcaption><h2>{}</h2><p>{}</p></figcaption>\n{}\
             <div class=\"plot\">\n{}</div>\n{}</figure>\n",
            self.class,
            escape(&self.title),
            escape(&self.about),
            self.legend(),
            self.svg(),
            self.read_out(),
        )
    }

    fn generation_scale(&self) -> Scale {
        let first = self.generations.first().copied().unwrap_or(0.0);
        let last = self.generations.last().copied().unwrap_or(first);
        // Long labels need room, also on a phone.
        let about = if self.class == "large" && last < 1e4 { 8 } else { 5 };
        Scale::generations(first, last, about)
    }

    fn legend(&self) -> String {
        if self.entries.len() < 2 {
            return String::new();
        }
        let mut out = String::from("<ul class=\"legend\">");
        for entry in &self.entries {
            let _ = write!(
                out,
                "<li><i class=\"key {}\" aria-hidden=\"true\"></i>{}</li>",
                entry.class,
                escape(&entry.name)
            );
        }
        out + "</ul>\n"
    }

    fn svg(&self) -> String {
        let mut out = format!("<svg role=\"img\" aria-label=\"{}\">\n", escape(&self.label));
        for Tick { at, label } in self.scale.ticks() {
            let y = percent(1.0 - at);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text class=\"y\" x=\"-8\" y=\"{y}\" dy=\".32em\">{label}</text>"
            );
        }
        for Tick { at, label } in self.generation_scale().whole_ticks() {
            let x = percent(at);
            let _ = writeln!(
                out,
                "<line class=\"tick\" x1=\"{x}\" x2=\"{x}\" y1=\"100%\" y2=\"100%\"/>\
                 <text class=\"x\" x=\"{x}\" y=\"100%\" dy=\"1.5em\">{label}</text>"
            );
        }
        let _ = write!(
            out,
            "<text class=\"axis\" x=\"100%\" y=\"100%\" dy=\"2.9em\">{}</text>\n\
             <svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\">\n",
            self.axis
        );
        self.marks.iter().for_each(|mark| self.draw(mark, &mut out));
        out.push_str("</svg>\n");
        self.marks.iter().for_each(|mark| self.write_name(mark, &mut out));
        out + "</svg>\n"
    }

    fn draw(&self, mark: &Mark<'_>, out: &mut String) {
        let xs = self.generations;
        match mark {
            Mark::Band { class, low, high } => {
                self.outline(class, &thin::band(xs, low, high), out);
            }
            Mark::Line { class, values } => {
                if thin::is_long(xs.len()) {
                    self.outline(
                        &format!("{class} extremes"),
                        &thin::band(xs, values, values),
                        out,
                    );
                }
                self.polyline(class, &thin::line(xs, values), out);
            }
            Mark::Level { class, at, .. } => {
                put_path(class, &format!("M0 {}H1000", self.y(*at)), out)
            }
        }
    }

    fn write_name(&self, mark: &Mark<'_>, out: &mut String) {
        if let Mark::Level { class, at, name } = mark {
            let y = percent(1.0 - self.scale.at(*at));
            let name = escape(name);
            let _ = writeln!(
                out,
                "<text class=\"name {class}\" x=\"4\" y=\"{y}\" dy=\"-.5em\">{name}</text>"
            );
        }
    }

    /// A point by itself becomes a stroke without length, whose round caps are a dot.
    fn polyline(&self, class: &str, points: &[(f64, f64)], out: &mut String) {
        let scale = self.generation_scale();
        let (mut lines, mut dots) = (String::new(), String::new());
        for run in points.split(|(_, y)| !y.is_finite()) {
            let places = run.iter().map(|&(x, y)| (units(scale.at(x)), self.y(y)));
            match run.len() {
                1 => put_points(places, "h0", &mut dots),
                _ => put_points(places, "", &mut lines),
            }
        }
        put_path(class, &lines, out);
        put_path(&format!("{class} lone"), &dots, out);
    }

    /// A band of one generation becomes a stroke from its high to its low end.
    fn outline(&self, class: &str, points: &[(f64, f64, f64)], out: &mut String) {
        let scale = self.generation_scale();
        let (mut areas, mut strokes) = (String::new(), String::new());
        for run in points.split(|(_, low, high)| !(low.is_finite() && high.is_finite())) {
            let upper = run.iter().map(|&(x, _, high)| (x, high));
            let lower = run.iter().rev().map(|&(x, low, _)| (x, low));
            let places = upper.chain(lower).map(|(x, y)| (units(scale.at(x)), self.y(y)));
            match run.len() {
                1 => put_points(places, "", &mut strokes),
                _ => put_points(places, "Z", &mut areas),
            }
        }
        put_path(class, &areas, out);
        put_path(&format!("{class} lone"), &strokes, out);
    }

    fn y(&self, value: f64) -> String {
        units(1.0 - self.scale.at(value))
    }

    /// Some rows as JSON, for the script of the page.
    fn read_out(&self) -> String {
        let rows = thin::rows(self.generations.len(), READ_OUT_ROWS);
        let list = |column: &[f64]| {
            let values: Vec<String> = rows.iter().map(|&row| json_number(column[row])).collect();
            format!("[{}]", values.join(","))
        };
        let entry = |entry: &Entry<'_>| {
            let values = list(entry.values?);
            let name = json_string(&entry.name);
            Some(format!("{{\"name\":{name},\"class\":\"{}\",\"values\":{values}}}", entry.class))
        };
        let entries: Vec<String> = self.entries.iter().filter_map(entry).collect();
        format!(
            "<script type=\"application/json\">{{\"axis\":\"{}\",\"low\":{:?},\"high\":{:?},\"shape\":\"{:?}\",\
             \"generations\":{},\"entries\":[{}]}}</script>\n",
            self.axis,
            self.scale.low,
            self.scale.high,
            self.scale.shape,
            list(self.generations),
            entries.join(",")
        )
    }
}

/// Adds a polyline to a path, and what ends it.
fn put_points(places: impl Iterator<Item = (String, String)>, end: &str, path: &mut String) {
    let before = path.len();
    for (i, (x, y)) in places.enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{x} {y}");
    }
    if path.len() > before {
        path.push_str(end);
    }
}

fn put_path(class: &str, path: &str, out: &mut String) {
    if !path.is_empty() {
        let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\"/>");
    }
}

/// A place from 0 to 1 in the units of the inner drawing.
fn units(at: f64) -> String {
    let text = format!("{:.1}", at * 1000.0);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn percent(at: f64) -> String {
    format!("{:.2}%", at * 100.0)
}

/// Six significant digits; what is no number is null.
fn json_number(x: f64) -> String {
    if !x.is_finite() {
        return "null".into();
    }
    if x == x.trunc() && x.abs() < 1e15 {
        return format!("{x}");
    }
    let short: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    let (plain, scientific) = (format!("{short}"), format!("{short:e}"));
    if plain.len() <= scientific.len() { plain } else { scientific }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart<'a>(generations: &'a [f64], values: &'a [f64]) -> Chart<'a> {
        Chart {
            class: "small",
            title: "A <title>".into(),
            about: "about".into(),
            label: "a \"label\"".into(),
            generations,
            axis: "generation",
            scale: Scale::linear(0.0, 10.0, 4),
            marks: vec![Mark::Line { class: "mean", values }],
            entries: vec![Entry { class: "mean", name: "</script>".into(), values: Some(values) }],
        }
    }

    #[test]
    fn a_line_breaks_at_gaps_and_a_lone_point_is_a_dot() {
        let generations = [0.0, 1.0, 2.0, 3.0, 4.0];
        let figure = chart(&generations, &[0.0, 5.0, f64::NAN, 10.0, f64::NAN]).figure();
        assert!(figure.contains("<path class=\"mean\" d=\"M0 1000L250 500\"/>"), "{figure}");
        assert!(figure.contains("<path class=\"mean lone\" d=\"M750 0h0\"/>"), "{figure}");
        assert!(figure.contains("\"values\":[0,5,null,10,null]"), "{figure}");
    }

    #[test]
    fn names_cannot_break_out() {
        let figure = chart(&[0.0, 1.0], &[0.0, 5.0]).figure();
        assert!(figure.contains("A &lt;title&gt;") && figure.contains("a &quot;label&quot;"));
        assert!(figure.contains("\"\\u003c/script>\""), "{figure}");
    }

    #[test]
    fn a_band_goes_there_and_back() {
        let generations = [0.0, 1.0];
        let chart = Chart {
            marks: vec![Mark::Band { class: "range", low: &[0.0, 2.0], high: &[5.0, 10.0] }],
            ..chart(&generations, &[])
        };
        let chart = Chart { entries: vec![], ..chart };
        assert!(chart.figure().contains("d=\"M0 500L1000 0L1000 800L0 1000Z\""));
    }

    #[test]
    fn numbers_of_the_read_out_are_short_json() {
        let given = [0.0, -3.0, 0.1 + 0.2, 1.0 / 3.0, 1.234_567_89e-9, 2e20, f64::INFINITY];
        assert_eq!(
            given.map(json_number),
            ["0", "-3", "0.3", "0.333333", "1.23457e-9", "2e20", "null"]
        );
    }
}
