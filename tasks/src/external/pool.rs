//! All programs of a task, and the evaluations of a generation spread over them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::config::Config;
use super::counters::{Counters, Tally, count};
use super::worker::{Death, Worker};

/// Programs that may fail to start, one after the other, before that is taken for final.
const START_FAILURES_MAX: u32 = 3;

/// Evaluation `index` of a generation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) index: usize,
    /// Deaths of programs that were working on nothing else.
    deaths: u32,
    /// Whether it was in the hands of a program that died: from then on it is alone with its program, so
    /// that the next death has a culprit.
    suspect: bool,
}

/// The programs of a task. They live from the first evaluation to the last.
#[derive(Debug)]
pub(super) struct Pool {
    config: Config,
    /// Where error output is kept.
    folder: Option<PathBuf>,
    seats: Vec<Mutex<Option<Worker<Job>>>>,
    pub(super) tally: Tally,
}

impl Pool {
    pub(super) fn new(config: Config, workers: usize, folder: Option<PathBuf>) -> Self {
        let seats = (0..workers.max(1)).map(|_| Mutex::new(None)).collect();
        Self { config, folder, seats, tally: Tally::default() }
    }

    pub(super) fn counters(&self) -> Counters {
        self.tally.counters()
    }

    /// Values of so many evaluations; `write` fills in the vector of one and returns its seed. An evaluation without a
    /// value is why there is none.
    ///
    /// # Errors
    /// If programs cannot be started.
    pub(super) fn evaluate<W>(
        &self,
        evaluations: usize,
        writer: impl Fn() -> W + Sync,
    ) -> Result<Vec<Result<f64, String>>, String>
    where
        W: FnMut(usize, &mut Vec<f32>) -> u64,
    {
        let queue = Queue::new(evaluations);
        let seats = &self.seats[..self.seats.len().min(evaluations)];
        let results: Vec<Vec<(usize, Result<f64, String>)>> = std::thread::scope(|scope| {
            let (queue, writer) = (&queue, &writer);
            let drive = |(number, seat)| {
                scope.spawn(move || {
                    let mut results = Vec::new();
                    self.drive(number, &mut lock(seat), queue, &mut writer(), &mut results);
                    results
                })
            };
            let threads: Vec<_> = seats.iter().enumerate().map(drive).collect();
            threads.into_iter().map(|thread| thread.join().expect("drivers do not panic")).collect()
        });
        if let Some(reason) = lock(&queue.state).fatal.take() {
            return Err(reason);
        }
        let mut values: Vec<Result<f64, String>> = vec![Err(String::new()); evaluations];
        for (index, value) in results.into_iter().flatten() {
            values[index] = value;
        }
        Ok(values)
    }

    /// Keeps one program busy until every evaluation is answered.
    fn drive(
        &self,
        number: usize,
        seat: &mut Option<Worker<Job>>,
        queue: &Queue,
        write: &mut impl FnMut(usize, &mut Vec<f32>) -> u64,
        results: &mut Vec<(usize, Result<f64, String>)>,
    ) {
        let mut x = Vec::new();
        let mut start_failures = 0;
        while queue.is_open() {
            let worker = match seat {
                Some(worker) => worker,
                None => {
                    match Worker::start(&self.config, number, self.folder.as_deref(), &self.tally) {
                        Ok(worker) => {
                            start_failures = 0;
                            seat.insert(worker)
                        }
                        Err(reason) => {
                            start_failures += 1;
                            if start_failures == START_FAILURES_MAX {
                                return queue.give_up(reason);
                            }
                            continue;
                        }
                    }
                }
            };
            while worker.has_room() {
                let Some(job) = queue.take(worker.is_idle()) else { break };
                let seed = write(job.index, &mut x);
                worker.send(job, &x, seed);
                if job.suspect {
                    break;
                }
            }
            if worker.is_idle() {
                queue.wait();
                continue;
            }
            let turn = worker.answers(&self.tally, |job, value| {
                count(if value.is_ok() { &self.tally.answered } else { &self.tally.declined });
                results.push((job.index, value));
                queue.finish();
            });
            if let Err(death) = turn {
                death.count(&self.tally);
                worker.kill();
                self.bury(worker.take_outstanding(), death, queue, results);
                *seat = None;
            }
        }
    }

    /// What a dead program had in hand is done again, or given up.
    fn bury(
        &self,
        mut jobs: Vec<Job>,
        death: Death,
        queue: &Queue,
        results: &mut Vec<(usize, Result<f64, String>)>,
    ) {
        let alone = jobs.len() == 1;
        for job in &mut jobs {
            job.suspect = true;
            job.deaths += u32::from(alone);
            if job.deaths > self.config.retries {
                count(&self.tally.lost);
                results.push((
                    job.index,
                    Err(format!("the program did not survive it: {}", death.text())),
                ));
                queue.finish();
            } else {
                count(&self.tally.retried);
                queue.put_back(*job);
            }
        }
    }
}

impl Drop for Pool {
    /// All are asked to stop before any is waited for.
    fn drop(&mut self) {
        let mut workers: Vec<Worker<Job>> =
            self.seats.iter().filter_map(|seat| lock(seat).take()).collect();
        workers.iter_mut().for_each(Worker::ask_to_stop);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The evaluations of a generation that are still to be done.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// First evaluation that nobody has taken.
    next: usize,
    evaluations: usize,
    suspects: VecDeque<Job>,
    /// Evaluations without a result.
    left: usize,
    fatal: Option<String>,
}

impl Queue {
    fn new(evaluations: usize) -> Self {
        let suspects = VecDeque::new();
        let state = State { next: 0, evaluations, suspects, left: evaluations, fatal: None };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn is_open(&self) -> bool {
        let state = lock(&self.state);
        state.left > 0 && state.fatal.is_none()
    }

    /// The next evaluation; suspects only for a program that has nothing else to do, and before the others.
    fn take(&self, idle: bool) -> Option<Job> {
        let mut state = lock(&self.state);
        if idle && let Some(job) = state.suspects.pop_front() {
            return Some(job);
        }
        let index = state.next;
        (index < state.evaluations).then(|| {
            state.next += 1;
            Job { index, deaths: 0, suspect: false }
        })
    }

    fn put_back(&self, job: Job) {
        lock(&self.state).suspects.push_back(job);
        self.changed.notify_all();
    }

    fn finish(&self) {
        let mut state = lock(&self.state);
        state.left -= 1;
        if state.left == 0 {
            self.changed.notify_all();
        }
    }

    fn give_up(&self, reason: String) {
        lock(&self.state).fatal.get_or_insert(reason);
        self.changed.notify_all();
    }

    /// Waits until another program brings something back or the last answer has come.
    fn wait(&self) {
        let state = lock(&self.state);
        if state.left > 0 && state.fatal.is_none() && state.suspects.is_empty() {
            drop(self.changed.wait_timeout(state, Duration::from_millis(100)));
        }
    }
}
