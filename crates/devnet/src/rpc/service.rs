//! Takes messages apart: single requests and batches, limits, what runs where. Shared by HTTP and WebSocket.

use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{B256, U256};
use runtime::{Clock, Stop};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::blocks;
use super::error::RpcError;
use super::filters::Filters;
use super::methods::{Answer, is_heavy, to_json};
use super::params::Params;
use super::socket::Session;
use crate::chain::Chain;
use crate::clock::BlockTime;
use crate::config::{Config, Limits, Mining};
use crate::miner::MineNow;

/// How long `eth_sendRawTransactionSync` waits when the client does not say, and the most it may say.
const SYNC_WAIT: Duration = Duration::from_secs(2);
const SYNC_WAIT_MOST: Duration = Duration::from_secs(30);
/// Longest time `eth_sendRawTransaction` is held back so that the receipt is there when a client asks at once.
const RECEIPT_WAIT: Duration = Duration::from_millis(250);

/// Answers requests.
pub(crate) struct Rpc {
    pub(crate) chain: Arc<Chain>,
    pub(crate) time: Arc<BlockTime>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) filters: Filters,
    pub(crate) stop: Stop,
    /// WebSocket connections that may still come.
    pub(crate) sockets: Arc<Semaphore>,
    instant: bool,
    test_methods: bool,
    heavy: Arc<Semaphore>,
    orders: mpsc::Sender<MineNow>,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    method: String,
    #[serde(default)]
    params: Option<Value>,
}

/// Where a request stands: alone, or among others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    Alone,
    Batch,
}

impl Rpc {
    pub(crate) fn new(
        config: &Config,
        chain: Arc<Chain>,
        time: Arc<BlockTime>,
        clock: Arc<dyn Clock>,
        orders: mpsc::Sender<MineNow>,
        stop: Stop,
    ) -> Arc<Self> {
        let limits = config.limits.clone();
        Arc::new(Self {
            chain,
            time,
            clock,
            filters: Filters::default(),
            stop,
            sockets: Arc::new(Semaphore::new(limits.sockets)),
            instant: config.mining == Mining::Instant,
            test_methods: config.test_methods,
            heavy: Arc::new(Semaphore::new(limits.parallel.max(1))),
            orders,
            limits,
        })
    }

    /// The answer to one message.
    pub(crate) async fn answer(self: &Arc<Self>, message: &[u8], session: Option<&mut Session>) -> String {
        match serde_json::from_slice(message) {
            Err(error) => failure(Value::Null, RpcError::parse(error)),
            Ok(Value::Array(requests)) => self.batch(requests, session).await,
            Ok(request) => self.one(request, Company::Alone, session).await,
        }
    }

    async fn batch(self: &Arc<Self>, requests: Vec<Value>, mut session: Option<&mut Session>) -> String {
        let (count, most) = (requests.len(), self.limits.batch);
        if count == 0 {
            return failure(Value::Null, RpcError::invalid("empty batch"));
        }
        if count > most {
            return failure(Value::Null, RpcError::invalid(format!("batch of {count} requests: at most {most}")));
        }
        let mut out = String::from("[");
        for request in requests {
            if out.len() > 1 {
                out.push(',');
            }
            if out.len() > self.limits.answer {
                let id = request.get("id").cloned().unwrap_or_default();
                out.push_str(&failure(id, RpcError::limit("batch answer too large: ask for less at once")));
            } else {
                out.push_str(&self.one(request, Company::Batch, session.as_deref_mut()).await);
                // A batch must not keep other connections waiting.
                tokio::task::yield_now().await;
            }
        }
        out.push(']');
        out
    }

    async fn one(self: &Arc<Self>, request: Value, company: Company, session: Option<&mut Session>) -> String {
        let id = request.get("id").cloned().unwrap_or_default();
        match serde_json::from_value::<Request>(request) {
            Err(error) => failure(id, RpcError::invalid(error)),
            Ok(Request { id: Value::Array(_) | Value::Object(_), .. }) => {
                failure(Value::Null, RpcError::invalid("id must be a number or a string"))
            }
            Ok(Request { id, method, params }) => match self.run(&method, params, company, session).await {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string(),
                Err(error) => failure(id, error),
            },
        }
    }

    async fn run(
        self: &Arc<Self>,
        method: &str,
        params: Option<Value>,
        company: Company,
        session: Option<&mut Session>,
    ) -> Answer {
        let mut params = Params::from_value(params)?;
        match (method, session) {
            ("eth_subscribe", Some(session)) => session.subscribe(&self.chain, &self.limits, &mut params),
            ("eth_unsubscribe", Some(session)) => session.unsubscribe(&mut params),
            ("eth_sendRawTransaction", _) => {
                let (hash, ready) = self.send_raw(&mut params)?;
                if ready && self.instant && company == Company::Alone {
                    self.until_mined(hash, RECEIPT_WAIT).await;
                }
                to_json(&hash)
            }
            ("eth_sendRawTransactionSync", _) => self.send_and_wait(&mut params).await,
            _ if method.starts_with("evm_") && self.test_methods => self.test_method(method, &mut params).await,
            _ if is_heavy(method) => self.run_heavy(method.to_owned(), params).await,
            _ => self.dispatch(method, params),
        }
    }

    async fn run_heavy(self: &Arc<Self>, method: String, params: Params) -> Answer {
        let permit = Arc::clone(&self.heavy).acquire_owned().await.expect("the semaphore is never closed");
        let rpc = Arc::clone(self);
        let running = tokio::task::spawn_blocking(move || {
            let answer = rpc.dispatch(&method, params);
            drop(permit);
            answer
        });
        running.await.unwrap_or_else(|error| Err(RpcError::refused(format!("internal error: {error}"))))
    }

    /// Waits until `hash` is in a block or gone; `most` at most.
    async fn until_mined(&self, hash: B256, most: Duration) {
        let mut heads = self.chain.heads();
        let mined = async { while self.chain.waiting(&hash).is_some() && heads.changed().await.is_ok() {} };
        tokio::select! {
            () = mined => {}
            () = self.clock.sleep(most) => {}
            () = self.stop.requested() => {}
        }
    }

    /// Sends, and answers with the receipt (EIP-7966).
    async fn send_and_wait(&self, params: &mut Params) -> Answer {
        let most = params.optional::<u64>(1)?.map_or(SYNC_WAIT, Duration::from_millis).min(SYNC_WAIT_MOST);
        let (hash, _) = self.send_raw(params)?;
        self.until_mined(hash, most).await;
        match self.chain.find_tx(&hash) {
            Some((block, index)) => to_json(&blocks::receipt(&block, index)),
            None => Err(RpcError::not_mined(&hash, most)),
        }
    }

    async fn test_method(&self, method: &str, params: &mut Params) -> Answer {
        match method {
            "evm_increaseTime" => to_json(&self.time.advance(seconds(params.required(0)?)?)),
            "evm_setNextBlockTimestamp" => {
                let timestamp = seconds(params.required(0)?)?;
                self.check_future(timestamp)?;
                self.time.set_next(timestamp);
                Ok(Value::Null)
            }
            "evm_mine" => {
                if let Some(timestamp) = params.optional(0)? {
                    let timestamp = seconds(timestamp)?;
                    self.check_future(timestamp)?;
                    self.time.set_next(timestamp);
                }
                self.mine().await?;
                Ok("0x0".into())
            }
            _ => Err(RpcError::no_method(method)),
        }
    }

    fn check_future(&self, timestamp: u64) -> Result<(), RpcError> {
        let head = self.chain.head().header.timestamp;
        if timestamp < head {
            return Err(RpcError::params(format!("timestamp {timestamp} lies before the newest block's, {head}")));
        }
        Ok(())
    }

    async fn mine(&self) -> Result<(), RpcError> {
        let (done, mined) = oneshot::channel();
        let stopped = || RpcError::refused("the chain makes no more blocks: it is stopping");
        self.orders.send(done).await.map_err(|_| stopped())?;
        mined.await.map_err(|_| stopped())
    }
}

/// Seconds as a JSON number, a quantity or a decimal string.
fn seconds(value: Value) -> Result<u64, RpcError> {
    let number = match &value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse::<U256>().ok().and_then(|number| u64::try_from(number).ok()),
        _ => None,
    };
    // Far above any date, far below where sums overflow.
    number
        .filter(|seconds| *seconds < 1 << 40)
        .ok_or_else(|| RpcError::params(format!("invalid argument 0: {value} is not a number of seconds")))
}

fn failure(id: Value, error: RpcError) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}
