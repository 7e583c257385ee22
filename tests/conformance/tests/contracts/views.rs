//! What the hub tells: constants, configuration, accounts, tasks, also in the older flat form. Source:
//! `poco-contracts.md` 4, 5, 8, 12.15.

use alloy::primitives::{Address, B256, Bytes, U256, address, b256, keccak256};
use alloy::sol_types::{SolEvent as _, SolValue as _};
use fairgrid_conformance::abi::{self, Hub, Notes};
use fairgrid_conformance::{Actor, Artifact, Market, Reverted, Stage};
use protocol::hub::Outcome;
use protocol::{Amount, DealId, ResultDigest, TaskId};

const STRANGER: Address = Address::repeat_byte(0x99);
/// First storage slot of the protocol's state.
const STATE: B256 = b256!("5862653c6982c162832160cf30593645e8487b257e44d77cdd6b51eee2651b00");

fn slot(offset: u64) -> B256 {
    B256::from(U256::from_be_bytes(STATE.0) + U256::from(offset))
}

fn ask(market: &mut Market, signature: &str) -> Result<Bytes, Reverted> {
    let data = keccak256(signature)[..4].to_vec();
    market.evm.send(STRANGER, market.hub, data.into()).map(|done| done.output)
}

fn word(market: &mut Market, getter: &str) -> B256 {
    B256::from_slice(&ask(market, getter).unwrap())
}

#[test]
fn the_constants_are_those_that_clients_have_built_in() {
    let mut market = Market::deployed();
    let kitty = address!("99c2268479b93fDe36232351229815DF80837e23");
    let numbers = [
        ("contribution_deadline_ratio()", 7),
        ("reveal_deadline_ratio()", 2),
        ("final_deadline_ratio()", 10),
        ("workerpool_stake_ratio()", 30),
        ("kitty_ratio()", 10),
        ("kitty_min()", 1_000_000_000),
        ("groupmember_purpose()", 4),
        ("callbackgas()", 200_000),
        ("countCategory()", 5),
        ("decimals()", 9),
        ("teebroker()", 0),
    ];
    for (getter, number) in numbers {
        assert_eq!(word(&mut market, getter), B256::from(U256::from(number)), "{getter}");
    }
    assert_eq!(word(&mut market, "kitty_address()"), kitty.into_word());
    let hash = U256::from_be_slice(&keccak256("iExecKitty")[..20]);
    assert_eq!(U256::from_be_slice(kitty.as_slice()), hash - U256::from(1), "nobody has its key");
    let [apps, datasets, pools] = market.registries;
    let addresses = [("token()", market.rlc), ("owner()", market.owner), ("appregistry()", apps)];
    for (getter, address) in
        addresses.into_iter().chain([("datasetregistry()", datasets), ("workerpoolregistry()", pools)])
    {
        assert_eq!(word(&mut market, getter), address.into_word(), "{getter}");
    }
    for (getter, text) in [("name()", "Staked RLC"), ("symbol()", "SRLC")] {
        assert_eq!(String::abi_decode(&ask(&mut market, getter).unwrap()).unwrap(), text);
    }
}

#[test]
fn getters_in_capitals_do_not_exist() {
    let mut market = Market::deployed();
    for getter in ["KITTY_MIN()", "KITTY_RATIO()", "KITTY_ADDRESS()", "WORKERPOOL_STAKE_RATIO()"] {
        assert_eq!(ask(&mut market, getter).unwrap_err(), Reverted::text("fallback-disabled"), "{getter}");
    }
}

#[test]
fn the_domain_is_shown_live_and_its_separator_as_stored() {
    let mut market = Market::deployed();
    let domain = market.view(&Hub::domainCall {}).unwrap();
    assert_eq!((domain.name.as_str(), domain.version.as_str()), ("iExecODB", "5.0.0"));
    assert_eq!((domain.chainId, domain.verifyingContract), (U256::from(market.evm.chain_id()), market.hub));
    let separator = market.view(&Hub::eip712domain_separatorCall {}).unwrap();
    assert_eq!(separator, market.domain().separator());
    assert_eq!(market.evm.peek(market.hub, slot(11)), separator);
}

#[test]
fn the_slots_that_clients_write_hold_what_they_expect() {
    let mut stage = Stage::new();
    let hub = stage.market.hub;
    let supply = stage.market.view(&Hub::totalSupplyCall {}).unwrap();
    assert_eq!(stage.market.evm.peek(hub, slot(7)), B256::from(supply));
    stage.market.set_score(STRANGER, U256::from(42));
    assert_eq!(stage.market.score(STRANGER), U256::from(42));
    let imported = keccak256((STRANGER, slot(23)).abi_encode());
    stage.market.evm.poke(hub, imported, B256::with_last_byte(1));
    let refused = stage.market.call(STRANGER, &Hub::importScoreCall { worker: STRANGER });
    assert_eq!(refused.err(), Some(Reverted::text("score-already-imported")));
    stage.market.poke(11, B256::ZERO);
    stage.market.configure().unwrap();
}

#[test]
fn the_owner_sets_broker_callback_gas_and_registries() {
    let mut market = Market::deployed();
    let owner = market.owner;
    market.call(owner, &Hub::setTeeBrokerCall { broker: STRANGER }).unwrap();
    market.call(owner, &Hub::setCallbackGasCall { gas: U256::from(77) }).unwrap();
    let [app, dataset, workerpool] = [1, 2, 3].map(Address::repeat_byte);
    market.call(owner, &Hub::changeRegistriesCall { app, dataset, workerpool }).unwrap();
    assert_eq!(word(&mut market, "teebroker()"), STRANGER.into_word());
    assert_eq!(word(&mut market, "callbackgas()"), B256::from(U256::from(77)));
    for (getter, registry) in
        [("appregistry()", app), ("datasetregistry()", dataset), ("workerpoolregistry()", workerpool)]
    {
        assert_eq!(word(&mut market, getter), registry.into_word());
    }
}

#[test]
fn categories_are_numbered_and_announced() {
    let mut market = Market::deployed();
    let known = [("XS", 300), ("S", 1_200), ("M", 3_600), ("L", 10_800), ("XL", 36_000)];
    for (id, (name, seconds)) in known.into_iter().enumerate() {
        let id = U256::from(id);
        let seen = market.view(&Hub::viewCategoryCall { id }).unwrap();
        assert_eq!((seen.name.as_str(), seen.description.as_str()), (name, "\"\""));
        assert_eq!(seen.workClockTimeRef, U256::from(seconds));
        let flat = market.view(&Hub::viewCategoryABILegacyCall { id }).unwrap();
        assert_eq!((flat._0, flat._1, flat._2), (seen.name, seen.description, seen.workClockTimeRef));
    }
    let (name, description) = ("new".to_owned(), "words".to_owned());
    let call = Hub::createCategoryCall { name, description, timeRef: U256::from(60) };
    let done = market.call(market.owner, &call).unwrap();
    let said = Notes::CreateCategory::decode_log(&done.logs[0]).unwrap();
    assert_eq!((said.catid, said.name.as_str(), said.description.as_str()), (U256::from(5), "new", "words"));
    assert_eq!((said.workClockTimeRef, done.logs[0].topics().len()), (U256::from(60), 1));
    assert_eq!(B256::from_slice(&done.output), B256::with_last_byte(5));
}

/// A task with the vote of worker 12.
fn voted() -> (Stage, DealId, TaskId) {
    let mut stage = Stage::new();
    let deal = stage.deal(stage.terms_with_dataset(3, 1));
    let task = stage.task(deal, 0);
    stage.vote(12, task, ResultDigest(B256::repeat_byte(2))).unwrap();
    (stage, deal, task)
}

#[test]
fn older_flat_views_say_the_same_as_the_newer_ones() {
    let (mut stage, deal, task) = voted();
    let seen = stage.market.view(&Hub::viewDealCall { id: deal.0 }).unwrap();
    let flat = stage.market.view(&Hub::viewDealABILegacy_pt1Call { id: deal.0 }).unwrap();
    let parties = [seen.app, seen.dataset, seen.workerpool].map(|party| (party.pointer, party.owner, party.price));
    assert_eq!(parties, [(flat._0, flat._1, flat._2), (flat._3, flat._4, flat._5), (flat._6, flat._7, flat._8)]);
    let flat = stage.market.view(&Hub::viewDealABILegacy_pt2Call { id: deal.0 }).unwrap();
    assert_eq!((flat._0, flat._1, flat._2), (seen.trust, seen.tag, seen.requester));
    assert_eq!((flat._3, flat._4, flat._5), (seen.beneficiary, seen.callback, seen.params));
    let flat = stage.market.view(&Hub::viewConfigABILegacyCall { id: deal.0 }).unwrap();
    assert_eq!((flat._0, flat._1, flat._2), (seen.category, seen.startTime, seen.botFirst));
    assert_eq!((flat._3, flat._4, flat._5), (seen.botSize, seen.workerStake, seen.schedulerRewardRatio));
    let worker = Actor::number(12).address();
    let seen = stage.market.view(&Hub::viewContributionCall { taskid: task.0, worker }).unwrap();
    let flat = stage.market.view(&Hub::viewContributionABILegacyCall { taskid: task.0, worker }).unwrap();
    assert_eq!((flat._0, flat._1, flat._2), (seen.status, seen.resultHash, seen.resultSeal));
    assert_eq!((flat._3, seen.status, seen.weight), (seen.enclaveChallenge, 1, U256::from(1)));
    let account = stage.scheduler.address();
    let seen = stage.market.view(&Hub::viewAccountCall { account }).unwrap();
    let flat = stage.market.view(&Hub::viewAccountABILegacyCall { account }).unwrap();
    assert_eq!((flat._0, flat._1), (seen.stake, seen.locked));
    assert_eq!(seen.locked, U256::from(300_000_000));
    assert_eq!(stage.market.view(&Hub::frozenOfCall { account }).unwrap(), seen.locked);
    assert_eq!(stage.market.view(&Hub::balanceOfCall { account }).unwrap(), seen.stake);
}

fn assert_flat_task(stage: &mut Stage, task: TaskId) -> abi::Task {
    let seen = stage.view_task(task);
    let flat = stage.market.view(&Hub::viewTaskABILegacyCall { taskid: task.0 }).unwrap();
    assert_eq!((flat._0, flat._1, flat._2, flat._3), (seen.status, seen.dealid, seen.idx, seen.timeref));
    let deadlines = (seen.contributionDeadline, seen.revealDeadline, seen.finalDeadline);
    assert_eq!((flat._4, flat._5, flat._6), deadlines);
    assert_eq!((flat._7, flat._8, flat._9), (seen.consensusValue, seen.revealCounter, seen.winnerCounter));
    assert_eq!((flat._10, flat._11), (seen.contributors.clone(), seen.results.clone()));
    seen
}

#[test]
fn a_task_shows_all_its_life_in_both_forms() {
    let mut stage = Stage::new();
    let (digest, start) = (ResultDigest(B256::repeat_byte(1)), stage.market.evm.now);
    let deal = stage.deal(stage.terms(1, 2));
    let unknown = TaskId::derive(deal, U256::from(1));
    assert_eq!(assert_flat_task(&mut stage, unknown), abi::Task::default());
    let task = stage.task(deal, 0);
    let opened = assert_flat_task(&mut stage, task);
    assert_eq!((opened.status, opened.dealid, opened.timeref), (1, deal.0, U256::from(300)));
    assert_eq!(opened.contributionDeadline, U256::from(start + 2_100));
    assert_eq!(opened.finalDeadline, U256::from(start + 3_000));
    stage.market.evm.now += 100;
    stage.vote(10, task, digest).unwrap();
    let revealing = assert_flat_task(&mut stage, task);
    assert_eq!((revealing.status, revealing.winnerCounter), (2, U256::from(1)));
    assert_eq!(revealing.revealDeadline, U256::from(start + 700));
    stage.reveal(10, task, digest).unwrap();
    let results = Bytes::from_static(br#"{"storage":"ipfs"}"#);
    stage.finalize(task, &Outcome { results: results.clone(), ..Outcome::default() }).unwrap();
    let done = assert_flat_task(&mut stage, task);
    assert_eq!((done.status, done.results, done.resultDigest), (3, results, digest.0));
    assert_eq!((done.resultsTimestamp, done.contributors), (U256::ZERO, vec![Actor::number(10).address()]));
}

#[test]
fn resources_are_shown_by_the_hub_and_what_is_none_is_bare() {
    let mut stage = Stage::new();
    let app = stage.market.view(&Hub::viewAppCall { app: stage.app }).unwrap();
    assert_eq!((app.owner, app.m_appName.as_str()), (stage.app_owner.address(), "a name"));
    assert_eq!((app.m_appType.as_str(), app.m_appMultiaddr), ("DOCKER", Bytes::from_static(b"ipfs")));
    let dataset = stage.market.view(&Hub::viewDatasetCall { dataset: stage.dataset }).unwrap();
    assert_eq!((dataset.owner, dataset.m_datasetName.as_str()), (stage.dataset_owner.address(), "a name"));
    let pool = stage.market.view(&Hub::viewWorkerpoolCall { workerpool: stage.pool }).unwrap();
    assert_eq!((pool.owner, pool.m_workerpoolDescription.as_str()), (stage.scheduler.address(), "a pool"));
    assert_eq!((pool.m_workerStakeRatioPolicy, pool.m_schedulerRewardRatioPolicy), (U256::from(30), U256::from(1)));
    for stranger in [STRANGER, stage.pool] {
        assert_eq!(stage.market.view(&Hub::viewAppCall { app: stranger }).err(), Some(Reverted::Bare));
        assert_eq!(stage.market.view(&Hub::viewDatasetCall { dataset: stranger }).err(), Some(Reverted::Bare));
    }
    let app = Hub::viewWorkerpoolCall { workerpool: stage.app };
    assert_eq!(stage.market.view(&app).err(), Some(Reverted::Bare));
}

#[test]
fn the_order_library_can_be_deployed_without_linking() {
    let mut market = Market::deployed();
    let library = market.evm.deploy(STRANGER, &Artifact::named("IexecLibOrders_v5"), &[]);
    assert!(!market.evm.code(library).is_empty());
    assert_eq!(market.account(STRANGER), (Amount::ZERO, Amount::ZERO));
}
