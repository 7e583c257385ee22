//! `fairgrid worker run`: a worker as a process of its own.

use protocol::{Amount, TaskId};
use sdk::Outcome;
use serde_json::json;
use worker::{Fault, WorkerEvent};

use super::Context;
use crate::cli::{WorkerRun, WorkerVerb};
use crate::node::{WorkerOptions, WorkerRole};

/// Stake to have on the hub before joining, as far as the wallet holds it.
const STAKE: u64 = 100;

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &WorkerVerb) -> anyhow::Result<Outcome> {
    let WorkerVerb::Run(options) = verb;
    work(context, options).await
}

async fn work(context: &Context<'_>, options: &WorkerRun) -> anyhow::Result<Outcome> {
    let session = context.session(&options.place).await?;
    let pool = session.network.pool.clone();
    let pool = pool.ok_or_else(|| sdk::Error::Usage("no pool is known: name one with --pool URL".to_owned()))?;
    let wallet = context.unlock(&options.account, &options.password)?;
    let local = pool.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
    let role = WorkerOptions {
        folder: context.home().join(&options.account),
        name: options.account.clone(),
        pool: pool.clone(),
        slots: options.slots,
        docker_socket: options.docker_socket.clone(),
        private_networks: local,
        fault: Fault::None,
        stake: Amount::rlc(STAKE),
    };
    let mut role = WorkerRole::start(&session, wallet, role, &context.stop).await?;
    let text = format!("worker {} works for {pool}; stop with Ctrl-C", role.address);
    context.printer.result("ready", json!({ "worker": role.address, "pool": pool }), text);
    let mut events = role.events();
    loop {
        tokio::select! {
            () = role.ended() => break,
            event = events.recv() => match event {
                Ok(event) => tell(context, &event),
                // A slow terminal misses lines; the work itself is on disk.
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
            },
        }
    }
    role.join().await;
    anyhow::ensure!(context.stop.is_requested(), "the worker ended by itself; its log says why");
    Ok(Outcome::Success)
}

fn tell(context: &Context<'_>, event: &WorkerEvent) {
    let (what, task, text) = describe(event);
    context.printer.note("work", json!({ "what": what, "task": task, "text": text }), &text);
}

/// A word for programs, the task, and words for people.
fn describe(event: &WorkerEvent) -> (&'static str, Option<TaskId>, String) {
    match event {
        WorkerEvent::Connected => ("connected", None, "connected to the pool".to_owned()),
        WorkerEvent::Disconnected { reason } => ("disconnected", None, format!("disconnected, trying again: {reason}")),
        WorkerEvent::Assigned { task } => ("assigned", Some(*task), format!("task {task} assigned")),
        WorkerEvent::Computing { task } => ("computing", Some(*task), format!("task {task} computing")),
        WorkerEvent::Computed { task, exit_code, wall, .. } => {
            let took = wall.as_secs_f64();
            ("computed", Some(*task), format!("task {task} computed in {took:.2} s, exit code {exit_code}"))
        }
        WorkerEvent::Contributed { task, .. } => ("contributed", Some(*task), format!("task {task} contributed")),
        WorkerEvent::Revealed { task } => ("revealed", Some(*task), format!("task {task} revealed")),
        WorkerEvent::Uploaded { task, .. } => ("uploaded", Some(*task), format!("task {task} uploaded")),
        WorkerEvent::Finished { task, completed } => {
            let end = if *completed { "completed" } else { "claimed: the stake is back" };
            ("finished", Some(*task), format!("task {task} {end}"))
        }
        WorkerEvent::Failed { task, message, .. } => ("failed", Some(*task), format!("task {task} failed: {message}")),
        WorkerEvent::Dropped { task, reason } => ("dropped", Some(*task), format!("task {task} taken back: {reason}")),
    }
}
