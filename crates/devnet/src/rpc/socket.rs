//! One WebSocket connection: requests in, answers and notifications out, in one loop, so that the answer to
//! `eth_subscribe` always comes before the first notification.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::B256;
use alloy::rpc::types::Filter;
use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};

use super::error::RpcError;
use super::filters::new_id;
use super::methods::{Answer, to_json};
use super::params::Params;
use super::service::Rpc;
use super::{blocks, logs};
use crate::block::Block;
use crate::chain::Chain;
use crate::config::Limits;

/// A client that does not read for this long is cut off.
const WRITE_TIME: Duration = Duration::from_secs(10);

#[derive(Debug)]
enum Topic {
    Heads,
    Logs(Box<Filter>),
    Pending { full: bool },
}

/// What one connection is subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Topic and the first block it is about, by id.
    topics: BTreeMap<String, (Topic, u64)>,
}

impl Session {
    /// `eth_subscribe`.
    ///
    /// # Errors
    /// An unknown topic, or too many subscriptions.
    pub(crate) fn subscribe(&mut self, chain: &Chain, limits: &Limits, params: &mut Params) -> Answer {
        if self.topics.len() >= limits.subscriptions {
            let most = limits.subscriptions;
            return Err(RpcError::limit(format!("{most} subscriptions, no more are allowed: remove one first")));
        }
        let topic = match params.required::<String>(0)?.as_str() {
            "newHeads" => Topic::Heads,
            "newPendingTransactions" => Topic::Pending { full: params.optional(1)?.unwrap_or_default() },
            "logs" => {
                let filter: Filter = params.optional(1)?.unwrap_or_default();
                logs::check(&filter, limits)?;
                Topic::Logs(Box::new(filter))
            }
            other => return Err(RpcError::params(format!("no \"{other}\" subscription in eth namespace"))),
        };
        let id = new_id();
        self.topics.insert(id.clone(), (topic, chain.head().number() + 1));
        Ok(id.into())
    }

    /// `eth_unsubscribe`.
    ///
    /// # Errors
    /// No id given.
    pub(crate) fn unsubscribe(&mut self, params: &mut Params) -> Answer {
        Ok(self.topics.remove(&params.required::<String>(0)?).is_some().into())
    }

    fn about_block(&self, block: &Block) -> Result<Vec<String>, RpcError> {
        let mut out = Vec::new();
        for (id, (topic, from)) in &self.topics {
            match topic {
                _ if block.number() < *from => {}
                Topic::Heads => out.push(notification(id, to_json(&blocks::header(block))?)),
                Topic::Logs(filter) => {
                    for log in blocks::logs(block, filter) {
                        out.push(notification(id, to_json(&log)?));
                    }
                }
                Topic::Pending { .. } => {}
            }
        }
        Ok(out)
    }

    fn about_submissions(&self, chain: &Chain, hashes: &[B256]) -> Result<Vec<String>, RpcError> {
        let mut out = Vec::new();
        for (id, (topic, _)) in &self.topics {
            let Topic::Pending { full } = topic else { continue };
            for hash in hashes {
                let result = if *full { pending(chain, hash)? } else { to_json(hash)? };
                out.push(notification(id, result));
            }
        }
        Ok(out)
    }
}

fn pending(chain: &Chain, hash: &B256) -> Answer {
    match chain.find_tx(hash) {
        Some((block, index)) => to_json(&blocks::transaction(&block, index)),
        None => to_json(&chain.waiting(hash).map(|signed| blocks::pending(&signed))),
    }
}

fn notification(id: &str, result: Value) -> String {
    let params = json!({ "subscription": id, "result": result });
    json!({ "jsonrpc": "2.0", "method": "eth_subscription", "params": params }).to_string()
}

/// Serves one connection until either side ends it, or the chain stops.
pub(crate) async fn run(mut socket: WebSocket, rpc: Arc<Rpc>) {
    let mut session = Session::default();
    let (mut heads, mut arrivals) = (rpc.chain.heads(), rpc.chain.arrivals());
    let (mut next, mut submitted) = (*heads.borrow_and_update() + 1, *arrivals.borrow_and_update());
    loop {
        let out = tokio::select! {
            () = rpc.stop.requested() => break,
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => vec![rpc.answer(text.as_bytes(), Some(&mut session)).await],
                Some(Ok(Message::Binary(bytes))) => vec![rpc.answer(&bytes, Some(&mut session)).await],
                // Pings are answered by the library as they are read.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Vec::new(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            Ok(()) = heads.changed() => {
                heads.mark_unchanged();
                // One block a round, so that a long backlog stays small in memory.
                let Some(block) = rpc.chain.block(next) else { continue };
                next += 1;
                if rpc.chain.block(next).is_some() {
                    heads.mark_changed();
                }
                session.about_block(&block).unwrap_or_default()
            }
            Ok(()) = arrivals.changed() => {
                let (hashes, newest) = rpc.chain.submitted_since(submitted);
                submitted = newest;
                session.about_submissions(&rpc.chain, &hashes).unwrap_or_default()
            }
        };
        if send(&mut socket, &rpc, out).await.is_err() {
            return;
        }
    }
    // The client sees the connection end either way.
    let _gone = socket.send(Message::Close(None)).await;
}

async fn send(socket: &mut WebSocket, rpc: &Rpc, messages: Vec<String>) -> Result<(), ()> {
    for message in messages {
        tokio::select! {
            sent = socket.send(Message::Text(message.into())) => sent.map_err(|_| ())?,
            () = rpc.clock.sleep(WRITE_TIME) => return Err(()),
        }
    }
    Ok(())
}
