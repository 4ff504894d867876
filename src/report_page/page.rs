//! The page: from figures and charts to HTML.

use std::fmt::Write;

use super::chart::Chart;
use super::charts::{self, Constant, Target};
use super::figures::Figures;
use super::html::escape;
use super::run_files::RunFiles;
use super::{commands, design, details, language, number};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("read_out.js");
/// An egg with its first crack.
const MARK: &str = "<svg class=\"mark\" viewBox=\"0 0 24 30\" aria-hidden=\"true\">\
    <path class=\"shell\" d=\"M12 1C6.5 1 1.5 10 1.5 18a10.5 10.5 0 0 0 21 0C22.5 10 17.5 1 12 1Z\"/>\
    <path class=\"crack\" d=\"M1.8 16l4.2 3 3-4.5 3.5 4 3.5-4 2.5 3.5 3.7-2\"/></svg>";
/// The whole page.
pub(super) fn page(files: &RunFiles) -> String {
    let figures = Figures::of(files);
    let name = escape(&figures.name);
    let sort = if files.design.is_some() { design::SCRIPT } else { "" };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{name} · Hatchery</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         {}{}{}{}{}{}{}{}</main>\n<script>\n{SCRIPT}{sort}</script>\n</body>\n</html>\n",
        header(&figures),
        notes(files),
        key_figures(&figures, files),
        pictures(files),
        details::numbers(files),
        commands::section(files),
        details::configuration(files),
        footer(files),
    )
}

fn header(figures: &Figures) -> String {
    let outcome = &figures.outcome;
    let mut out = format!(
        "<header>\n{MARK}<div><h1>{}</h1>\n<p class=\"what\">{}</p></div>\n\
         <p class=\"outcome {}\"><i aria-hidden=\"true\"></i>{}</p>\n",
        escape(&figures.name),
        what(figures),
        outcome.class,
        escape(&outcome.short),
    );
    let _ = write!(out, "<p class=\"sentence\">{}</p>\n</header>\n", escape(&outcome.sentence));
    out
}

/// Task, strategy and seed.
fn what(figures: &Figures) -> String {
    let part = |name: &str, value: &Option<String>| {
        value.as_ref().map(|v| format!("<span>{name} <b>{}</b></span>", escape(v)))
    };
    let parts = [
        part("task", &figures.task),
        part("strategy", &figures.strategy),
        part("seed", &figures.seed),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn notes(files: &RunFiles) -> String {
    if files.notes.is_empty() {
        return String::new();
    }
    let items: String = files.notes.iter().map(|n| format!("<li>{}</li>", escape(n))).collect();
    format!("<ul class=\"notes\">{items}</ul>\n")
}

/// What a run looks for.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    Parameters,
    Programs,
    Formulas,
}

impl Found {
    fn of(files: &RunFiles) -> Self {
        match (&files.programs, &files.formulas) {
            (Some(_), _) => Self::Programs,
            (_, Some(_)) => Self::Formulas,
            _ => Self::Parameters,
        }
    }
}

/// The numbers at the top; of a search for programs births and the best matter, and that some fail is nothing unusual.
fn key_figures(figures: &Figures, files: &RunFiles) -> String {
    if let Some(design) = &files.design {
        return written(design.figures(figures), figures);
    }
    if let Some(rewards) = &files.rewards {
        return written(rewards.figures(figures.seconds), figures);
    }
    if language::is_it(files) {
        return written(language::figures(files, figures), figures);
    }
    let found = Found::of(files);
    let programs = found != Found::Parameters;
    let real = |x: Option<f64>| x.map_or("–".into(), |x| number::real(x, 5));
    let count = |x: Option<f64>| x.map_or("–".into(), |x| number::count(x as u64));
    let rate = figures.evaluations_per_s().map_or("–".into(), |rate| match rate {
        rate if rate < 100.0 => number::real(rate, 3),
        rate => number::fixed(rate, 0),
    });
    let failed = figures.failures.filter(|&failures| failures > 0.0);
    let share = failed
        .zip(figures.evaluations.filter(|&n| n > 0.0))
        .map(|(failures, all)| format!("{} % of all", number::real(100.0 * failures / all, 2)));
    let duration = figures.seconds.map_or("–".into(), number::duration);
    let lead = match found {
        Found::Programs => ("Births", count(figures.births), "programs that were made"),
        Found::Formulas => ("Births", count(figures.births), "formulas that were made"),
        Found::Parameters => ("Mean fitness", real(figures.mean), "last generation"),
    };
    let best = match found {
        Found::Programs => "minus the ratio to AdamW",
        Found::Formulas => "R² − 1",
        Found::Parameters => "of any member",
    };
    let rows = [
        ("lead", lead.0, lead.1, lead.2.to_owned()),
        ("lead", "Best fitness", real(figures.best), best.to_owned()),
        ("", "Generations", count(figures.generations), String::new()),
        ("", "Evaluations", count(figures.evaluations), String::new()),
        ("", "Time", duration, String::new()),
        ("", "Evaluations / s", rate, String::new()),
        (
            if failed.is_some() && !programs { "bad" } else { "" },
            "Failures",
            count(figures.failures),
            share.unwrap_or_default(),
        ),
    ];
    let mut out = written(rows.to_vec(), figures);
    if let Some(error) = figures.first_error.as_ref().filter(|_| failed.is_some() && !programs) {
        let _ = writeln!(
            out,
            "<p class=\"error\">An evaluation failed with <code>{}</code></p>",
            escape(error)
        );
    }
    out
}

/// Class, name, value and explanation of each figure, and the digest.
fn written(rows: Vec<(&str, &str, String, String)>, figures: &Figures) -> String {
    let mut out = String::from("<dl class=\"figures\">\n");
    for (class, name, value, about) in rows {
        let about = match about.as_str() {
            "" => String::new(),
            about => format!("<small>{}</small>", escape(about)),
        };
        let _ =
            writeln!(out, "<div class=\"{class}\"><dt>{name}</dt><dd>{value}{about}</dd></div>");
    }
    if let Some(digest) = &figures.digest {
        let _ = writeln!(
            out,
            "<div class=\"digest\"><dt>Digest</dt><dd><code>{}</code></dd></div>",
            escape(digest)
        );
    }
    out + "</dl>\n"
}

fn pictures(files: &RunFiles) -> String {
    let history = &files.history;
    if let Some(design) = &files.design {
        return design.sections();
    }
    if let Some(programs) = &files.programs {
        return programs.sections(history);
    }
    if let Some(formulas) = &files.formulas {
        return formulas.sections(history);
    }
    if let Some(rewards) = &files.rewards {
        return rewards.sections();
    }
    if history.is_empty() {
        return "<p class=\"empty\">No generation has been recorded yet.</p>\n".into();
    }
    let target = target(files);
    let mut out = language::curve(files);
    out += &match charts::learning_curve(history, target.as_ref()) {
        Some(chart) => chart.figure(),
        None => "<p class=\"empty\">No generation has a fitness.</p>\n".into(),
    };
    let (others, constants) = charts::others(history);
    if !others.is_empty() {
        let figures: String = others.iter().map(Chart::figure).collect();
        let _ = write!(out, "<div class=\"charts\">\n{figures}</div>\n");
    }
    out + &unchanged(&constants, history.len())
}

fn unchanged(constants: &[Constant], generations: usize) -> String {
    if constants.is_empty() {
        return String::new();
    }
    let one = |constant: &Constant| {
        let value = number::real(constant.value, 5);
        format!("<span>{} <b>{value}</b></span>", escape(&constant.title))
    };
    let all: Vec<String> = constants.iter().map(one).collect();
    let when = if generations == 1 { "In the one generation" } else { "Throughout" };
    format!("<p class=\"unchanged\"><em>{when}</em> {}</p>\n", all.join(" "))
}

fn target(files: &RunFiles) -> Option<Target> {
    let value = files.configured("budget", "target")?;
    let fitness = value.as_float().or_else(|| value.as_integer().map(|i| i as f64))?;
    let statistic = files.configured("budget", "target_statistic").and_then(|s| s.as_str());
    Some(Target { fitness, statistic: statistic.unwrap_or("best").to_owned() })
}

fn footer(files: &RunFiles) -> String {
    let version = files.config.get("hatchery").and_then(toml::Value::as_str);
    let of = version.map(|v| format!(" by Hatchery {}", escape(v))).unwrap_or_default();
    let path = escape(&files.path.display().to_string());
    format!("<footer>The run in <code>{path}</code>, made{of}.</footer>\n")
}
