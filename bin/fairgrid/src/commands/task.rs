//! `fairgrid task`: one task, now or to its end.

use protocol::TaskId;
use protocol::task::Phase;
use sdk::watch::Watcher;
use sdk::{Error, Outcome, Session};
use serde_json::json;

use super::Context;
use super::finish::{finish, output_of};
use crate::cli::TaskVerb;

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &TaskVerb) -> anyhow::Result<Outcome> {
    match verb {
        TaskVerb::Show(options) => show(context, &context.session(&options.place).await?, options.task).await,
        TaskVerb::Watch(options) => {
            let session = context.session(&options.place).await?;
            let mut watcher = Watcher::of_task(&session, options.task).await?;
            let deal = watcher.tasks().first().map(|task| task.deal).unwrap_or_default();
            let output = output_of(options.output.as_ref(), deal);
            match finish(context, &session, &mut watcher, &output).await {
                Err(Error::Interrupted) => {
                    let command = format!("fairgrid task watch {}", options.task);
                    let text = format!("interrupted; the network goes on computing. Come back with: {command}");
                    context.printer.note("interrupted", json!({ "resume": [command] }), text);
                    Ok(Outcome::Interrupted)
                }
                finished => {
                    let finished = finished?;
                    finished.tell(context, &output);
                    Ok(finished.outcome())
                }
            }
        }
    }
}

async fn show(context: &Context<'_>, session: &Session, id: TaskId) -> anyhow::Result<Outcome> {
    let view = session.chain.task(id).await.map_err(Error::from)?;
    let view = view.ok_or_else(|| {
        Error::Usage(format!("task {id} is not initialized: 'fairgrid deal show DEAL' lists the tasks of a deal"))
    })?;
    let now = session.chain.head().await.map_err(Error::from)?.time;
    let mut contributions = Vec::new();
    for worker in &view.contributors {
        if let Some(found) = session.chain.contribution(id, *worker).await.map_err(Error::from)? {
            contributions.push((*worker, found));
        }
    }
    let listed: Vec<_> = contributions
        .iter()
        .map(|(worker, found)| json!({"worker": worker, "status": format!("{:?}", found.status), "hash": found.hash}))
        .collect();
    let results = String::from_utf8_lossy(&view.results).into_owned();
    let deal = session.chain.deal(view.deal).await.map_err(Error::from)?;
    let callback = deal.map(|deal| deal.callback).filter(|callback| !callback.is_zero());
    let handed = callback.filter(|_| matches!(view.phase, Phase::Completed { .. })).map(|_| &view.callback_results);
    let fields = json!({
        "task": id,
        "deal": view.deal,
        "index": view.index.to_string(),
        "phase": view.phase.name(),
        "contribute_before": view.contribute_before,
        "final_before": view.final_before,
        "now": now,
        "contributions": listed,
        "digest": view.digest,
        "results": results,
        "callback": callback,
        "callback_data": handed,
    });
    let mut lines = vec![
        format!("task {id}"),
        format!("  deal       {}, index {}", view.deal, view.index),
        format!("  phase      {}{}", view.phase.name(), left(&view.phase, &view, now)),
    ];
    for (worker, found) in &contributions {
        lines.push(format!("  {worker} {:<11} {}", format!("{:?}", found.status).to_lowercase(), found.hash));
    }
    if !results.is_empty() {
        lines.push(format!("  results    {results}"));
    }
    if let Some(callback) = callback {
        let got = handed.map_or_else(|| "nothing so far".to_owned(), ToString::to_string);
        lines.push(format!("  callback   {callback} was handed {got}"));
    }
    context.printer.result("task", fields, lines.join("\n"));
    Ok(Outcome::Success)
}

/// What the clock still allows.
fn left(phase: &Phase, view: &chain::TaskView, now: protocol::ChainTime) -> String {
    match phase {
        Phase::Active => {
            let (contribute, last) = (now.until(view.contribute_before), now.until(view.final_before));
            format!(": contributions for {contribute} s, refund in {last} s")
        }
        Phase::Revealing { revealed, winners, reveal_before, .. } => {
            format!(": {revealed} of {winners} revealed, {} s left to reveal", now.until(*reveal_before))
        }
        Phase::Completed { .. } | Phase::Failed => String::new(),
    }
}
