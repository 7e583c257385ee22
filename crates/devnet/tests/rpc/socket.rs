//! WebSocket: requests, subscriptions, and what happens to bad ones.

use crate::world::World;
use alloy::primitives::U256;
use alloy::sol_types::SolEvent as _;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(world: &World) -> Self {
        Self(connect_async(world.node.ws_url()).await.unwrap().0)
    }

    async fn say(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.say(json!({ "id": 1, "method": method, "params": params }).to_string()).await;
        self.hear().await
    }
}

#[tokio::test]
async fn three_blocks_give_three_heads_and_three_logs_in_order() {
    let world = World::new().await;
    let probe = world.deploy().await;
    let mut socket = Socket::open(&world).await;
    let heads = socket.ask("eth_subscribe", json!(["newHeads"])).await["result"].take();
    let plain = json!({ "address": probe, "topics": [crate::world::Plain::SIGNATURE_HASH] });
    let logs = socket.ask("eth_subscribe", json!(["logs", plain])).await["result"].take();
    let pending = socket.ask("eth_subscribe", json!(["newPendingTransactions"])).await["result"].take();
    for value in 1..=3 {
        world.set(probe, value).await;
    }
    let (mut numbers, mut values, mut hashes) = (Vec::new(), Vec::new(), 0);
    while numbers.len() < 3 || values.len() < 3 || hashes < 3 {
        let news = socket.hear().await;
        let (id, result) = (&news["params"]["subscription"], &news["params"]["result"]);
        if *id == heads {
            numbers.push(result["number"].as_str().unwrap().to_owned());
        } else if *id == logs {
            let data: alloy::primitives::Bytes = serde_json::from_value(result["data"].clone()).unwrap();
            values.push(U256::from_be_slice(&data[32..]).to::<u64>());
        } else {
            assert_eq!(*id, pending);
            hashes += 1;
        }
    }
    assert_eq!((numbers, values), (vec!["0x2".into(), "0x3".into(), "0x4".into()], vec![1, 2, 3]));
    assert_eq!(socket.ask("eth_unsubscribe", json!([heads])).await["result"], true);
    assert_eq!(socket.ask("eth_unsubscribe", json!([heads])).await["result"], false);
    world.stop().await;
}

#[tokio::test]
async fn a_socket_answers_batches_survives_garbage_and_limits_subscriptions() {
    let mut config = crate::world::config();
    config.limits.subscriptions = 1;
    let world = World::with(config).await;
    let mut socket = Socket::open(&world).await;
    socket.say("garbage".into()).await;
    assert_eq!(socket.hear().await["error"]["code"], -32700);
    socket
        .say(json!([{ "id": 1, "method": "eth_chainId" }, { "id": 2, "method": "eth_blockNumber" }]).to_string())
        .await;
    assert_eq!(socket.hear().await.as_array().unwrap().len(), 2);
    assert_eq!(socket.ask("eth_subscribe", json!(["weather"])).await["error"]["code"], -32602);
    assert!(socket.ask("eth_subscribe", json!(["newHeads"])).await["result"].is_string());
    assert_eq!(socket.ask("eth_subscribe", json!(["newHeads"])).await["error"]["code"], -32005);
    world.stop().await;
    while let Some(Ok(message)) = socket.0.next().await {
        assert!(message.is_close(), "{message:?}");
    }
}
