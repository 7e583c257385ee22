//! Tests of the store: what survives a restart, on a real file.

use alloy_primitives::B256;
use api::pool::{Capabilities, Hello, Order};
use protocol::Address;
use protocol::ChainTime;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::*;
use crate::replicate::{Replicate, State};

async fn open(folder: &tempfile::TempDir) -> Store {
    let options = SqliteConnectOptions::new().filename(folder.path().join("pool.db")).create_if_missing(true);
    let database = SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
    Store::open(database, "pool".to_owned()).await.unwrap()
}

fn task(byte: u8) -> TaskId {
    TaskId(B256::repeat_byte(byte))
}

async fn with_tasks(store: &Store, bytes: &[u8]) {
    let deal = DealId::default();
    store.add_deal(deal, bytes.len() as u64).await.unwrap();
    let tasks: Vec<_> = bytes.iter().map(|byte| (U256::from(*byte), task(*byte))).collect();
    store.add_tasks(deal, &tasks, bytes.len() as u64).await.unwrap();
}

fn hello(after: u64, holding: &[TaskId]) -> Hello {
    Hello { slots: 1, capabilities: Capabilities::default(), after, holding: holding.to_vec(), version: String::new() }
}

const WORKER: Address = Address::repeat_byte(1);

async fn assign(store: &Store, byte: u8) -> bool {
    let copy = Replicate::assigned(WORKER, ChainTime(5));
    let order =
        Order::Work { task: task(byte), deal: DealId::default(), index: U256::from(byte), authorization: Bytes::new() };
    store.assign(task(byte), &copy, &order).await.unwrap()
}

#[tokio::test]
async fn s1_a_worker_never_gets_a_second_copy_of_a_task() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    with_tasks(&store, &[1]).await;
    assert!(assign(&store, 1).await);
    store.change(task(1), WORKER, Replicate::lose).await.unwrap();
    assert!(!assign(&store, 1).await);
    assert_eq!(store.commands(WORKER, 0).await.unwrap().len(), 1);
    assert_eq!(store.copies(task(1)).await.unwrap()[0].state, State::Lost);
}

#[tokio::test]
async fn s2_a_restart_finds_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let before = open(&folder).await;
    with_tasks(&before, &[1, 2]).await;
    assign(&before, 1).await;
    before.set_cursor(&chain::Cursor::at(7)).await.unwrap();
    before.set_link(task(1), "{}").await.unwrap();
    before.set_callback(task(1), &Bytes::from_static(b"data")).await.unwrap();
    before.set_why(task(2), Some("no worker")).await.unwrap();
    drop(before);
    let store = open(&folder).await;
    assert_eq!(store.cursor().await.unwrap().unwrap().next(), 7);
    assert_eq!(store.open_tasks().await.unwrap().len(), 2);
    let row = store.task(task(1)).await.unwrap().unwrap();
    assert_eq!((row.link.as_deref(), row.callback), (Some("{}"), Some(Bytes::from_static(b"data"))));
    assert_eq!(store.task(task(2)).await.unwrap().unwrap().why.as_deref(), Some("no worker"));
    assert_eq!(store.loads().await.unwrap()[&WORKER].computing, 1);
    let deals = store.open_deals().await.unwrap();
    assert_eq!((deals[0].made, deals[0].size, deals[0].open), (2, 2, 2));
    assert!(store.task(task(9)).await.unwrap().is_none());
}

#[tokio::test]
async fn s4_commands_stay_until_acknowledged_and_numbers_only_grow() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    with_tasks(&store, &[1, 2]).await;
    assign(&store, 1).await;
    assign(&store, 2).await;
    store.push(WORKER, task(1), &Order::Look { task: task(1) }).await.unwrap();
    store.push(WORKER, task(1), &Order::Look { task: task(1) }).await.unwrap();
    let numbers = |commands: Vec<api::pool::Command>| commands.iter().map(|c| c.number).collect::<Vec<_>>();
    assert_eq!(numbers(store.commands(WORKER, 0).await.unwrap()), [1, 2, 3], "a waiting command is not said twice");
    store.acknowledge(WORKER, 2).await.unwrap();
    assert_eq!(numbers(store.commands(WORKER, 0).await.unwrap()), [3]);
    store.acknowledge(WORKER, 3).await.unwrap();
    // A worker that has seen more than this store remembers.
    store.hello(WORKER, &hello(10, &[task(1), task(2)])).await.unwrap();
    store.push(WORKER, task(1), &Order::Upload { task: task(1) }).await.unwrap();
    assert_eq!(numbers(store.commands(WORKER, 0).await.unwrap()), [11]);
}

#[tokio::test]
async fn a_worker_that_forgot_a_task_loses_it_and_one_that_holds_an_ended_task_drops_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    with_tasks(&store, &[1, 2, 3]).await;
    for byte in [1, 2, 3] {
        assign(&store, byte).await;
    }
    store.close_task(task(3), "completed").await.unwrap();
    // The commands for 1 and 2 were acted on; it holds 2 and 3 only.
    let changed = store.hello(WORKER, &hello(3, &[task(2), task(3), task(9)])).await.unwrap();
    assert_eq!(changed, [task(1)]);
    let orders: Vec<_> = store.commands(WORKER, 0).await.unwrap().into_iter().map(|command| command.order).collect();
    let dropped =
        |wanted: TaskId| orders.iter().any(|order| matches!(order, Order::Drop { task, .. } if *task == wanted));
    assert!(dropped(task(3)) && dropped(task(9)) && !dropped(task(2)), "{orders:?}");
    // A command that is still on its way is no reason to lose anything.
    with_tasks(&store, &[4]).await;
    assign(&store, 4).await;
    assert!(store.hello(WORKER, &hello(3, &[task(2)])).await.unwrap().is_empty());
}

#[tokio::test]
async fn closing_a_task_replaces_what_was_to_be_said_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    with_tasks(&store, &[1]).await;
    assign(&store, 1).await;
    store.close_task(task(1), "failed").await.unwrap();
    store.close_task(task(1), "failed").await.unwrap();
    let commands = store.commands(WORKER, 0).await.unwrap();
    assert!(matches!(commands.as_slice(), [command] if matches!(command.order, Order::Drop { .. })), "{commands:?}");
    assert!(store.loads().await.unwrap().is_empty() && store.open_tasks().await.unwrap().is_empty());
    assert_eq!(store.open_deals().await.unwrap()[0].open, 0);
}

#[tokio::test]
async fn two_pools_share_a_database_without_seeing_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    with_tasks(&store, &[1]).await;
    let other = Store::open(store.database.clone(), "other".to_owned()).await.unwrap();
    assert!(other.open_tasks().await.unwrap().is_empty());
    assert!(other.task(task(1)).await.unwrap().is_none());
}
