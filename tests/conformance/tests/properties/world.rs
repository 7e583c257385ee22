//! The market with its people, and how they reach it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use alloy::primitives::{Address, B256, Bytes, U256, address};
use alloy::sol_types::SolCall;
use fairgrid_conformance::abi::{Hub, Registry, Rlc};
use fairgrid_conformance::{Actor, Done, Market, Reverted, Stage, stub};
use protocol::order::{Domain, Quadruple};
use protocol::{Amount, TaskId};

use crate::book::{Book, Broken, hold};
use crate::dice::Dice;
use crate::said::counted;

/// The contract that owns the second pool, works, requests, and hears results; see [`stub::wallet`].
pub(crate) const WALLET: Address = address!("3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a");
/// Callees of results: no contract, a good one, a refusing, a wasteful, a bursting one, and the wallet.
pub(crate) const CALLBACKS: [Address; 6] = [
    address!("c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"),
    address!("c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"),
    address!("c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2"),
    address!("c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"),
    address!("c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4"),
    WALLET,
];
pub(crate) const REQUESTERS: [u64; 2] = [3, 8];
pub(crate) const SPONSOR: u64 = 39;
/// Twelve workers with money, and one without.
pub(crate) const WORKERS: std::ops::Range<u64> = 10..22;
pub(crate) const PAUPER: u64 = 50;
pub(crate) const ENCLAVE: u64 = 70;
pub(crate) const BROKER: u64 = 71;
pub(crate) const STRANGER: u64 = 99;

/// Everybody with a key.
pub(crate) struct Cast {
    actors: BTreeMap<u64, Actor>,
    numbers: BTreeMap<Address, u64>,
}

impl Cast {
    fn new() -> Self {
        let numbers = (0..10).chain(WORKERS).chain([SPONSOR, PAUPER, ENCLAVE, ENCLAVE + 7, BROKER, STRANGER]);
        let actors: BTreeMap<_, _> = numbers.map(|number| (number, Actor::number(number))).collect();
        let numbers = actors.iter().map(|(number, actor)| (actor.address(), *number)).collect();
        Self { actors, numbers }
    }

    fn get() -> &'static Self {
        static CAST: OnceLock<Cast> = OnceLock::new();
        CAST.get_or_init(Self::new)
    }
}

pub(crate) fn actor(number: u64) -> &'static Actor {
    &Cast::get().actors[&number]
}

pub(crate) fn who(number: u64) -> Address {
    static PLACES: OnceLock<BTreeMap<u64, Address>> = OnceLock::new();
    PLACES.get_or_init(|| Cast::get().numbers.iter().map(|(place, number)| (*number, *place)).collect())[&number]
}

/// A signature of whoever lives at `signer`; contracts agree without one. Equal orders return in many sequences, so
/// signatures are remembered.
pub(crate) fn signature(signer: Address, digest: B256) -> Bytes {
    thread_local!(static KNOWN: RefCell<HashMap<(Address, B256), Bytes>> = RefCell::default());
    let Some(number) = Cast::get().numbers.get(&signer) else { return Bytes::new() };
    KNOWN.with_borrow_mut(|known| {
        if known.len() > 500_000 {
            known.clear();
        }
        known.entry((signer, digest)).or_insert_with(|| actor(*number).sign_digest(digest)).clone()
    })
}

/// The market, the book beside it, and what people remember.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) market: Market,
    pub(crate) book: Book,
    pub(crate) domain: Domain,
    pub(crate) app: Address,
    pub(crate) dataset: Address,
    /// One is a person's at first, the other the wallet's.
    pub(crate) pools: [Address; 2],
    pub(crate) owners: BTreeMap<Address, Address>,
    pub(crate) broker: Address,
    pub(crate) orders: Vec<Quadruple>,
    /// Somebody's score is beyond all reason, so tallies may overflow.
    pub(crate) giants: bool,
    pub(crate) steps: u64,
    pub(crate) trace: Option<Vec<String>>,
}

impl World {
    /// The same for everybody; deployed once, then cloned.
    pub(crate) fn new() -> Self {
        static READY: OnceLock<World> = OnceLock::new();
        READY.get_or_init(Self::build).clone()
    }

    fn build() -> Self {
        let Stage { mut market, app, dataset, pool, app_owner, dataset_owner, scheduler, .. } = Stage::new();
        for number in 5..10 {
            market.fund(who(number), Amount::rlc(1_000));
        }
        let codes = [stub::recording(), stub::refusing(), stub::wasteful(), stub::bursting(0x4_0000, true)];
        for (place, code) in CALLBACKS[1..5].iter().zip(codes) {
            market.evm.place(*place, code);
        }
        let create = Registry::createWorkerpoolCall { owner: WALLET, description: "a contract's pool".to_owned() };
        let done = market.evm.call(market.owner, market.registries[2], &create).expect("anybody may create a pool");
        let second = Address::from_word(B256::from_slice(&done.output[..32]));
        market.evm.place(WALLET, stub::wallet(market.hub, &[]));
        let amount = Amount::rlc(1_000).to_nrlc();
        let approve = Rlc::approveCall { spender: market.hub, amount };
        market.evm.call(market.owner, market.rlc, &approve).expect("the owner may approve");
        let deposit = Hub::depositForCall { amount, target: WALLET };
        market.call(market.owner, &deposit).expect("the owner has all tokens");
        // Ten times the usual, so that whole matches fit into a callback.
        let generous = Hub::setCallbackGasCall { gas: U256::from(2_000_000) };
        market.call(market.owner, &generous).expect("the owner may set the callback's gas");
        let owners = [
            (app, app_owner.address()),
            (dataset, dataset_owner.address()),
            (pool, scheduler.address()),
            (second, WALLET),
        ];
        let book = Book::new(market.hub);
        let domain = market.domain();
        let mut world = Self {
            market,
            book,
            domain,
            app,
            dataset,
            pools: [pool, second],
            owners: owners.into(),
            broker: Address::ZERO,
            orders: Vec::new(),
            giants: false,
            steps: 0,
            trace: None,
        };
        world.open_book();
        world
    }

    /// What is there before the first act.
    fn open_book(&mut self) {
        let scores = [0, 12, 15, 30, 2, 0, 99, 0, 9, 0, 50, 0];
        for (number, score) in WORKERS.zip(scores) {
            self.set_score(who(number), U256::from(score));
        }
        let idle = WORKERS.end..SPONSOR;
        let idle = idle.map(|number| Actor::number(number).address());
        for account in self.people().into_iter().chain(idle) {
            let (free, locked) = self.market.account(account);
            assert!(locked.is_zero(), "nothing is locked before the first deal");
            self.book.balances.insert(account, crate::book::nrlc(free));
        }
        self.book.supply = self.book.balances.values().sum();
    }

    pub(crate) fn set_score(&mut self, worker: Address, score: U256) {
        self.market.set_score(worker, score);
        self.book.scores.insert(worker, score);
    }

    /// Everybody who may have stake.
    pub(crate) fn people(&self) -> Vec<Address> {
        let kitty = protocol::settlement::KITTY;
        Cast::get().numbers.keys().copied().chain([WALLET, kitty, self.market.hub, CALLBACKS[0]]).collect()
    }

    pub(crate) fn now(&self) -> u64 {
        self.market.evm.now
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }

    /// Sends a call to the hub, through the wallet where that is the caller; whether the hub accepts.
    pub(crate) fn send<C: SolCall + std::fmt::Debug>(&mut self, from: Address, call: &C) -> Result<bool, Broken> {
        let data: Bytes = call.abi_encode().into();
        let done = if from == WALLET {
            self.market.evm.send(who(STRANGER), WALLET, data)
        } else {
            self.market.evm.send(from, self.market.hub, data)
        };
        self.book.touched.accounts.insert(from);
        self.heard(from, C::SIGNATURE, done)
    }

    /// The same to any contract.
    pub(crate) fn send_to<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<bool, Broken> {
        let done = self.market.evm.call(from, to, call);
        self.book.touched.accounts.insert(from);
        self.heard(from, C::SIGNATURE, done)
    }

    fn heard(&mut self, from: Address, what: &'static str, done: Result<Done, Reverted>) -> Result<bool, Broken> {
        let now = self.now();
        if let Some(label) = counted(what, done.is_ok()) {
            self.book.mix.count(label);
        }
        match done {
            Ok(done) => {
                self.note(|| format!("  at {now} {from} {what}: accepted"));
                self.book.mix.count("calls accepted");
                self.book.absorb(&mut self.market, &done.logs)?;
                Ok(true)
            }
            Err(reason) => {
                self.note(|| format!("  at {now} {from} {what}: {reason:?}"));
                hold!(!matches!(reason, Reverted::Halt(_)), "{what} of {from} dies: {reason:?}");
                self.book.mix.count("calls refused");
                self.book.planned.clear();
                self.book.more_ends = 0;
                Ok(false)
            }
        }
    }

    /// A call whose answer the rules foretell; `None` where they leave it open.
    pub(crate) fn expect<C: SolCall + std::fmt::Debug>(
        &mut self,
        from: Address,
        call: &C,
        foretold: Option<bool>,
    ) -> Result<bool, Broken> {
        let accepted = self.send(from, call)?;
        if let Some(foretold) = foretold {
            let words = if accepted { "accepts" } else { "refuses" };
            hold!(accepted == foretold, "the hub {words}, against the rules: {from} sends {call:?}");
        }
        Ok(accepted)
    }

    /// Something that nobody may do.
    pub(crate) fn forbidden<C: SolCall + std::fmt::Debug>(&mut self, from: Address, call: &C) -> Result<(), Broken> {
        self.expect(from, call, Some(false)).map(drop)
    }

    pub(crate) fn worker(&self, dice: &mut Dice) -> Address {
        match dice.below(16) {
            0 => WALLET,
            1 => who(PAUPER),
            _ => who(WORKERS.start + dice.below(12) as u64),
        }
    }

    /// A task for which `fits`, mostly a recent one.
    pub(crate) fn task(&self, dice: &mut Dice, fits: impl Fn(&crate::task::TaskRow) -> bool) -> Option<TaskId> {
        let fitting: Vec<_> = self.book.opened.iter().copied().filter(|task| fits(&self.book.tasks[task])).collect();
        dice.recent(&fitting)
    }
}
