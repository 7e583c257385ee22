//! Orders: made, signed, closed, matched.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::{self, Hub, Rlc};
use fairgrid_conformance::quadruple;
use protocol::order::{AppOrder, DatasetOrder, Operation, Order, Quadruple, RequestOrder, Signed, WorkerpoolOrder};
use protocol::{Amount, OrderHash, Tag};

use crate::book::{Broken, Nrlc, hold, nrlc, small};
use crate::dice::Dice;
use crate::world::{CALLBACKS, REQUESTERS, SPONSOR, STRANGER, WALLET, World, signature, who};

/// How orders reach the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Sponsored(Address),
    /// Together with a deposit, through the token.
    Deposited,
}

const MANY: u64 = 1_000_000;

impl World {
    pub(crate) fn fresh_match(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let mut orders = self.draft(dice);
        let spoilt = dice.chance(10) && spoil(&mut orders, dice.below(11));
        self.sign(&mut orders, dice)?;
        self.orders.push(orders.clone());
        let way = self.way(&orders, dice);
        let foretold = if spoilt { Some(false) } else { self.affordable(&orders, way) };
        let known = self.book.made.len();
        self.submit(&orders, way, foretold)?;
        if self.book.made.len() > known && dice.chance(75) {
            self.open_last(dice)?;
        }
        Ok(())
    }

    /// Orders that fit, for somebody else to match.
    pub(crate) fn offer(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let mut orders = self.draft(dice);
        self.sign(&mut orders, dice)?;
        self.orders.push(orders);
        Ok(())
    }

    pub(crate) fn rematch(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let Some(mut orders) = (!self.orders.is_empty()).then(|| self.orders[dice.below(self.orders.len())].clone())
        else {
            return Ok(());
        };
        if dice.chance(50) {
            // The sellers' orders of one match with the request of another.
            orders.request = self.orders[dice.below(self.orders.len())].request.clone();
        }
        let way = self.way(&orders, dice);
        self.submit(&orders, way, None)
    }

    fn way(&self, orders: &Quadruple, dice: &mut Dice) -> Way {
        let requester = orders.request.order.requester;
        match dice.below(10) {
            0 | 1 => Way::Sponsored(who(SPONSOR)),
            2 => Way::Sponsored(dice.pick(&[WALLET, requester])),
            3 if requester != WALLET => Way::Deposited,
            _ => Way::Plain,
        }
    }

    fn draft(&self, dice: &mut Dice) -> Quadruple {
        let salt = B256::from(U256::from(self.orders.len()));
        let pool = self.pools[dice.below(2)];
        let dataset = if dice.chance(35) { self.dataset } else { Address::ZERO };
        let light = dice.chance(22);
        let trusts: &[u64] = if light { &[0, 1] } else { &[0, 1, 1, 1, 1, 2, 3, 3, 4, 5, 8, 15, 30] };
        let trust = U256::from(dice.pick(trusts));
        let category = U256::from(dice.pick(&[0, 0, 1, 1, 2, 3, 4]));
        let large = light && dice.chance(12);
        let volume = match (light, large) {
            (false, _) => 1 + dice.below(5) as u64,
            (true, false) => 1 + dice.below(9) as u64,
            (true, true) => 254 + dice.below(60) as u64,
        };
        let common = Tag::from_low(if dice.chance(20) { 0x9 } else { 0 });
        let tag = if light { common.with_light() } else { common };
        // The app may bear the bit, too, but its word does not count.
        let app_tag = if light && dice.chance(30) { tag } else { common };
        let price = |dice: &mut Dice, prices: &[u64]| Amount::nrlc(dice.pick(prices));
        let appprice = price(dice, if large { &[0, 1, 3] } else { &[0, 1, 100_000_000] });
        let datasetprice = if dataset.is_zero() { Amount::ZERO } else { price(dice, &[0, 3, 10_000_000]) };
        let pools = [0, 1, 7, 1_000, 999_999_999, 1_000_000_000, 5_000_000_000, 12_345_678_901];
        let workerpoolprice = price(dice, if large { &pools[..5] } else { &pools });
        let requester = if dice.chance(15) { WALLET } else { who(dice.pick(&REQUESTERS)) };
        let callback = match dice.below(9) {
            0 | 1 => WALLET,
            2..5 => dice.pick(&CALLBACKS),
            _ => Address::ZERO,
        };
        let app = AppOrder { app: self.app, appprice, volume: U256::from(MANY), tag: app_tag, ..Default::default() };
        let sold = U256::from(dice.pick(&[volume, volume, 3, 7, MANY]));
        let workerpool = WorkerpoolOrder {
            workerpool: pool,
            workerpoolprice,
            volume: sold,
            tag,
            category,
            trust,
            salt,
            ..Default::default()
        };
        let data = DatasetOrder { dataset, datasetprice, volume: U256::from(MANY), ..Default::default() };
        let data = if dataset.is_zero() { DatasetOrder::default() } else { data };
        let request = RequestOrder {
            app: self.app,
            appmaxprice: appprice,
            dataset,
            datasetmaxprice: datasetprice,
            workerpoolmaxprice: workerpoolprice,
            requester,
            volume: U256::from(volume),
            tag,
            category,
            trust,
            beneficiary: requester,
            callback,
            params: "{}".to_owned(),
            salt,
            ..Default::default()
        };
        let unsigned = Bytes::new;
        Quadruple {
            app: Signed { order: app, sign: unsigned() },
            dataset: Signed { order: data, sign: unsigned() },
            workerpool: Signed { order: workerpool, sign: unsigned() },
            request: Signed { order: request, sign: unsigned() },
        }
    }

    /// By signature, or sometimes on chain.
    fn sign(&mut self, orders: &mut Quadruple, dice: &mut Dice) -> Result<(), Broken> {
        let owner = |world: &Self, resource| world.owners.get(&resource).copied().unwrap_or(resource);
        let sides = [orders.app.order.app, orders.dataset.order.dataset, orders.workerpool.order.workerpool];
        let [app, dataset, pool] = sides.map(|resource| owner(self, resource));
        let hash = orders.app.hash(&self.domain);
        orders.app.sign = signature(app, hash.0);
        if !dataset.is_zero() {
            let hash = orders.dataset.hash(&self.domain);
            orders.dataset.sign = signature(dataset, hash.0);
        }
        let hash = orders.workerpool.hash(&self.domain);
        if dice.chance(12) {
            let operation =
                abi::WorkerpoolOrderOperation { order: quadruple(orders).2, operation: 0, sign: Bytes::new() };
            self.expect(pool, &Hub::manageWorkerpoolOrderCall { operation }, Some(true))?;
            self.book.mix.count("orders presigned");
        } else {
            orders.workerpool.sign = signature(pool, hash.0);
        }
        let (hash, requester) = (orders.request.hash(&self.domain), orders.request.order.requester);
        if dice.chance(12) {
            let operation = abi::RequestOrderOperation { order: quadruple(orders).3, operation: 0, sign: Bytes::new() };
            self.expect(requester, &Hub::manageRequestOrderCall { operation }, Some(true))?;
            self.book.mix.count("orders presigned");
        } else {
            orders.request.sign = signature(requester, hash.0);
        }
        Ok(())
    }

    fn left<O: Order>(&self, order: &Signed<O>) -> Nrlc {
        small(order.order.volume() - self.book.used(order.hash(&self.domain)))
    }

    /// Whether payer and scheduler have enough, for orders that fit otherwise. Left open for deposits: they bring money.
    fn affordable(&self, orders: &Quadruple, way: Way) -> Option<bool> {
        let payer = match way {
            Way::Plain => orders.request.order.requester,
            Way::Sponsored(sponsor) => sponsor,
            Way::Deposited => return None,
        };
        let volume = self.left(&orders.request).min(self.left(&orders.workerpool)).min(self.left(&orders.app));
        let [app, dataset, pool] =
            [orders.app.order.appprice, orders.dataset.order.datasetprice, orders.workerpool.order.workerpoolprice]
                .map(nrlc);
        let price = (app + dataset + pool) * volume;
        let stake = pool * 30 / 100 * volume;
        let scheduler = self.owners[&orders.workerpool.order.workerpool];
        let payer_holds = self.book.balance(payer);
        let left = if scheduler == payer { payer_holds.checked_sub(price)? } else { self.book.balance(scheduler) };
        Some(volume > 0 && payer_holds >= price && left >= stake)
    }

    fn submit(&mut self, orders: &Quadruple, way: Way, foretold: Option<bool>) -> Result<(), Broken> {
        let (app, dataset, workerpool, request) = quadruple(orders);
        let accepted = match way {
            Way::Plain => {
                self.expect(who(STRANGER), &Hub::matchOrdersCall { app, dataset, workerpool, request }, foretold)?
            }
            Way::Sponsored(sponsor) => {
                self.expect(sponsor, &Hub::sponsorMatchOrdersCall { app, dataset, workerpool, request }, foretold)?
            }
            Way::Deposited => {
                let requester = request.requester;
                let data = Hub::matchOrdersCall { app, dataset, workerpool, request }.abi_encode().into();
                let amount = Amount::rlc(70);
                self.market.give(requester, amount);
                let call = Rlc::approveAndCallCall { spender: self.book.hub, amount: amount.to_nrlc(), data };
                self.send_to(requester, self.market.rlc, &call)?
            }
        };
        self.note(|| format!("  {way:?} match: {accepted}, foretold {foretold:?}"));
        if accepted { self.check_recorded(orders) } else { Ok(()) }
    }

    /// The newest deal says what its orders say.
    fn check_recorded(&mut self, orders: &Quadruple) -> Result<(), Broken> {
        let Some(id) = self.book.made.last() else { return Err("a match without a deal".to_owned()) };
        let (deal, request) = (&self.book.deals[id].view, &orders.request.order);
        let parties = [&deal.app, &deal.dataset, &deal.workerpool].map(|side| (side.pointer, side.price));
        let dataset = &orders.dataset.order;
        let agreed = [
            (request.app, orders.app.order.appprice.to_nrlc()),
            (dataset.dataset, if dataset.dataset.is_zero() { U256::ZERO } else { dataset.datasetprice.to_nrlc() }),
            (orders.workerpool.order.workerpool, orders.workerpool.order.workerpoolprice.to_nrlc()),
        ];
        hold!(parties == agreed, "deal {id} has parties {parties:?}, agreed were {agreed:?}");
        let owners = [deal.app.owner, deal.workerpool.owner];
        let known = [self.owners[&self.app], self.owners[&deal.workerpool.pointer]];
        hold!(owners == known, "deal {id} has owners {owners:?}, not {known:?}");
        let terms = (deal.trust, deal.category, deal.requester, deal.beneficiary, deal.callback);
        let trust = request.trust.max(U256::from(1));
        let agreed = (trust, request.category, request.requester, request.beneficiary, request.callback);
        hold!(terms == agreed, "deal {id} has terms {terms:?}, agreed were {agreed:?}");
        hold!(deal.params == request.params && deal.startTime == U256::from(self.now()), "deal {id}: params or start");
        Ok(())
    }

    pub(crate) fn manage(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        if self.orders.is_empty() {
            return Ok(());
        }
        let orders = self.orders[dice.below(self.orders.len())].clone();
        let (app, dataset, workerpool, request) = quadruple(&orders);
        let code = u8::from(dice.chance(70));
        let done = if code == 1 { Operation::Close } else { Operation::Sign };
        let stranger = dice.chance(50).then(|| who(STRANGER));
        let foreign = dice.chance(25);
        let operation_sign = |owner: Address, digest: B256| match (stranger, foreign) {
            (None, _) => Bytes::new(),
            (Some(_), false) => signature(owner, digest),
            (Some(stranger), true) => signature(stranger, digest),
        };
        match dice.below(4) {
            0 => {
                let owner = request.requester;
                let sign = operation_sign(owner, orders.request.order.operation_digest(&self.domain, done));
                let foretold = Some(stranger.is_none() || !foreign || owner == WALLET);
                let operation = abi::RequestOrderOperation { order: request, operation: code, sign };
                self.expect(stranger.unwrap_or(owner), &Hub::manageRequestOrderCall { operation }, foretold)?;
            }
            1 => {
                let Some(owner) = self.owners.get(&workerpool.workerpool).copied() else { return Ok(()) };
                let sign = operation_sign(owner, orders.workerpool.order.operation_digest(&self.domain, done));
                let foretold = Some(stranger.is_none() || !foreign || owner == WALLET);
                let operation = abi::WorkerpoolOrderOperation { order: workerpool, operation: code, sign };
                self.expect(stranger.unwrap_or(owner), &Hub::manageWorkerpoolOrderCall { operation }, foretold)?;
            }
            2 if !dataset.dataset.is_zero() => {
                let operation = abi::DatasetOrderOperation { order: dataset, operation: code, sign: Bytes::new() };
                self.forbidden(who(STRANGER), &Hub::manageDatasetOrderCall { operation })?;
            }
            // Closing the app's order would end all business of a sequence: others try in vain.
            _ => {
                let operation = abi::AppOrderOperation { order: app, operation: code, sign: Bytes::new() };
                self.forbidden(who(STRANGER), &Hub::manageAppOrderCall { operation })?;
            }
        }
        self.check_closed(&orders)
    }

    /// Nothing of an order is used beyond its volume.
    fn check_closed(&mut self, orders: &Quadruple) -> Result<(), Broken> {
        let all: [(OrderHash, U256); 3] = [
            (orders.app.hash(&self.domain), orders.app.order.volume),
            (orders.workerpool.hash(&self.domain), orders.workerpool.order.volume),
            (orders.request.hash(&self.domain), orders.request.order.volume),
        ];
        for (hash, volume) in all {
            hold!(self.book.used(hash) <= volume, "order {hash}: {} used of {volume}", self.book.used(hash));
        }
        Ok(())
    }

    /// Opens tasks of the newest deal: one, some, or all.
    fn open_last(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let id = *self.book.made.last().expect("a deal was just made");
        let deal = &self.book.deals[&id];
        if deal.light.is_some() {
            return self.open_light(id, dice);
        }
        let (first, size) = (deal.view.botFirst, deal.size);
        let count = if dice.chance(50) { size } else { 1 + dice.below(size as usize) as u64 };
        let idx: Vec<_> = (0..count).map(|number| first + U256::from(number)).collect();
        if let [only] = idx[..] {
            self.expect(who(STRANGER), &Hub::initializeCall { dealid: id.0, idx: only }, Some(true))?;
        } else {
            let dealids = vec![id.0; idx.len()];
            self.expect(who(STRANGER), &Hub::initializeArrayCall { dealids, idx }, Some(true))?;
        }
        Ok(())
    }
}

/// Makes orders unfit in one way; whether there was something to spoil.
fn spoil(orders: &mut Quadruple, way: usize) -> bool {
    let (request, pool) = (&mut orders.request.order, &mut orders.workerpool.order);
    match way {
        0 => request.trust += U256::from(1),
        1 => request.category += U256::from(1),
        2 if !pool.workerpoolprice.is_zero() => request.workerpoolmaxprice = Amount::ZERO,
        3 => request.workerpool = who(STRANGER),
        4 => orders.app.order.requesterrestrict = who(STRANGER),
        5 => request.tag = Tag::from_low(0x100),
        6 => orders.dataset.order.apprestrict = who(STRANGER),
        7 => request.app = pool.workerpool,
        8 => request.volume = U256::ZERO,
        // An app cannot make others' deals light.
        9 if !request.tag.is_light() => {
            orders.app.order.tag = request.tag.with_light();
            pool.tag = request.tag.with_light();
        }
        10 if request.tag.is_light() => (request.trust, pool.trust) = (U256::from(2), U256::from(2)),
        _ => return false,
    }
    true
}
