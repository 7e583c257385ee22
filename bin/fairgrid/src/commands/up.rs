//! `fairgrid up`: a local network that stays.

use alloy_primitives::Address;
use protocol::Amount;
use sdk::Outcome;
use serde_json::json;

use super::Context;
use super::context::NETWORK_FILE;
use crate::cli::Up;
use crate::node::{Keys, LocalNetwork, LocalOptions, Ports, offered};

/// Price of one task of the local pool, in nRLC: a tenth of an RLC.
const PRICE: u64 = 100_000_000;

/// Runs the command.
pub(crate) async fn run(context: &Context<'_>, options: &Up) -> anyhow::Result<Outcome> {
    let home = context.home().to_owned();
    let price = Amount::nrlc(PRICE);
    let local = LocalOptions {
        folder: home.clone(),
        keep: true,
        keys: Keys::in_folder(&home.join("wallets"))?,
        listen: options.listen,
        ports: Ports {
            rpc: options.rpc_port,
            market: options.market_port,
            gateway: options.gateway_port,
            pool: options.pool_port,
        },
        workers: (!options.without_pool).then_some(options.workers),
        liar_from: options.test_liar_from,
        price,
        test_methods: options.test_methods,
        test_category: options.test_category,
    };
    let categories = offered(&local);
    let started = context.clock.monotonic();
    let network = LocalNetwork::start(local, std::sync::Arc::clone(&context.clock), &context.stop).await?;
    network.session.network.write(&home.join(NETWORK_FILE))?;
    let took = context.clock.monotonic().saturating_sub(started);
    tell(context, &network, took.as_secs_f64());
    network.keep_offering(price, &categories, &context.stop).await;
    context.printer.note("stopping", (), "stopping; the network goes on where it is with the next 'fairgrid up'");
    network.join().await;
    Ok(Outcome::Success)
}

fn tell(context: &Context<'_>, network: &LocalNetwork, took: f64) {
    let place = &network.session.network;
    let accounts: Vec<_> =
        network.names.iter().map(|(address, name)| json!({ "name": name, "address": address })).collect();
    let fields = json!({
        "network": place,
        "deployment": network.deployment,
        "accounts": accounts,
        "seconds": took,
    });
    let mut lines = vec![
        format!("the network is ready after {took:.2} s"),
        String::new(),
        format!("  chain     {} (chain id {})", place.rpc, network.deployment.chain_id),
        format!("  hub       {}", place.hub),
        format!("  RLC       {}", network.deployment.token),
        format!("  market    {}", place.market),
        format!("  gateway   {}", place.gateway),
    ];
    if let (Some(url), Some(pool)) = (&place.pool, &network.pool) {
        lines.push(format!("  pool      {url} ({})", pool.workerpool));
    }
    lines.push(String::new());
    lines.extend(network.names.iter().map(|(address, name): &(Address, String)| format!("  {name:<10} {address}")));
    lines.push(String::new());
    lines.extend(place.catalogue.iter().map(|entry| format!("  app {:<10} {}", entry.name, entry.description)));
    lines.push(String::new());
    lines.push("  try       fairgrid run wordcount 'to be or not to be' --trust 5".to_owned());
    lines.push("  stop      Ctrl-C; 'fairgrid up' goes on with the same chain".to_owned());
    context.printer.result("ready", fields, lines.join("\n"));
}
