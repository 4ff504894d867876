//! Progress for people: a bar on a terminal, plain lines elsewhere.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Observer, ObserverError, RunStart};
use crate::{GenerationReport, RunReport};

/// Shows generation, best and mean fitness, evaluations per second and the time left.
#[derive(Debug)]
pub struct Progress {
    shown: Shown,
    budget_generations: Option<u32>,
    budget_seconds: Option<f64>,
    first_generation: u32,
    began: Instant,
    last: Option<Instant>,
    /// What the last generation would have said, had it not come too soon.
    unsaid: Option<String>,
}

enum Shown {
    Bar(ProgressBar),
    Lines(Box<dyn Write + Send>),
    Nothing,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bar(_) => "Bar",
            Self::Lines(_) => "Lines",
            Self::Nothing => "Nothing",
        })
    }
}

/// Shortest time between two plain lines; it grows with the length of the run, so that a log stays readable.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The pause is this part of the time since the beginning: about 20 lines for every doubling of it.
const PAUSE_PART: u32 = 30;
const REDRAW: Duration = Duration::from_millis(100);
/// Steps of the bar from empty to full.
const BAR_STEPS: u64 = 1000;

impl Progress {
    /// On standard error: a bar if it is a terminal, else plain lines.
    pub fn new() -> Self {
        if std::io::stderr().is_terminal() {
            Self::showing(Shown::Bar(ProgressBar::with_draw_target(
                None,
                ProgressDrawTarget::stderr(),
            )))
        } else {
            Self::lines(std::io::stderr())
        }
    }

    /// Plain lines to a writer: the first generation, the last, and some between at growing intervals, at most one
    /// a second. What the writer refuses is lost without an error, for progress is no reason to end a run.
    pub fn lines(out: impl Write + Send + 'static) -> Self {
        Self::showing(Shown::Lines(Box::new(out)))
    }

    /// Shows nothing.
    pub fn quiet() -> Self {
        Self::showing(Shown::Nothing)
    }

    fn showing(shown: Shown) -> Self {
        Self {
            shown,
            budget_generations: None,
            budget_seconds: None,
            first_generation: 0,
            began: Instant::now(),
            last: None,
            unsaid: None,
        }
    }

    /// Seconds until the nearest limit, if there is one.
    fn left_s(&self, report: &GenerationReport) -> Option<f64> {
        let elapsed = self.began.elapsed().as_secs_f64();
        let made = f64::from((report.generation + 1).saturating_sub(self.first_generation).max(1));
        let by_count = self
            .budget_generations
            .map(|limit| f64::from(limit.saturating_sub(report.generation + 1)) * elapsed / made);
        let by_time = self.budget_seconds.map(|limit| (limit - report.elapsed_s).max(0.0));
        let begun = done(report).filter(|done| *done > 0.0);
        let by_work = begun.map(|done| report.elapsed_s * (1.0 - done) / done);
        by_count.into_iter().chain(by_time).chain(by_work).min_by(f64::total_cmp)
    }

    /// Which part of the budget is spent, by the limit that is nearest.
    fn spent(&self, report: &GenerationReport) -> f64 {
        let made = f64::from(report.generation + 1);
        let by_count = self.budget_generations.map(|limit| made / f64::from(limit.max(1)));
        let by_time = self.budget_seconds.map(|limit| report.elapsed_s / limit.max(1e-9));
        by_count.into_iter().chain(by_time).chain(done(report)).fold(0.0, f64::max).min(1.0)
    }

    fn message(&self, report: &GenerationReport) -> String {
        let limit = self.budget_generations.map(|n| format!("/{n}")).unwrap_or_default();
        let failures = match report.failures_total {
            0 => String::new(),
            failures => format!("  {failures} failed"),
        };
        let left = self.left_s(report).map(|s| format!("  {} left", clock(s))).unwrap_or_default();
        if let Some(headline) = &report.headline {
            let rate = thousands(report.evaluations_per_s);
            return format!("{}  {rate} evaluations/s{left}", headline.text);
        }
        format!(
            "generation {}{limit}  best {}  mean {}  {} evaluations/s{left}{failures}",
            report.generation + 1,
            number(report.stats.best),
            number(report.stats.mean),
            thousands(report.evaluations_per_s),
        )
    }

    fn say(&mut self, line: &str) {
        if let Shown::Lines(out) = &mut self.shown {
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        }
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
            let bounded = self.budget_generations.is_some() || self.budget_seconds.is_some();
            bar.set_style(style(bounded));
            bar.set_length(BAR_STEPS);
        }
        Ok(())
    }

    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        let pause = match &self.shown {
            Shown::Bar(_) => REDRAW,
            Shown::Lines(_) => PAUSE_MIN.max(self.began.elapsed() / PAUSE_PART),
            Shown::Nothing => return Ok(()),
        };
        let message = self.message(report);
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            self.unsaid = Some(message);
            return Ok(());
        }
        self.last = Some(Instant::now());
        self.unsaid = None;
        if let Shown::Bar(bar) = &self.shown {
            bar.set_position((self.spent(report) * BAR_STEPS as f64) as u64);
            bar.set_message(message);
        } else {
            self.say(&message);
        }
        Ok(())
    }

    fn on_stop(&mut self, _: &RunReport) -> Result<(), ObserverError> {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        } else if let Some(message) = self.unsaid.take() {
            self.say(&message);
        }
        Ok(())
    }
}

/// Which part of its work the strategy has done, if it says so.
fn done(report: &GenerationReport) -> Option<f64> {
    report.headline.as_ref()?.done.map(|done| done.clamp(0.0, 1.0))
}

/// `wide_msg` cuts a message that is too long for the terminal instead of letting it wrap.
fn style(bounded: bool) -> ProgressStyle {
    let template = if bounded { "{bar:24.cyan/dim} {wide_msg}" } else { "{spinner} {wide_msg}" };
    ProgressStyle::with_template(template).expect("the template is right")
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
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::StopReason;
    use crate::observe::jsonl::tests::report;

    /// A writer whose text can be read after it was given away.
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Sink {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn start(generation: u32) -> RunStart {
        RunStart {
            generation,
            budget_generations: Some(400),
            budget_seconds: None,
            name: "run".into(),
        }
    }

    fn stop() -> RunReport {
        RunReport {
            stopped_by: StopReason::GenerationLimit,
            generations: 400,
            evaluations: 1600,
            seconds: 0.1,
            best_fitness: 3.0,
            mean_fitness: 2.0,
            failures: 0,
            digest: None,
            first_error: None,
        }
    }

    fn conduct(mut progress: Progress, generations: std::ops::Range<u32>) {
        progress.on_start(&start(generations.start)).expect("it cannot fail");
        generations.for_each(|g| progress.on_generation(&report(g)).expect("it cannot fail"));
        progress.on_stop(&stop()).expect("it cannot fail");
    }

    #[test]
    fn a_fast_run_says_its_first_and_last_generation() {
        let sink = Sink::default();
        conduct(Progress::lines(sink.clone()), 100..400);
        let text = sink.text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("generation 101/400"), "{text}");
        assert!(lines[lines.len() - 1].starts_with("generation 400/400"), "{text}");
        assert!(lines.len() <= 3, "{text}");
    }

    #[test]
    fn a_run_of_one_generation_says_one_line() {
        let sink = Sink::default();
        conduct(Progress::lines(sink.clone()), 0..1);
        assert_eq!(sink.text().lines().count(), 1);
    }

    #[test]
    fn a_writer_that_refuses_does_not_end_the_run() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        conduct(Progress::lines(Closed), 0..3);
        conduct(Progress::quiet(), 0..3);
        let hidden = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        conduct(Progress::showing(Shown::Bar(hidden)), 0..3);
    }

    #[test]
    fn a_message_says_where_the_run_stands() {
        let mut progress = Progress::quiet();
        progress.budget_generations = Some(4);
        let text = progress.message(&report(1));
        assert!(
            text.starts_with("generation 2/4  best 3.000  mean 2.000  16 evaluations/s"),
            "{text}"
        );
        assert!(text.contains("left") && text.ends_with("2 failed"), "{text}");
    }

    #[test]
    fn the_nearest_limit_counts() {
        let mut progress = Progress::quiet();
        assert_eq!((progress.spent(&report(0)), progress.left_s(&report(0))), (0.0, None));
        progress.budget_generations = Some(4);
        progress.budget_seconds = Some(0.5);
        // Generation 1 of 4 at 0.25 s of 0.5 s.
        assert_eq!(progress.spent(&report(0)), 0.5);
        progress.budget_seconds = Some(1e9);
        assert_eq!(progress.spent(&report(2)), 0.75);
        assert!(progress.left_s(&report(2)).is_some_and(|s| s < 1.0));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [number(475.25), number(-0.5), number(0.0), number(1.5e-7), number(f64::NAN)],
            ["475.2", "-0.500", "0.000", "1.500e-7", "NaN"]
        );
        assert_eq!([clock(2.6), clock(61.0), clock(3723.0)], ["3 s", "1:01", "1:02:03"]);
        assert_eq!(
            [thousands(950.0), thousands(23_400.0), thousands(1.26e6)],
            ["950", "23 k", "1.3 M"]
        );
    }
}
