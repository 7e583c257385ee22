//! `fairgrid demo`: a real job on a whole market in one process, with a worker that cheats and is caught.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::Address;
use anyhow::{Context as _, ensure};
use protocol::{Amount, U256};
use runtime::Stopper;
use sdk::place::{Purchase, place};
use sdk::quote::{Wish, quote};
use sdk::receipt::{Receipt, Span, receipt, spans};
use sdk::watch::Watcher;
use sdk::{Account, Outcome};
use serde_json::json;

use super::Context;
use super::finish::{Finished, finish};
use crate::cli::Demo;
use crate::node::{Keys, LocalNetwork, LocalOptions, Ports};
use crate::show::{contact_sheet, film, receipt_lines, span_lines};

const WORKERS: u16 = 5;
/// Wrong with probability at most one in five: three agreeing newcomers, or four where one disagrees.
const TRUST: u64 = 5;
/// The cheating worker is honest until it has a record to lose, unless there are few frames.
const LIES_FROM: u64 = 4;
/// Price of computing one frame, in nRLC.
const PRICE: u64 = 1_000_000_000;
/// Size of a frame.
const ARGS: &str = "--width 320 --height 240";

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, options: &Demo, stopper: &Stopper) -> anyhow::Result<Outcome> {
    std::fs::create_dir_all(&options.output)
        .with_context(|| format!("cannot make the folder {}", options.output.display()))?;
    let folder =
        tempfile::Builder::new().prefix("fairgrid-demo-").tempdir().context("cannot make a temporary folder")?;
    let started = context.clock.monotonic();
    let text = "starting a chain, a market, a pool and five workers; one of them cheats";
    context.printer.note("starting", json!({ "workers": WORKERS }), text);
    let network = start(context, options, folder.path()).await?;
    let ready = context.clock.monotonic().saturating_sub(started);
    let text = format!("the network is ready after {:.2} s", ready.as_secs_f64());
    context.printer.note("network", json!({ "ready_ms": ready.as_millis() }), text);
    let outcome = job(context, options, &network, started).await;
    stopper.request();
    network.join().await;
    outcome
}

async fn start(context: &Context<'_>, options: &Demo, folder: &Path) -> anyhow::Result<LocalNetwork> {
    let lies_from = LIES_FROM.min(options.frames / 3).max(1);
    let local = LocalOptions {
        folder: folder.to_owned(),
        keep: false,
        keys: Keys::Forgotten,
        listen: std::net::Ipv4Addr::LOCALHOST.into(),
        ports: Ports::default(),
        workers: Some(WORKERS),
        liar_from: u32::try_from(lies_from).ok(),
        price: Amount::nrlc(PRICE),
        test_methods: false,
        test_category: None,
    };
    LocalNetwork::start(local, std::sync::Arc::clone(&context.clock), &context.stop).await
}

async fn job(
    context: &Context<'_>,
    options: &Demo,
    network: &LocalNetwork,
    started: Duration,
) -> anyhow::Result<Outcome> {
    let session = &network.session;
    let accounts = tempfile::tempdir()?;
    let account = Account::open(session, network.requester.clone(), accounts.path(), &context.stop).await?;
    let wish = Wish {
        app: session.network.app("raytracer")?,
        args: ARGS.to_owned(),
        trust: TRUST,
        tasks: options.frames,
        ..Wish::default()
    };
    let quote = quote(session, account.address(), &wish).await?;
    let text = format!(
        "buying {} frames at trust {TRUST}: {} a frame, {} at most; app, pool and request orders are on the market",
        options.frames, quote.task_price, quote.ceiling
    );
    context.printer.note("quote", json!({ "task_price": quote.task_price, "ceiling": quote.ceiling }), text);
    let purchase = place(&account, &quote).await?;
    let deals: Vec<_> = purchase.deals.iter().map(|placed| placed.deal).collect();
    ensure!(purchase.unmatched.is_zero(), "{} frames found no offer", purchase.unmatched);
    let mut watcher = Watcher::start(session, &deals).await?;
    let frames = options.output.join("frames");
    let finished = finish(context, session, &mut watcher, &frames).await?;
    let computed = context.clock.monotonic().saturating_sub(started);
    finished.tell(context, &frames);
    let receipt = bill(session, &watcher, &purchase).await?;
    tell_receipt(context, network, &receipt, &spans(&finished.updates), computed).await?;
    account.close().await;
    if finished.outcome() != Outcome::Success {
        return Ok(finished.outcome());
    }
    ensure!(finished.results.len() as u64 == options.frames, "only {} frames were proven", finished.results.len());
    pictures(context, &finished, &options.output)?;
    Ok(Outcome::Success)
}

async fn bill(session: &sdk::Session, watcher: &Watcher, purchase: &Purchase) -> anyhow::Result<Receipt> {
    let tasks: Vec<_> = watcher.tasks().iter().map(|task| task.id).collect();
    let matches: Vec<_> = purchase.deals.iter().map(|placed| placed.receipt.transaction).collect();
    let from = purchase.deals.iter().map(|placed| placed.receipt.block).min().unwrap_or_default();
    let to = session.chain.head().await.map_err(sdk::Error::from)?.number;
    Ok(receipt(session, &tasks, &matches, from, to).await?)
}

async fn tell_receipt(
    context: &Context<'_>,
    network: &LocalNetwork,
    receipt: &Receipt,
    spans: &[(&'static str, Span)],
    took: Duration,
) -> anyhow::Result<()> {
    let names: BTreeMap<Address, String> = network.names.iter().cloned().collect();
    let mut lines = vec![format!("\nreceipt, {:.1} s after the start", took.as_secs_f64())];
    lines.extend(receipt_lines(receipt, &names));
    lines.push(String::new());
    lines.extend(span_lines(spans));
    let (name, liar) = network.workers.last().context("the demo has workers")?;
    let score = network.session.chain.score(liar.address).await.map_err(sdk::Error::from)?;
    let line = receipt.accounts.get(&liar.address).copied().unwrap_or_default();
    lines.push(String::new());
    lines.push(match line.faulty {
        0 => format!("{name} found no frame to lie about this time"),
        lies => format!(
            "{name} lied {lies} times: outvoted each time, {} of stake lost, score {score} after {} right, {lies} wrong",
            line.paid, line.accurate
        ),
    });
    let fields = json!({
        "receipt": receipt,
        "spans": spans,
        "total_ms": took.as_millis(),
        "cheater": { "worker": liar.address, "lies": line.faulty, "lost": line.paid, "score": score.to_string() },
    });
    context.printer.result("receipt", fields, lines.join("\n"));
    ensure!(line.faulty == 0 || !line.paid.is_zero() || score < U256::from(line.accurate), "the cheater lost nothing");
    Ok(())
}

fn pictures(context: &Context<'_>, finished: &Finished, output: &Path) -> anyhow::Result<()> {
    let frames: Vec<PathBuf> = finished.results.iter().filter_map(|(_, fetched)| fetched.subject()).collect();
    let (sheet, gif) = (output.join("contact-sheet.png"), output.join("animation.gif"));
    contact_sheet(&frames, &sheet)?;
    film(&frames, &gif)?;
    let text = format!(
        "look at   {}\n          {}\nnext      fairgrid up, then fairgrid run raytracer '--width 640 --height 480' --trust 5",
        sheet.display(),
        gif.display()
    );
    context.printer.result("pictures", json!({ "contact_sheet": sheet, "animation": gif }), text);
    Ok(())
}
