//! Progress for people: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Observer, ObserverError, RunStart};
use crate::{GenerationReport, RunReport};

/// Shows generation, best and mean fitness, evaluations per second and the time left, on standard error.
#[derive(Debug)]
pub struct Progress {
    shown: Shown,
    budget_generations: Option<u32>,
    budget_seconds: Option<f64>,
    first_generation: u32,
    began: Instant,
    last: Option<Instant>,
}

#[derive(Debug)]
enum Shown {
    Bar(ProgressBar),
    Lines,
}

/// Time between two plain lines: grows with the length of the run, so that a log stays readable.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const REDRAW: Duration = Duration::from_millis(100);

impl Progress {
    /// A bar if standard error is a terminal, else plain lines on standard error.
    pub fn new() -> Self {
        let shown = if std::io::stderr().is_terminal() {
            Shown::Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()))
        } else {
            Shown::Lines
        };
        Self {
            shown,
            budget_generations: None,
            budget_seconds: None,
            first_generation: 0,
            began: Instant::now(),
            last: None,
        }
    }

    /// Seconds until the nearest limit, if there is one.
    fn left_s(&self, report: &GenerationReport) -> Option<f64> {
        let elapsed = self.began.elapsed().as_secs_f64();
        let made = f64::from(report.generation + 1 - self.first_generation);
        let by_count = self
            .budget_generations
            .map(|limit| f64::from(limit.saturating_sub(report.generation + 1)) * elapsed / made);
        let by_time = self.budget_seconds.map(|limit| (limit - report.elapsed_s).max(0.0));
        match (by_count, by_time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn message(&self, report: &GenerationReport) -> String {
        let limit = self.budget_generations.map(|n| format!("/{n}")).unwrap_or_default();
        let failures = match report.failures_total {
            0 => String::new(),
            failures => format!("  {failures} failed"),
        };
        let left = self.left_s(report).map(|s| format!("  {} left", clock(s))).unwrap_or_default();
        format!(
            "generation {}{limit}  best {}  mean {}  {} evaluations/s{left}{failures}",
            report.generation + 1,
            number(report.stats.best),
            number(report.stats.mean),
            thousands(report.evaluations_per_s),
        )
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Progress {
    fn on_start(&mut self, start: &RunStart) -> Result<(), ObserverError> {
        self.budget_generations = start.budget_generations;
        self.budget_seconds = start.budget_seconds;
        self.first_generation = start.generation;
        self.began = Instant::now();
        if let Shown::Bar(bar) = &self.shown {
            let template = match self.budget_generations {
                Some(limit) => {
                    bar.set_length(u64::from(limit));
                    "{bar:24.cyan/dim} {msg}"
                }
                None => "{spinner} {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
        }
        Ok(())
    }

    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        let pause = match &self.shown {
            Shown::Bar(_) => REDRAW,
            Shown::Lines => PAUSE_MIN.max(self.began.elapsed() / 20),
        };
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let message = self.message(report);
        match &self.shown {
            Shown::Bar(bar) => {
                bar.set_position(u64::from(report.generation + 1));
                bar.set_message(message);
            }
            Shown::Lines => {
                // A closed standard error is no reason to end a run.
                let _ = writeln!(std::io::stderr(), "{message}");
            }
        }
        Ok(())
    }

    fn on_stop(&mut self, _: &RunReport) -> Result<(), ObserverError> {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
        Ok(())
    }
}

/// Four significant digits, without an exponent where that is readable.
fn number(x: f64) -> String {
    if x != 0.0 && (x.abs() >= 1e6 || x.abs() < 1e-3) {
        return format!("{x:.3e}");
    }
    let whole_digits = x.abs().log10().floor().clamp(0.0, 3.0) as usize;
    format!("{x:.*}", 3 - whole_digits)
}

/// A rate with k or M.
fn thousands(x: f64) -> String {
    match x {
        x if x >= 1e6 => format!("{:.1} M", x / 1e6),
        x if x >= 1e4 => format!("{:.0} k", x / 1e3),
        x => format!("{x:.0}"),
    }
}

/// Seconds as `1:02:03`, `2:03` or `3 s`.
fn clock(seconds: f64) -> String {
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{}:{:02}", s / 60, s % 60),
        _ => format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::jsonl::tests::report;

    #[test]
    fn a_message_says_where_the_run_stands() {
        let mut progress = Progress::new();
        progress.shown = Shown::Lines;
        progress.budget_generations = Some(4);
        let text = progress.message(&report(1));
        assert!(
            text.starts_with("generation 2/4  best 3.000  mean 2.000  16 evaluations/s"),
            "{text}"
        );
        assert!(text.contains("left") && text.ends_with("2 failed"), "{text}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [number(475.25), number(-0.5), number(0.0), number(1.5e-7)],
            ["475.2", "-0.500", "0.000", "1.500e-7"]
        );
        assert_eq!([clock(2.6), clock(61.0), clock(3723.0)], ["3 s", "1:01", "1:02:03"]);
        assert_eq!(
            [thousands(950.0), thousands(23_400.0), thousands(1.26e6)],
            ["950", "23 k", "1.3 M"]
        );
    }
}
