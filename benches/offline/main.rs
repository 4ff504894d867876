//! Offline design: does a regulariser help, are intervals and abstentions honest, is it useful?
//!
//! ```sh
//! cargo bench --bench offline -- q1 --data DIR --out q1.jsonl      # and tuned, q2, q3, published, tf-bind-8, speed; `--quick` for a small one
//! cargo bench --bench offline -- report q1.jsonl                   # the tables of what is there
//! ```
//!
//! | experiment | question |
//! |---|---|
//! | `q1` | does IGNITE help? eight arms of the same networks, five searches, paired by seed |
//! | `tuned` | the same, where each arm chooses among twelve configurations by its own rehearsal |
//! | `q2` | are intervals and abstention honest? coverage on hidden rows and on proposals; tables without anything to learn |
//! | `q3` | is it useful? the default against six others, 16 proposals |
//! | `published` | does the default beat the published searches at the median of 128? five closed-form tasks |
//! | `tf-bind-8` | are published networks reproduced? |
//! | `speed` | how fast are training and prediction? |
//!
//! Every finished cell (task, searcher, arm, seed) is a line of the file of `--out`; what is there is not run again. A cell is a function of its name and the
//! settings of its experiment, which the file keeps too. `--data DIR` or `HATCHERY_DATA` names the folder that holds `offline/`, for measured tables.
//!
//! Read `q1.rs`, then `networks.rs` and `methods.rs`; `analysis.rs` has the statistics.

mod analysis;
mod arena;
mod args;
mod arms;
mod bo;
mod cma;
mod generated;
mod generative;
mod measures;
mod methods;
mod networks;
mod q1;
mod q1_report;
mod q2;
mod q2_report;
mod q3;
mod quadratic;
mod rank;
mod record;
mod rivals;
mod speed;
mod store;
mod tf_bind;
mod tf_bind_report;
mod tuned;
mod workers;

use std::process::ExitCode;
use std::time::Instant;

use args::{Args, USAGE};
use store::Store;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let args = Args::read(std::env::args().skip(1))?;
    analysis::self_test();
    generative::self_test();
    let path = if args.command == "report" { args.file.as_deref() } else { args.out.as_deref() };
    let store = Store::open(path)?;
    let began = Instant::now();
    match args.command.as_str() {
        "q1" => q1::run(&args, &store, if args.quick { &q1::Q1_QUICK } else { &q1::Q1 })?,
        "q2" => q2::run(&args, &store)?,
        "q3" => q3::run(&args, &store)?,
        "published" => {
            let quick = args.quick;
            let experiment = if quick { &q1::PUBLISHED_QUICK } else { &q1::PUBLISHED };
            q1::run(&args, &store, experiment)?;
        }
        "tuned" => tuned::run(&args, &store)?,
        "speed" => speed::run(&args)?,
        "tf-bind-8" => tf_bind::run(&args, &store)?,
        "report" if path.is_some() => {}
        _ => return Err(USAGE.into()),
    }
    q1_report::print(&store, q1::Q1.name);
    q1_report::print(&store, tuned::NAME);
    q2_report::print(&store);
    rivals::print(&store, &rivals::Q3);
    rivals::print(&store, &rivals::PUBLISHED);
    tf_bind_report::print(&store);
    eprintln!("\n{:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}
