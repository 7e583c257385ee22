//! The contract of a sandbox, clause by clause. Panics name the clause that broke.

use std::time::Duration;

use runtime::Stopper;

use super::Bench;
use crate::{App, Exit, Limit, Limits, Outcome, Sandbox};

/// What the suite needs an app to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Write `hello` to `/iexec_out/result.txt`, print `said`, exit with 0.
    WriteResult,
    /// Write `leaving on purpose` to standard error, and exit with 7.
    ExitWith7,
    /// Compute for ever.
    Loop,
    /// Take memory until there is none.
    EatMemory,
    /// Write one file for ever.
    WriteMuch,
    /// Create files for ever.
    ManyFiles,
    /// Print 200 000 lines, `line 0` to `line 199999`, exit with 0.
    Chatter,
    /// Write to the input folder, and above the output folder; how it exits does not matter.
    Escape,
}

/// Runs the whole contract on `sandbox`; `ask` says which app, with which arguments, shows a behaviour.
///
/// # Panics
/// When the contract is broken.
pub async fn suite(sandbox: &dyn Sandbox, ask: impl Fn(Behaviour) -> (App, Vec<String>)) {
    let bench = |behaviour| {
        let (app, args) = ask(behaviour);
        let mut bench = Bench::new(app, &[]);
        bench.job.args = args;
        bench
    };
    a_good_app_leaves_its_result(sandbox, bench(Behaviour::WriteResult)).await;
    an_exit_code_and_its_complaint_are_passed_on(sandbox, bench(Behaviour::ExitWith7)).await;
    only_the_end_of_much_output_is_kept(sandbox, bench(Behaviour::Chatter)).await;
    nothing_outside_the_output_changes(sandbox, bench(Behaviour::Escape)).await;
    let short = |limits: &mut Limits| limits.wall = Duration::from_millis(500);
    hits(sandbox, bench(Behaviour::Loop), short, Limit::Wall).await;
    hits(sandbox, bench(Behaviour::EatMemory), |_| {}, Limit::Memory).await;
    let full = hits(sandbox, bench(Behaviour::WriteMuch), |_| {}, Limit::Disk).await;
    assert!(full.usage.written >= 1 << 20, "the disk was full when the limit was named: {:?}", full.usage);
    hits(sandbox, bench(Behaviour::ManyFiles), |limits| limits.disk = 64 << 20, Limit::Files).await;
    a_stopped_app_is_gone_when_run_returns(sandbox, bench(Behaviour::Loop)).await;
    a_stop_from_before_the_start_is_seen(sandbox, bench(Behaviour::Loop)).await;
    an_output_folder_with_leftovers_is_refused(sandbox, bench(Behaviour::WriteResult)).await;
}

async fn ran(sandbox: &dyn Sandbox, bench: &Bench) -> Exit {
    bench.run(sandbox).await.unwrap_or_else(|error| panic!("{:?} was not run: {error:?}", bench.job))
}

async fn a_good_app_leaves_its_result(sandbox: &dyn Sandbox, bench: Bench) {
    let exit = ran(sandbox, &bench).await;
    assert_eq!(exit.outcome, Outcome::Exited { code: 0 }, "{exit:?}");
    assert_eq!(bench.result("result.txt").as_deref().map(str::trim_end), Some("hello"));
    assert_eq!(exit.stdout.trim_end(), "said");
}

async fn an_exit_code_and_its_complaint_are_passed_on(sandbox: &dyn Sandbox, bench: Bench) {
    let exit = ran(sandbox, &bench).await;
    assert_eq!((exit.outcome, exit.stderr.trim_end()), (Outcome::Exited { code: 7 }, "leaving on purpose"));
}

async fn only_the_end_of_much_output_is_kept(sandbox: &dyn Sandbox, bench: Bench) {
    let exit = ran(sandbox, &bench).await;
    assert_eq!(exit.stdout.chars().count(), crate::KEPT_OUTPUT_CHARS);
    assert!(exit.stdout.ends_with("line 199998\nline 199999\n"), "the end is what is kept");
}

async fn nothing_outside_the_output_changes(sandbox: &dyn Sandbox, bench: Bench) {
    bench.give("secret", b"kept");
    ran(sandbox, &bench).await;
    assert_eq!(bench.strays(), Vec::<std::path::PathBuf>::new());
    let inputs: Vec<_> = std::fs::read_dir(&bench.job.input).into_iter().flatten().flatten().collect();
    assert_eq!(inputs.len(), 1, "the input folder is read-only: {inputs:?}");
}

async fn hits(sandbox: &dyn Sandbox, mut bench: Bench, set: impl Fn(&mut Limits), limit: Limit) -> Exit {
    bench.job.limits.fuel = u64::MAX;
    set(&mut bench.job.limits);
    let exit = ran(sandbox, &bench).await;
    assert_eq!(exit.outcome, Outcome::LimitHit(limit), "{:?}", exit.usage);
    exit
}

async fn a_stopped_app_is_gone_when_run_returns(sandbox: &dyn Sandbox, mut bench: Bench) {
    bench.job.limits.fuel = u64::MAX;
    let stopper = Stopper::new();
    let run = sandbox.run(&bench.job, stopper.stop());
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await; // lets it get going: any moment must do
        stopper.request();
    };
    let (exit, ()) = futures_util::future::join(run, stop).await;
    assert_eq!(exit.expect("it ran").outcome, Outcome::Stopped);
    let again = ran_again(sandbox, &bench).await;
    assert_eq!(again.outcome, Outcome::LimitHit(Limit::Wall), "the same name is free again at once");
}

async fn ran_again(sandbox: &dyn Sandbox, bench: &Bench) -> Exit {
    let mut job = bench.job.clone();
    job.limits.wall = Duration::from_millis(200);
    sandbox.run(&job, runtime::Stop::never()).await.expect("it runs again")
}

async fn a_stop_from_before_the_start_is_seen(sandbox: &dyn Sandbox, bench: Bench) {
    let stopper = Stopper::new();
    stopper.request();
    let exit = sandbox.run(&bench.job, stopper.stop()).await.expect("a stop is no error");
    assert_eq!(exit.outcome, Outcome::Stopped);
}

async fn an_output_folder_with_leftovers_is_refused(sandbox: &dyn Sandbox, bench: Bench) {
    std::fs::write(bench.job.output.join("old"), b"of an earlier run").expect("a leftover");
    let refused = bench.run(sandbox).await.expect_err("leftovers must not become results");
    assert!(matches!(refused, crate::Error::BadJob { .. }), "{refused}");
}
