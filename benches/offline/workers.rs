//! Cells side by side: each on one thread of its own, so that its seconds are its own.
//!
//! A cell that waits inside rayon would take work of another cell meanwhile, whose time would then be counted as its. So there is a pool of one thread for
//! each worker. Results do not depend on the number of workers: a cell is a function of its name and seed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Does all jobs, `threads` at a time; stops after the first that fails.
///
/// # Errors
/// The error of that job.
pub(crate) fn work<J: Sync>(
    jobs: &[J],
    threads: usize,
    describe: impl Fn(&J) -> String + Sync,
    job: impl Fn(&J) -> Result<(), String> + Sync,
) -> Result<(), String> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed: Mutex<Option<String>> = Mutex::new(None);
    let locked = || failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
                let pool = pool.expect("one thread starts");
                while let Some(one) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if locked().is_some() {
                        break;
                    }
                    let clock = Instant::now();
                    if let Err(error) = pool.install(|| job(one)) {
                        *locked() = Some(error);
                        break;
                    }
                    let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                    eprintln!(
                        "[{count:4} of {}, {:6.0} s] {} in {:.1} s",
                        jobs.len(),
                        began.elapsed().as_secs_f64(),
                        describe(one),
                        clock.elapsed().as_secs_f64()
                    );
                }
            });
        }
    });
    locked().take().map_or(Ok(()), Err)
}
