//! A quote: which offers fit a request, what it will cost at most, and what would be signed. Nothing is signed here.

use std::path::PathBuf;

use api::market::{Page, Record};
use protocol::matching::{self, Refusal};
use protocol::order::{AppOrder, Order as _, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::params::DealParams;
use protocol::{Address, Amount, B256, Bytes, Tag, U256};

use crate::{Error, Session};

/// Most tasks of one request.
pub const MAX_TASKS: u64 = 10_000;
/// Largest input file that is uploaded, in bytes: what gateways take.
const MAX_INPUT: u64 = 1 << 30;
/// Most offers that are looked at.
const PAGE: u64 = 100;

/// What a requester wants.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The app contract.
    pub app: Address,
    /// Command line of the app.
    pub args: String,
    /// Input files: URLs as they are.
    pub inputs: Vec<String>,
    /// How sure the result must be: wrong with probability at most `1 / trust`.
    pub trust: u64,
    /// Tasks.
    pub tasks: u64,
    /// Most that one task may cost in all; `None` takes the best offer whatever it costs.
    pub max_price: Option<Amount>,
    /// Category; `None` takes the one of the best offer.
    pub category: Option<u64>,
    /// Pool; `None` is any.
    pub workerpool: Option<Address>,
    /// Contract that the hub hands each result to; `None` for files.
    pub callback: Option<Address>,
}

/// An input of the user: a URL, or a file to be uploaded first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Fetched by the workers.
    Url(String),
    /// Uploaded to the network's gateway.
    File(PathBuf),
}

impl Input {
    /// What `text` means.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.contains("://") || text.starts_with("/ipfs/") {
            Self::Url(text.to_owned())
        } else {
            Self::File(text.into())
        }
    }
}

/// A priced set of orders, ready to be signed.
#[derive(Clone, Debug)]
pub struct Quote {
    /// App offer.
    pub app: Signed<AppOrder>,
    /// Best pool offers that fit, cheapest first; together they cover the tasks as far as offers go.
    pub pools: Vec<Signed<WorkerpoolOrder>>,
    /// What the requester would sign.
    pub request: RequestOrder,
    /// Price of one task with the first pool.
    pub task_price: Amount,
    /// Most that all tasks can cost: the dearest offer that may be needed, times the volume.
    pub ceiling: Amount,
}

/// Uploads what is a file, and gives the URLs that workers will fetch.
///
/// # Errors
/// [`Error::Usage`] for a file that is none; [`Error::Storage`].
pub async fn upload_inputs(session: &Session, inputs: &[Input]) -> Result<Vec<String>, Error> {
    let mut urls = Vec::with_capacity(inputs.len());
    for input in inputs {
        urls.push(match input {
            Input::Url(url) => url.clone(),
            Input::File(path) => {
                if !path.is_file() {
                    let what = format!("input {} is not a file: name a file of this machine, or a URL", path.display());
                    return Err(Error::Usage(what));
                }
                let size = std::fs::metadata(path).map_err(Error::file("read", path))?.len();
                if size > MAX_INPUT {
                    let what = format!("input {} has {size} bytes; at most {MAX_INPUT} are sent", path.display());
                    return Err(Error::Usage(what));
                }
                let added = session.gateway.add(path).await?;
                format!("{}ipfs/{}", session.network.gateway, added.cid)
            }
        });
    }
    Ok(urls)
}

/// Finds offers for `wish`.
///
/// # Errors
/// [`Error::Usage`] for a wish that makes no sense, [`Error::NoMatch`] and [`Error::TooDear`] when nothing fits.
pub async fn quote(session: &Session, requester: Address, wish: &Wish) -> Result<Quote, Error> {
    check(wish)?;
    let app = best_app(session, requester, wish).await?;
    let records = fitting_pools(session, requester, wish, &app).await?;
    let dearest = dearest_needed(&records, wish.tasks);
    let pools: Vec<Signed<WorkerpoolOrder>> = records.into_iter().map(|record| record.order).collect();
    let first = &pools[0].order;
    let task_price = sum(app.order.appprice, first.workerpoolprice)?;
    if let Some(ceiling) = wish.max_price.filter(|ceiling| *ceiling < task_price) {
        return Err(Error::TooDear { price: task_price, ceiling });
    }
    let request = request_order(requester, wish, &app.order, first, dearest);
    let per_task = sum(request.appmaxprice, request.workerpoolmaxprice)?;
    let ceiling = per_task.checked_mul(request.volume).ok_or_else(overflow)?;
    Ok(Quote { app, pools, request, task_price, ceiling })
}

impl Quote {
    /// Everything that keeps the first match from happening, in words; empty when it would succeed.
    ///
    /// # Errors
    /// [`Error::Chain`].
    pub async fn refusals(&self, session: &Session, payer: Address) -> Result<Vec<Refusal>, Error> {
        let orders = self.orders(&self.pools[0], Signed { order: self.request.clone(), sign: Bytes::new() });
        let facts = session.chain.facts(&orders, payer).await?;
        let unsigned = matching::Clause::RequestSigned;
        Ok(matching::refusals(&orders, &facts).into_iter().filter(|refusal| refusal.clause != unsigned).collect())
    }

    /// The four orders of a match with one of the pools.
    #[must_use]
    pub fn orders(&self, pool: &Signed<WorkerpoolOrder>, request: Signed<RequestOrder>) -> Quadruple {
        Quadruple { app: self.app.clone(), dataset: Signed::none(), workerpool: pool.clone(), request }
    }
}

fn check(wish: &Wish) -> Result<(), Error> {
    if wish.tasks == 0 || wish.tasks > MAX_TASKS {
        return Err(Error::Usage(format!("{} tasks cannot be ordered: choose 1 to {MAX_TASKS}", wish.tasks)));
    }
    if wish.callback == Some(Address::ZERO) {
        let what = "the zero address takes no callback: name the contract that wants the results";
        return Err(Error::Usage(what.to_owned()));
    }
    protocol::params::split_args(&wish.args).map_err(|error| Error::Usage(error.to_string()))?;
    DealParams::parse(&params(wish)).map_err(|error| Error::Usage(error.to_string()))?;
    Ok(())
}

fn params(wish: &Wish) -> String {
    DealParams { args: wish.args.clone(), input_files: wish.inputs.clone(), ..DealParams::default() }.to_text()
}

async fn best_app(session: &Session, requester: Address, wish: &Wish) -> Result<Signed<AppOrder>, Error> {
    let filters = [("app", wish.app.to_string()), ("requester", requester.to_string()), ("workerpool", any())];
    let page: Page<AppOrder> = session.market.orders(&with_page(&filters)).await?;
    let found = page.orders.into_iter().find(|record| !record.order.order.tag.is_tee());
    if let Some(record) = found {
        return Ok(record.order);
    }
    let app = wish.app;
    let summary = match session.chain.app(app).await? {
        None => format!("there is no app at {app}; 'fairgrid run' takes an app's address or its name"),
        Some(info) => format!(
            "app {app} ('{}') has no open order that {requester} may use: its owner must publish one",
            info.name
        ),
    };
    Err(Error::NoMatch { summary })
}

async fn fitting_pools(
    session: &Session,
    requester: Address,
    wish: &Wish,
    app: &Signed<AppOrder>,
) -> Result<Vec<Record<WorkerpoolOrder>>, Error> {
    let mut filters = vec![
        ("app", wish.app.to_string()),
        ("requester", requester.to_string()),
        ("dataset", Address::ZERO.to_string()),
    ];
    filters.extend(wish.category.map(|category| ("category", category.to_string())));
    filters.extend(wish.workerpool.map(|pool| ("workerpool", pool.to_string())));
    let page: Page<WorkerpoolOrder> = session.market.orders(&with_page(&filters)).await?;
    if page.orders.is_empty() {
        let category = wish.category.map(|category| format!(" in category {category}")).unwrap_or_default();
        let pool = wish.workerpool.map(|pool| format!(" by workerpool {pool}")).unwrap_or_default();
        let summary = format!("no computing is offered{pool}{category}: wait for an offer, or ask for less");
        return Err(Error::NoMatch { summary });
    }
    let reasons: Vec<String> = page.orders.iter().filter_map(|record| misfit(record, wish, app)).collect();
    let mut fitting = page.orders;
    fitting.retain(|record| misfit(record, wish, app).is_none());
    // One request names one category: the cheapest offer's, unless the user named one.
    if let Some(category) = fitting.first().map(|record| record.order.order.category) {
        fitting.retain(|record| record.order.order.category == category);
        return Ok(fitting);
    }
    let count = reasons.len();
    let first = reasons.into_iter().next().unwrap_or_default();
    Err(Error::NoMatch { summary: format!("{count} pool offers were looked at; the cheapest: {first}") })
}

/// Why an offer does not fit; `None` when it does.
fn misfit(record: &Record<WorkerpoolOrder>, wish: &Wish, app: &Signed<AppOrder>) -> Option<String> {
    let pool = &record.order.order;
    let restriction = app.order.workerpoolrestrict;
    if pool.trust < U256::from(wish.trust) {
        return Some(format!("it offers trust {} at most, you want {}", pool.trust, wish.trust));
    }
    if !app.order.tag.is_within(pool.tag()) {
        return Some(format!("the app needs {}, which it does not offer", app.order.tag));
    }
    if restriction != Address::ZERO && restriction != pool.workerpool {
        return Some(format!("the app may only run on pool {restriction}"));
    }
    let price = app.order.appprice.checked_add(pool.workerpoolprice)?;
    let ceiling = wish.max_price.filter(|ceiling| *ceiling < price)?;
    Some(format!("one task costs {price}, and your ceiling is {ceiling}: raise --max-price"))
}

/// The price of the last offer, cheapest first, that is needed to take all tasks.
fn dearest_needed(offers: &[Record<WorkerpoolOrder>], tasks: u64) -> Amount {
    let mut left = U256::from(tasks);
    let mut price = Amount::ZERO;
    for offer in offers {
        if left.is_zero() {
            break;
        }
        price = price.max(offer.order.order.workerpoolprice);
        left = left.saturating_sub(offer.remaining);
    }
    price
}

fn request_order(
    requester: Address,
    wish: &Wish,
    app: &AppOrder,
    pool: &WorkerpoolOrder,
    dearest: Amount,
) -> RequestOrder {
    RequestOrder {
        app: wish.app,
        appmaxprice: app.appprice,
        workerpool: wish.workerpool.unwrap_or_default(),
        workerpoolmaxprice: dearest,
        requester,
        volume: U256::from(wish.tasks),
        tag: Tag::STANDARD,
        category: pool.category,
        trust: U256::from(wish.trust),
        beneficiary: requester,
        callback: wish.callback.unwrap_or_default(),
        params: params(wish),
        salt: B256::from(runtime::random::bytes::<32>()),
        ..RequestOrder::default()
    }
}

fn sum(a: Amount, b: Amount) -> Result<Amount, Error> {
    a.checked_add(b).ok_or_else(overflow)
}

fn overflow() -> Error {
    Error::Usage("the price passes every sum of money there is".to_owned())
}

fn any() -> String {
    "any".to_owned()
}

fn with_page<'a>(filters: &[(&'a str, String)]) -> Vec<(&'a str, String)> {
    let mut all = filters.to_vec();
    all.push(("pageSize", PAGE.to_string()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_a_url_or_a_file() {
        assert_eq!(Input::parse("https://a/b"), Input::Url("https://a/b".to_owned()));
        assert_eq!(Input::parse("/ipfs/Qm"), Input::Url("/ipfs/Qm".to_owned()));
        assert_eq!(Input::parse("data.csv"), Input::File("data.csv".into()));
    }

    #[test]
    fn the_request_allows_the_dearest_offer_that_is_needed_and_no_more() {
        let offer = |rlc, remaining| Record {
            order_hash: protocol::OrderHash::default(),
            order: Signed {
                order: WorkerpoolOrder { workerpoolprice: Amount::rlc(rlc), ..WorkerpoolOrder::default() },
                sign: Bytes::new(),
            },
            chain_id: 1,
            remaining: U256::from(remaining),
            status: api::market::Status::Open,
            publication_timestamp: String::new(),
            signer: Address::ZERO,
        };
        let offers = [offer(1, 3), offer(2, 3), offer(5, 100)];
        for (tasks, price) in [(1, 1), (3, 1), (4, 2), (6, 2), (7, 5), (1_000, 5)] {
            assert_eq!(dearest_needed(&offers, tasks), Amount::rlc(price), "{tasks} tasks");
        }
    }

    #[test]
    fn impossible_wishes_are_refused_before_anything_is_asked() {
        for (tasks, args) in [(0, ""), (MAX_TASKS + 1, ""), (1, "'open")] {
            let wish = Wish { tasks, args: args.to_owned(), ..Wish::default() };
            assert!(matches!(check(&wish), Err(Error::Usage(_))), "{tasks} {args}");
        }
        let wish = Wish { tasks: 1, callback: Some(Address::ZERO), ..Wish::default() };
        assert!(matches!(check(&wish), Err(Error::Usage(_))), "a callback to nobody");
    }
}
