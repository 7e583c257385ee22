//! `fairgrid deal`: a deal, its tasks, and how to come back to them.

use std::path::Path;

use protocol::DealId;
use protocol::deal::{Deal, Resource};
use sdk::watch::Watcher;
use sdk::{Error, Outcome, Session};
use serde_json::json;

use super::Context;
use super::finish::{finish, output_of, phase_name};
use crate::cli::DealVerb;

/// Most tasks that are shown one by one.
const SHOWN: usize = 100;

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &DealVerb) -> anyhow::Result<Outcome> {
    match verb {
        DealVerb::Show { deal, place } => show(context, &context.session(place).await?, *deal).await,
        DealVerb::Watch { deal, output, place } => {
            let output = output_of(output.as_ref(), *deal);
            watch(context, &context.session(place).await?, *deal, &output).await
        }
    }
}

async fn watch(context: &Context<'_>, session: &Session, deal: DealId, output: &Path) -> anyhow::Result<Outcome> {
    let mut watcher = Watcher::start(session, &[deal]).await?;
    match finish(context, session, &mut watcher, output).await {
        Err(Error::Interrupted) => Ok(Outcome::Interrupted),
        finished => {
            let finished = finished?;
            finished.tell(context, output);
            Ok(finished.outcome())
        }
    }
}

async fn show(context: &Context<'_>, session: &Session, id: DealId) -> anyhow::Result<Outcome> {
    let deal = session.chain.deal(id).await.map_err(Error::from)?;
    let deal = deal.ok_or_else(|| Error::Usage(format!("there is no deal {id} on this hub")))?;
    let mut tasks = Vec::new();
    for (index, task) in deal.tasks(id).take(SHOWN) {
        let view = session.chain.task(task).await.map_err(Error::from)?;
        tasks.push((index, task, phase_name(view.as_ref().map(|view| &view.phase))));
    }
    let listed: Vec<_> = tasks
        .iter()
        .map(|(index, task, phase)| json!({"index": index.to_string(), "task": task, "phase": phase}))
        .collect();
    let fields = json!({
        "deal": id,
        "app": resource(&deal.app),
        "dataset": resource(&deal.dataset),
        "workerpool": resource(&deal.workerpool),
        "trust": deal.trust.to_string(),
        "category": deal.category.to_string(),
        "tag": deal.tag.to_string(),
        "requester": deal.requester,
        "sponsor": deal.sponsor,
        "callback": (!deal.callback.is_zero()).then_some(deal.callback),
        "params": deal.params,
        "start": deal.start,
        "first": deal.bot_first.to_string(),
        "size": deal.bot_size.to_string(),
        "worker_stake": deal.worker_stake,
        "tasks": listed,
    });
    let mut lines = describe(id, &deal);
    if !deal.callback.is_zero() {
        lines.push(format!("  callback   {} gets each result", deal.callback));
    }
    lines.extend(tasks.iter().map(|(index, task, phase)| format!("  task {index:<5} {task} {phase}")));
    if deal.bot_size > protocol::U256::from(SHOWN) {
        lines.push(format!("  … {} tasks in all", deal.bot_size));
    }
    context.printer.result("deal", fields, lines.join("\n"));
    Ok(Outcome::Success)
}

fn resource(resource: &Resource) -> serde_json::Value {
    json!({ "address": resource.pointer, "owner": resource.owner, "price": resource.price })
}

fn describe(id: DealId, deal: &Deal) -> Vec<String> {
    vec![
        format!("deal {id}"),
        format!("  app        {} for {} a task", deal.app.pointer, deal.app.price),
        format!("  workerpool {} for {} a task", deal.workerpool.pointer, deal.workerpool.price),
        format!("  requester  {}, paid by {}", deal.requester, deal.sponsor),
        format!("  trust      {}, category {}, {}", deal.trust, deal.category, deal.tag),
        format!("  stake      {} locked by each contributing worker", deal.worker_stake),
        format!("  params     {}", deal.params),
        format!("  tasks      {} from index {}", deal.bot_size, deal.bot_first),
    ]
}
