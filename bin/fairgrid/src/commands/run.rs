//! `fairgrid run`: from a wish to verified files.

use std::path::Path;

use alloy_primitives::Address;
use protocol::DealId;
use sdk::place::{Purchase, place};
use sdk::quote::{Input, Quote, Wish, quote, upload_inputs};
use sdk::watch::Watcher;
use sdk::{Error, Outcome, Session};
use serde_json::json;

use super::Context;
use super::finish::{finish, output_of};
use crate::cli::Run;

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, options: &Run) -> anyhow::Result<Outcome> {
    let session = context.session(&options.place).await?;
    let app = session.network.app(&options.app)?;
    let account = context.account(&session, &options.who).await?;
    let ended = buy(context, &session, &account, app, options).await;
    account.close().await;
    ended
}

async fn buy(
    context: &Context<'_>,
    session: &Session,
    account: &sdk::Account,
    app: Address,
    options: &Run,
) -> anyhow::Result<Outcome> {
    if let Some(output) = options.output.as_ref().filter(|_| !options.dry_run) {
        check_output(output)?;
    }
    let inputs: Vec<Input> = options.input.iter().map(|text| Input::parse(text)).collect();
    // A dry run signs nothing and sends nothing, files included.
    let inputs = if options.dry_run { options.input.clone() } else { upload_inputs(session, &inputs).await? };
    let wish = Wish {
        app,
        args: options.args.clone(),
        inputs,
        trust: options.trust,
        tasks: options.tasks,
        max_price: options.max_price,
        category: options.category,
        workerpool: options.workerpool,
        callback: options.callback,
    };
    let quote = quote(session, account.address(), &wish).await?;
    tell_quote(context, &quote);
    if let Some(callback) = options.callback {
        warn_without_code(context, session, callback).await?;
    }
    if options.dry_run {
        return dry(context, session, account, &quote).await;
    }
    let purchase = place(account, &quote).await.map_err(|error| error.for_wallet(&options.who.account))?;
    tell_deals(context, &purchase);
    let deals: Vec<DealId> = purchase.deals.iter().map(|placed| placed.deal).collect();
    if options.detach {
        context.printer.result("detached", json!({ "deals": deals }), join(&deals));
        return Ok(Outcome::Success);
    }
    let output = output_of(options.output.as_ref(), deals.first().copied().unwrap_or_default());
    let mut watcher = Watcher::start(session, &deals).await?;
    let finished = match finish(context, session, &mut watcher, &output).await {
        Err(Error::Interrupted) => {
            tell_resume(context, &deals);
            return Ok(Outcome::Interrupted);
        }
        other => other?,
    };
    finished.tell(context, &output);
    if !purchase.unmatched.is_zero() && finished.outcome() == Outcome::Success {
        let text = format!("{} tasks found no offer; nothing was paid for them", purchase.unmatched);
        context.printer.note("unmatched", json!({ "tasks": purchase.unmatched.to_string() }), text);
        return Ok(Outcome::NoMatch);
    }
    Ok(finished.outcome())
}

/// Refuses an output folder that holds something, before anything is signed or paid.
fn check_output(output: &Path) -> Result<(), Error> {
    let empty = match std::fs::read_dir(output) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if empty {
        // Made now, so that a place where nothing can be made is known before anything is paid.
        let refuse = |error| Error::Usage(format!("cannot make the folder {}: {error}", output.display()));
        return std::fs::create_dir_all(output).map_err(refuse);
    }
    let what = format!("{} is not an empty folder: choose another with --output, or empty it", output.display());
    Err(Error::Usage(what))
}

async fn dry(
    context: &Context<'_>,
    session: &Session,
    account: &sdk::Account,
    quote: &Quote,
) -> anyhow::Result<Outcome> {
    let refusals = quote.refusals(session, account.address()).await?;
    let reasons: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let text = if reasons.is_empty() {
        "the hub would accept this match; nothing was signed".to_owned()
    } else {
        format!("the hub would refuse this match: {}", reasons.join("; "))
    };
    context.printer.result("dry_run", json!({ "refusals": reasons }), text);
    Ok(if refusals.is_empty() { Outcome::Success } else { Outcome::NoMatch })
}

fn tell_quote(context: &Context<'_>, quote: &Quote) {
    let request = &quote.request;
    let fields = json!({
        "app": request.app,
        "workerpool": quote.pools[0].order.workerpool,
        "task_price": quote.task_price,
        "ceiling": quote.ceiling,
        "tasks": request.volume.to_string(),
        "trust": request.trust.to_string(),
        "category": request.category.to_string(),
        "callback": (!request.callback.is_zero()).then_some(request.callback),
    });
    let mut text = format!(
        "you sign: {} task(s) of app {} at trust {}, in category {}, for {} a task, {} at most in all",
        request.volume, request.app, request.trust, request.category, quote.task_price, quote.ceiling
    );
    if !request.callback.is_zero() {
        text.push_str(&format!("; the hub hands each result to {}", request.callback));
    }
    context.printer.note("quote", fields, text);
}

/// A callback to an account without code is called in vain: the task is paid all the same.
async fn warn_without_code(context: &Context<'_>, session: &Session, callback: Address) -> Result<(), Error> {
    if session.chain.is_contract(callback).await? {
        return Ok(());
    }
    let text =
        format!("there is no contract at {callback} now: unless it is deployed before the end, nobody is called");
    context.printer.note("warning", json!({ "callback": callback, "message": text }), format!("warning: {text}"));
    Ok(())
}

fn tell_deals(context: &Context<'_>, purchase: &Purchase) {
    for placed in &purchase.deals {
        let fields = json!({
            "deal": placed.deal,
            "tasks": placed.tasks.to_string(),
            "transaction": placed.receipt.transaction,
            "gas": placed.receipt.gas_used,
        });
        let text = format!("deal {} of {} task(s), block {}", placed.deal, placed.tasks, placed.receipt.block);
        context.printer.note("deal", fields, text);
    }
}

/// Ctrl-C never cancels paid work: it goes on, and this says how to come back to it.
fn tell_resume(context: &Context<'_>, deals: &[DealId]) {
    let commands: Vec<String> = deals.iter().map(|deal| format!("fairgrid deal watch {deal}")).collect();
    let text = format!("interrupted; the network goes on computing. Come back with: {}", commands.join("; "));
    context.printer.note("interrupted", json!({ "resume": commands }), text);
}

fn join(deals: &[DealId]) -> String {
    deals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
