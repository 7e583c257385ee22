//! `fairgrid pool run`: a pool server as a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use sdk::Outcome;
use serde_json::json;
use storage::Node;

use super::Context;
use crate::cli::{PoolRun, PoolVerb};
use crate::node::{PoolOptions, PoolRole};

/// Categories that a pool offers: the two shortest.
const CATEGORIES: [u64; 2] = [0, 1];

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, verb: &PoolVerb) -> anyhow::Result<Outcome> {
    let PoolVerb::Run(options) = verb;
    serve(context, options).await
}

async fn serve(context: &Context<'_>, options: &PoolRun) -> anyhow::Result<Outcome> {
    let session = context.session(&options.place).await?;
    let wallet = context.unlock(&options.account, &options.password)?;
    let categories = categories(&session).await?;
    let transit = context.home().join("pool").join("transit");
    std::fs::create_dir_all(&transit).with_context(|| format!("cannot make the folder {}", transit.display()))?;
    let pool = PoolOptions {
        folder: context.home().join("pool"),
        listen: SocketAddr::new(options.listen, options.port),
        description: options.description.clone(),
        price: options.price,
        categories: categories.clone(),
        store: Arc::new(Node::new(session.gateway.clone(), transit)),
    };
    let role = PoolRole::start(&session, wallet, pool, &context.stop).await?;
    let fields = json!({ "workerpool": role.workerpool, "url": role.url });
    let text = format!(
        "pool {} is ready at {}\n  workers join with: fairgrid worker run --pool {}\n  stop with Ctrl-C",
        role.workerpool, role.url, role.url
    );
    context.printer.result("ready", fields, text);
    role.keep_offering(&categories, options.price, &context.stop).await;
    role.join().await;
    Ok(Outcome::Success)
}

/// The standard categories that a pool offers, and those that a network added.
async fn categories(session: &sdk::Session) -> anyhow::Result<Vec<u64>> {
    let count = session.chain.categories().await.map_err(sdk::Error::from)?;
    let standard = chain::deploy::STANDARD_CATEGORIES.len() as u64;
    let own = (standard..u64::try_from(count).unwrap_or(standard)).take(4);
    Ok(CATEGORIES.into_iter().chain(own).collect())
}
