//! `fairgrid app publish`: from a module on this machine to an offer on the market.

use anyhow::Context as _;
use sdk::sell::{AppTerms, WasmApp, offer_app, register_wasm};
use sdk::{Error, Outcome};
use serde_json::json;

use super::Context;
use crate::cli::{AppVerb, PublishApp};

/// First bytes of every WebAssembly module.
const MAGIC: &[u8] = b"\0asm";

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &AppVerb) -> anyhow::Result<Outcome> {
    let AppVerb::Publish(options) = verb;
    publish(context, options).await
}

async fn publish(context: &Context<'_>, options: &PublishApp) -> anyhow::Result<Outcome> {
    let path = &options.module;
    let bytes = tokio::fs::read(path).await.with_context(|| format!("cannot read {}", path.display()))?;
    if !bytes.starts_with(MAGIC) {
        let what = format!("{} is not a WebAssembly module: compile the app for wasm32-wasi first", path.display());
        return Err(Error::Usage(what).into());
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = options.name.clone().unwrap_or(stem);
    let session = context.session(&options.place).await?;
    let account = context.account(&session, &options.who).await?;
    let app = register_wasm(&account, &WasmApp { name: &name, module: path }).await?;
    let terms = AppTerms { price: options.price, volume: options.volume };
    let offered = offer_app(&account, app, &terms).await;
    account.close().await;
    let order = offered?;
    let hash = order.hash(&session.chain.info().domain);
    let fields = json!({ "app": app, "name": name, "order": hash, "price": options.price, "volume": options.volume });
    let text = format!("{app}  {name}, {} a task; run it with: fairgrid run {app}", options.price);
    context.printer.result("app", fields, text);
    Ok(Outcome::Success)
}
