//! Ctrl-C: the first asks the run to stop, the second leaves at once.

use anyhow::Context;
use hatchery_engine::StopFlag;

/// Makes signals raise the flag.
///
/// # Errors
/// If the handler cannot be installed.
pub(super) fn raise_on_signal(stop: &StopFlag) -> anyhow::Result<()> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.raise() {
            hatchery_tasks::external::kill_all();
            std::process::exit(i32::from(super::INTERRUPTED));
        }
        eprintln!("\nfinishing this generation and saving; press Ctrl-C again to leave at once");
    })
    .context("cannot install the Ctrl-C handler")
}
