//! Deals as the market shows them: written once by the follower, read by lists and price history.

use std::time::Duration;

use protocol::deal::{Deal, Resource};
use protocol::{Address, Amount, B256, DealId, OrderHash, U256};
use serde_json::{Value, json};
use sqlx::{QueryBuilder, Row as _, Sqlite};

use crate::Error;
use crate::iso::iso;
use crate::params::{Paging, Params};
use crate::refusal::Refusal;
use crate::store::{Store, block_number};

/// Deals in a price history.
const HISTORY: i64 = 100;

/// Where a deal happened, and which orders made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub(crate) id: DealId,
    pub(crate) app: OrderHash,
    pub(crate) dataset: OrderHash,
    pub(crate) workerpool: OrderHash,
    pub(crate) request: OrderHash,
    pub(crate) block: u64,
    pub(crate) transaction: B256,
}

/// A condition on a deal: where it is in the body, and its value there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    path: &'static str,
    value: Wanted,
}

/// Integers up to 2^53 are numbers in the body, greater ones texts; SQLite tells the two apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Number(i64),
    Text(String),
}

/// Parameters of a list of deals, and where the member is.
const ADDRESSES: [(&str, &str); 8] = [
    ("requester", "$.requester"),
    ("beneficiary", "$.beneficiary"),
    ("app", "$.app.pointer"),
    ("dataset", "$.dataset.pointer"),
    ("workerpool", "$.workerpool.pointer"),
    ("appOwner", "$.app.owner"),
    ("datasetOwner", "$.dataset.owner"),
    ("workerpoolOwner", "$.workerpool.owner"),
];
const HASHES: [(&str, &str); 4] = [
    ("apporderHash", "$.appHash"),
    ("datasetorderHash", "$.datasetHash"),
    ("workerpoolorderHash", "$.workerpoolHash"),
    ("requestorderHash", "$.requestHash"),
];

/// Reads what a list of deals is asked for.
pub(crate) fn conditions(params: &Params) -> Result<Vec<Condition>, Refusal> {
    let mut conditions = Vec::new();
    for (name, path) in ADDRESSES {
        conditions
            .extend(params.address(name)?.map(|address| Condition { path, value: Wanted::Text(address.to_string()) }));
    }
    for (name, path) in HASHES {
        conditions.extend(params.hash(name)?.map(|hash| Condition { path, value: Wanted::Text(hash.to_string()) }));
    }
    conditions.extend(params.uint("category")?.map(category));
    Ok(conditions)
}

fn category(number: U256) -> Condition {
    let value = match json!(Amount::from_nrlc(number)).as_i64() {
        Some(small) => Wanted::Number(small),
        None => Wanted::Text(number.to_string()),
    };
    Condition { path: "$.category", value }
}

impl Store {
    /// Remembers a deal; one that is known changes nothing but its place.
    pub(crate) async fn add_deal(&self, chain_id: u64, place: Match, deal: &Deal) -> Result<(), Error> {
        let sql = "INSERT INTO market_deals (book, id, block, body) VALUES (?, ?, ?, ?)
                   ON CONFLICT (book, id) DO UPDATE SET block = excluded.block, body = excluded.body";
        sqlx::query(sql)
            .bind(&self.book)
            .bind(place.id.to_string())
            .bind(block_number(place.block))
            .bind(body(chain_id, place, deal).to_string())
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Forgets deals of blocks above `block`, which never happened.
    pub(crate) async fn forget_deals_above(&self, block: u64) -> Result<(), Error> {
        let sql = "DELETE FROM market_deals WHERE book = ? AND block > ?";
        sqlx::query(sql).bind(&self.book).bind(block_number(block)).execute(&self.database).await?;
        Ok(())
    }

    pub(crate) async fn deal(&self, id: DealId) -> Result<Option<Value>, Error> {
        let sql = "SELECT body FROM market_deals WHERE book = ? AND id = ?";
        let text: Option<String> =
            sqlx::query_scalar(sql).bind(&self.book).bind(id.to_string()).fetch_optional(&self.database).await?;
        text.as_deref().map(read).transpose()
    }

    /// One page of deals, newest first, and how many there are in all.
    pub(crate) async fn deals(&self, wanted: &[Condition], paging: Paging) -> Result<(u64, Vec<Value>), Error> {
        let mut count = self.select("SELECT COUNT(*) FROM market_deals WHERE book = ", wanted);
        let count: i64 = count.build_query_scalar().fetch_one(&self.database).await?;
        let mut page = self.select("SELECT body FROM market_deals WHERE book = ", wanted);
        page.push(" ORDER BY block DESC, id LIMIT ").push_bind(block_number(paging.limit));
        page.push(" OFFSET ").push_bind(block_number(paging.skip));
        let rows = page.build().fetch_all(&self.database).await?;
        let deals = rows.iter().map(|row| read(row.try_get::<&str, _>(0)?));
        Ok((u64::try_from(count).unwrap_or(0), deals.collect::<Result<_, Error>>()?))
    }

    /// Start, pool price and volume of the last deals of a category, newest first.
    pub(crate) async fn history(&self, number: U256) -> Result<Vec<Value>, Error> {
        let mut query = self.select("SELECT body FROM market_deals WHERE book = ", &[category(number)]);
        query.push(" ORDER BY block DESC, id LIMIT ").push_bind(HISTORY);
        let rows = query.build().fetch_all(&self.database).await?;
        rows.iter()
            .map(|row| {
                let deal = read(row.try_get::<&str, _>(0)?)?;
                Ok(json!([deal["blockTimestamp"], deal["workerpool"]["price"], deal["volume"]]))
            })
            .collect()
    }

    fn select(&self, start: &'static str, wanted: &[Condition]) -> QueryBuilder<Sqlite> {
        let mut query = QueryBuilder::new(start);
        query.push_bind(self.book.clone());
        for condition in wanted {
            // The path is one of the constants above, written out so that the indexes on it serve.
            query.push(" AND json_extract(body, '").push(condition.path).push("') = ");
            match &condition.value {
                Wanted::Number(number) => query.push_bind(*number),
                Wanted::Text(text) => query.push_bind(text.clone()),
            };
        }
        query
    }
}

fn read(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::corrupt(format_args!("a deal that cannot be read ({error})")))
}

fn body(chain_id: u64, place: Match, deal: &Deal) -> Value {
    let uint = |value: U256| json!(Amount::from_nrlc(value));
    let text = |address: Address| address.to_string();
    let sold =
        |sold: &Resource| json!({ "pointer": text(sold.pointer), "owner": text(sold.owner), "price": sold.price });
    json!({
        "dealid": place.id,
        "chainId": chain_id,
        "app": sold(&deal.app),
        "dataset": sold(&deal.dataset),
        "workerpool": sold(&deal.workerpool),
        "requester": text(deal.requester),
        "beneficiary": text(deal.beneficiary),
        "callback": text(deal.callback),
        "sponsor": text(deal.sponsor),
        "appHash": place.app,
        "datasetHash": place.dataset,
        "workerpoolHash": place.workerpool,
        "requestHash": place.request,
        "params": deal.params,
        "volume": uint(deal.bot_size),
        "category": uint(deal.category),
        "tag": deal.tag,
        "trust": uint(deal.trust),
        "startTime": deal.start,
        "botFirst": uint(deal.bot_first),
        "botSize": uint(deal.bot_size),
        "schedulerRewardRatio": uint(deal.scheduler_reward_ratio),
        "workerStake": deal.worker_stake,
        "blockNumber": place.block,
        // A deal starts at the time of the block that made it.
        "blockTimestamp": iso(Duration::from_secs(deal.start.0)),
        "transactionHash": place.transaction,
    })
}
