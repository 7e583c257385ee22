//! `fairgrid app publish`: from a module on this machine, or an image in a registry, to an offer on the market.

use std::path::Path;

use alloy_primitives::Address;
use chain::AppInfo;
use protocol::Bytes;
use sdk::sell::{AppTerms, WasmApp, offer_app, register_app, register_wasm};
use sdk::{Account, Error, Outcome};
use serde_json::json;

use super::Context;
use crate::cli::{AppVerb, PublishApp};

/// First bytes of every WebAssembly module.
const MAGIC: &[u8] = b"\0asm";
/// Largest module, in bytes: what the wasm sandbox takes.
const MAX_MODULE: u64 = 64 << 20;
/// Longest reference of an image that is registered: longer ones are mistakes.
const MAX_IMAGE: usize = 255;

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &AppVerb) -> anyhow::Result<Outcome> {
    let AppVerb::Publish(options) = verb;
    check(options)?;
    let session = context.session(&options.place).await?;
    let account = context.account(&session, &options.who).await?;
    let published = publish(context, options, &account).await;
    account.close().await;
    published
}

/// Refuses what cannot be an app before a wallet is opened.
fn check(options: &PublishApp) -> anyhow::Result<()> {
    if let Some(path) = &options.module {
        let bytes = sdk::file::read(path, MAX_MODULE)?;
        if !bytes.starts_with(MAGIC) {
            let what = format!("{} is not a WebAssembly module: compile the app for wasm32-wasi first", path.display());
            return Err(Error::Usage(what).into());
        }
    }
    let odd = |image: &String| image.is_empty() || image.len() > MAX_IMAGE || image.contains(char::is_whitespace);
    if options.image.as_ref().is_some_and(odd) {
        let what = "--image takes a reference like docker.io/library/debian:12, of 255 characters at most".to_owned();
        return Err(Error::Usage(what).into());
    }
    Ok(())
}

async fn publish(context: &Context<'_>, options: &PublishApp, account: &Account) -> anyhow::Result<Outcome> {
    let given = options.module.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let name = options.name.clone().or(given).or_else(|| options.image.clone()).unwrap_or_default();
    if options.image.is_some() && options.digest.is_zero() {
        let text = "without --digest nobody can check that workers run the image that you mean";
        context.printer.note("warning", json!({ "message": text }), format!("warning: {text}"));
    }
    let app = register(options, account, &name).await?;
    let terms = AppTerms { price: options.price, volume: options.volume };
    let order = offer_app(account, app, &terms).await?;
    let hash = order.hash(&account.session().chain.info().domain);
    let fields = json!({ "app": app, "name": name, "order": hash, "price": options.price, "volume": options.volume });
    let text = format!("{app}  {name}, {} a task; run it with: fairgrid run {app}", options.price);
    context.printer.result("app", fields, text);
    Ok(Outcome::Success)
}

async fn register(options: &PublishApp, account: &Account, name: &str) -> Result<Address, Error> {
    match (&options.module, &options.image) {
        (Some(module), _) => register_wasm(account, &WasmApp { name, module }).await,
        (None, image) => {
            let info = AppInfo {
                owner: account.address(),
                name: name.to_owned(),
                kind: "DOCKER".to_owned(),
                multiaddr: image.clone().unwrap_or_default().into_bytes().into(),
                checksum: options.digest,
                mrenclave: Bytes::new(),
            };
            register_app(account, &info).await
        }
    }
}
