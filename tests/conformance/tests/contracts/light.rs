//! The interface of light deals, and what all of their tests share.

use alloy::primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy::sol_types::{SolEventInterface as _, SolValue as _};
use fairgrid_conformance::abi::Light::{self, LightEvents, LightSettled};
use fairgrid_conformance::abi::{Hub, LightProof, RangePermit};
use fairgrid_conformance::{Actor, Artifact, Done, Reverted, Stage, Terms, event};
use protocol::bags::{LightRange, RangeAuthorization};
use protocol::hub::Event;
use protocol::range_tree::RangeTree;
use protocol::settlement::KITTY;
use protocol::{Amount, DealId, ResultDigest, ResultHash, Tag, TaskId};

pub(crate) const STRANGER: Address = Address::repeat_byte(0x99);
/// Seconds from the match on.
pub(crate) const CONTRIBUTION_DEADLINE: u64 = 7 * 300;
pub(crate) const FINAL_DEADLINE: u64 = 10 * 300;
/// The pool's price in a stage's terms, nRLC.
pub(crate) const POOL: u64 = 1_000_000_000;
/// States of a task.
pub(crate) const OPEN: u8 = 0;
pub(crate) const SETTLED: u8 = 1;
pub(crate) const DELIVERED: u8 = 2;
pub(crate) const REFUNDED: u8 = 3;

/// Bit 16, and others.
pub(crate) fn light_tag(low: u16) -> Tag {
    Tag(Tag::from_low(low).0 | B256::from(U256::from(1 << 16)))
}

/// Terms of a light deal.
pub(crate) fn light(mut terms: Terms) -> Terms {
    (terms.request.tag, terms.workerpool.tag) = (light_tag(0), light_tag(0));
    terms
}

/// A stage whose payer and pool can afford many tasks.
pub(crate) fn rich() -> Stage {
    let mut stage = Stage::new();
    for actor in [stage.requester.address(), stage.scheduler.address()] {
        stage.market.fund(actor, Amount::rlc(1_000_000));
    }
    stage
}

/// A light deal without dataset and callback.
pub(crate) fn dealt(volume: u64) -> (Stage, DealId) {
    let mut stage = rich();
    let deal = deal_in(&mut stage, volume);
    (stage, deal)
}

pub(crate) fn deal_in(stage: &mut Stage, volume: u64) -> DealId {
    let terms = light(stage.terms(1, volume));
    stage.deal(terms)
}

/// What task `index` has as result; its digest is the hash.
pub(crate) fn data(index: u64) -> Bytes {
    Bytes::copy_from_slice(&index.to_be_bytes())
}

pub(crate) fn digest(index: u64) -> B256 {
    keccak256(data(index))
}

pub(crate) fn result(deal: DealId, index: u64) -> ResultHash {
    ResultHash::derive(TaskId::derive(deal, U256::from(index)), ResultDigest(digest(index)))
}

pub(crate) fn tree(deal: DealId, first: u64, count: u64) -> RangeTree {
    let results: Vec<_> = (first..first + count).map(|index| result(deal, index)).collect();
    RangeTree::build(&results).unwrap()
}

/// A range on its way.
#[derive(Clone, Debug)]
pub(crate) struct Settle {
    pub(crate) worker: Address,
    pub(crate) deal: DealId,
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) root: B256,
    pub(crate) results: Bytes,
    pub(crate) enclave: Address,
    pub(crate) enclave_sign: Bytes,
    pub(crate) permit: RangePermit,
}

impl Settle {
    /// Worker 10, with the pool's permission for exactly this.
    pub(crate) fn new(stage: &Stage, deal: DealId, first: u64, count: u64) -> Self {
        let root = tree(deal, first, count).root();
        Self { root, ..Self::unproved(stage, deal, first, count) }
    }

    /// The same with a root over nothing.
    pub(crate) fn unproved(stage: &Stage, deal: DealId, first: u64, count: u64) -> Self {
        Self {
            worker: Actor::number(10).address(),
            deal,
            first,
            count,
            root: B256::repeat_byte(0x77),
            results: Bytes::from_static(b"where they are"),
            enclave: Address::ZERO,
            enclave_sign: Bytes::new(),
            permit: RangePermit::default(),
        }
        .permitted(stage, &stage.scheduler, first, count)
    }

    pub(crate) fn by(mut self, stage: &Stage, worker: Address) -> Self {
        self.worker = worker;
        let (first, count) = (self.first, self.count);
        self.permitted(stage, &stage.scheduler, first, count)
    }

    /// With a permit by somebody, for some range.
    pub(crate) fn permitted(mut self, stage: &Stage, by: &Actor, first: u64, count: u64) -> Self {
        let (first, count) = (U256::from(first), U256::from(count));
        let signed = RangeAuthorization { worker: self.worker, deal: self.deal, first, count, enclave: self.enclave };
        let sign = by.sign_digest(stage.market.domain().digest(signed.struct_hash()));
        self.permit = RangePermit { first, count, sign };
        self
    }

    /// From inside an enclave, which signs what is settled; `authorizer` permits it.
    pub(crate) fn inside(mut self, stage: &Stage, enclave: &Actor, authorizer: &Actor) -> Self {
        self.enclave = enclave.address();
        self.enclave_sign = enclave.sign_digest(stage.market.domain().digest(self.range()));
        let (first, count) = (self.first, self.count);
        self.permitted(stage, authorizer, first, count)
    }

    /// What the hub keeps.
    pub(crate) fn range(&self) -> B256 {
        let (first, count) = (U256::from(self.first), U256::from(self.count));
        LightRange { worker: self.worker, deal: self.deal, first, count, root: self.root }.struct_hash()
    }

    /// The `ref` of the money.
    pub(crate) fn reference(&self) -> TaskId {
        reference(self.deal, self.first, self.count)
    }

    pub(crate) fn call(&self) -> Light::settleLightCall {
        Light::settleLightCall {
            dealid: self.deal.0,
            first: U256::from(self.first),
            count: U256::from(self.count),
            root: self.root,
            results: self.results.clone(),
            enclaveChallenge: self.enclave,
            enclaveSign: self.enclave_sign.clone(),
            permit: self.permit.clone(),
        }
    }

    pub(crate) fn send(&self, stage: &mut Stage) -> Result<Done, Reverted> {
        stage.market.call(self.worker, &self.call())
    }

    pub(crate) fn said(&self) -> Said {
        Said::Light(LightEvents::LightSettled(LightSettled {
            dealid: self.deal.0,
            worker: self.worker,
            first: U256::from(self.first),
            count: U256::from(self.count),
            root: self.root,
            results: self.results.clone(),
        }))
    }

    /// Where the result of a task stands in the range's tree.
    pub(crate) fn proof(&self, index: u64) -> LightProof {
        let position = usize::try_from(index - self.first).unwrap();
        LightProof {
            first: U256::from(self.first),
            count: U256::from(self.count),
            worker: self.worker,
            siblings: tree(self.deal, self.first, self.count).proof(position).unwrap(),
        }
    }

    pub(crate) fn delivery(&self, index: u64) -> Light::deliverLightCall {
        let (idx, data, proof) = (U256::from(index), data(index), self.proof(index));
        Light::deliverLightCall { dealid: self.deal.0, idx, data, proof }
    }
}

pub(crate) fn reference(deal: DealId, first: u64, count: u64) -> TaskId {
    TaskId(protocol::bags::light_range_id(deal, U256::from(first), U256::from(count)))
}

pub(crate) fn claim(stage: &mut Stage, deal: DealId, first: u64, count: u64) -> Result<Done, Reverted> {
    let (first, count) = (U256::from(first), U256::from(count));
    stage.market.call(STRANGER, &Light::claimLightCall { dealid: deal.0, first, count })
}

pub(crate) fn status(stage: &mut Stage, deal: DealId, index: u64) -> u8 {
    let call = Light::viewLightStatusCall { dealid: deal.0, idx: U256::from(index) };
    stage.market.view(&call).unwrap()
}

pub(crate) fn statuses(stage: &mut Stage, deal: DealId, indices: std::ops::Range<u64>) -> Vec<u8> {
    indices.map(|index| status(stage, deal, index)).collect()
}

pub(crate) fn proves(stage: &mut Stage, deal: DealId, index: U256, digest: B256, proof: &LightProof) -> bool {
    let call = Light::proveLightCall { dealid: deal.0, idx: index, resultDigest: digest, proof: proof.clone() };
    stage.market.view(&call).unwrap()
}

/// What the hub says, in the words of either part of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Hub(Event),
    Light(LightEvents),
}

impl From<Event> for Said {
    fn from(event: Event) -> Self {
        Self::Hub(event)
    }
}

pub(crate) fn said(stage: &Stage, logs: &[Log]) -> Vec<Said> {
    let own = logs.iter().filter(|log| log.address == stage.market.hub);
    own.map(|log| match LightEvents::decode_log(log) {
        Ok(said) => Said::Light(said.data),
        Err(_) => Said::Hub(event(log).unwrap()),
    })
    .collect()
}

/// Both sides of an unlock, of a reward.
pub(crate) fn unlock(stage: &Stage, owner: Address, amount: Amount) -> [Said; 2] {
    let value = amount;
    [Event::Transfer { from: stage.market.hub, to: owner, value }.into(), Event::Unlock { owner, amount }.into()]
}

pub(crate) fn reward(stage: &Stage, owner: Address, amount: Amount, task: TaskId) -> [Said; 2] {
    let value = amount;
    [Event::Transfer { from: stage.market.hub, to: owner, value }.into(), Event::Reward { owner, amount, task }.into()]
}

pub(crate) fn fails<T>(result: Result<T, Reverted>, error: &impl alloy::sol_types::SolError) {
    assert_eq!(result.err(), Some(Reverted::custom(error)));
}

pub(crate) fn times(amount: u64, count: u64) -> Amount {
    Amount::nrlc(amount).checked_mul(U256::from(count)).unwrap()
}

/// No money came or went, and what the hub holds is what it owes.
pub(crate) fn check_conserved(stage: &mut Stage) {
    let mut accounts = stage.accounts();
    accounts.extend([KITTY, STRANGER]);
    let (mut free, mut locked) = (U256::ZERO, U256::ZERO);
    for account in accounts {
        let (stake, frozen) = stage.market.account(account);
        free += stake.to_nrlc();
        locked += frozen.to_nrlc();
    }
    let held = stage.market.account(stage.market.hub).0.to_nrlc();
    assert_eq!(held, locked, "the hub holds exactly what is locked");
    assert_eq!(free + held, stage.market.view(&Hub::totalSupplyCall {}).unwrap());
}

#[test]
fn light_functions_have_the_selectors_of_the_tables_and_one_facet() {
    let functions = [
        ("0x4ecbce63", "settleLight", "nonpayable"),
        ("0x992015db", "claimLight", "nonpayable"),
        ("0xddd4b106", "deliverLight", "nonpayable"),
        ("0x132eeaed", "proveLight", "view"),
        ("0x93504700", "viewLightStatus", "view"),
        ("0xd5da0531", "viewLightRange", "view"),
    ];
    let mut stage = Stage::new();
    let facet = Artifact::named("IexecLightFacet");
    assert_eq!(facet.selectors().len(), functions.len());
    assert!(facet.deployed.len() < 24_576, "{} bytes", facet.deployed.len());
    for artifact in [&facet, &Artifact::named("IexecInterfaceToken")] {
        for (selector, name, mutability) in functions {
            let function = artifact.abi.function(name).and_then(|all| all.first()).unwrap();
            assert_eq!(function.selector().to_string(), selector, "{name}");
            assert_eq!(serde_json::to_value(function.state_mutability).unwrap(), mutability, "{name}");
            let serving = Hub::facetAddressCall { selector: function.selector() };
            let served = stage.market.view(&serving).unwrap();
            assert!(stage.market.facets.contains(&("IexecLightFacet", served)), "{name}");
        }
    }
}

#[test]
fn light_events_and_errors_are_in_the_aggregate_interface() {
    let abi = Artifact::named("IexecInterfaceToken").abi;
    for topic in LightEvents::SELECTORS {
        assert!(abi.events().any(|event| event.selector().0 == *topic));
    }
    let errors: Vec<_> = abi.errors().map(|error| error.selector().0).collect();
    for selector in <Light::LightErrors as alloy::sol_types::SolInterface>::selectors() {
        assert!(errors.contains(&selector), "{:?}", Light::LightErrors::name_by_selector(selector));
    }
}

#[test]
fn light_state_lies_where_the_text_says() {
    let (mut stage, deal) = dealt(600);
    let id = U256::from_be_bytes(keccak256("fairgrid.storage.Light").0) - U256::from(1);
    let base = U256::from_be_bytes(keccak256(id.abi_encode()).0) & !U256::from(0xff);
    let word = |member: u64, key: u64| {
        let outer = keccak256((deal.0, base + U256::from(member)).abi_encode());
        keccak256((U256::from(key), outer).abi_encode())
    };
    let hub = stage.market.hub;
    stage.market.evm.poke(hub, word(0, 7), B256::repeat_byte(5));
    stage.market.evm.poke(hub, word(1, 1), B256::from(U256::from(0b011)));
    stage.market.evm.poke(hub, word(2, 1), B256::from(U256::from(0b110)));
    let range = Light::viewLightRangeCall { dealid: deal.0, first: U256::from(7) };
    assert_eq!(stage.market.view(&range).unwrap(), B256::repeat_byte(5));
    assert_eq!(statuses(&mut stage, deal, 255..260), [OPEN, SETTLED, DELIVERED, REFUNDED, OPEN]);
}
