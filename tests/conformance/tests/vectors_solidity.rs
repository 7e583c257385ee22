//! The vectors on the contracts: the same files as `vectors_rust.rs`, observed through events, views and acceptance.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use alloy::primitives::{Address, B256, Bytes, U256};
use fairgrid_conformance::abi::{Hub, Resources};
use fairgrid_conformance::{Actor, Market, Stage, events, quadruple, stub, vectors, word};
use protocol::consensus::weight;
use protocol::hash::personal_digest;
use protocol::hub::{Event, Outcome, Pledge};
use protocol::order::{Order, Quadruple, Signed};
use protocol::{Amount, ResultDigest, ResultHash, ResultSeal, TaskId};
use serde::de::DeserializeOwned;
use serde_json::Value;

const APP_OWNER: Address = Address::repeat_byte(0xa1);
const DATASET_OWNER: Address = Address::repeat_byte(0xa3);
const POOL_OWNER: Address = Address::repeat_byte(0xa4);
const STRANGER: Address = Address::repeat_byte(0x99);

fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn order<O: DeserializeOwned>(file: &Value, kind: &str) -> Signed<O> {
    let mut json = file["orders"][kind]["order"].clone();
    json["salt"] = Value::from(word(&file["saltText"]).to_string());
    Signed { order: serde_json::from_value(json).unwrap(), sign: Bytes::new() }
}

/// A hub that believes to be where the vectors were made, and three resources that answer as theirs.
fn vector_market(file: &Value) -> (Market, Quadruple) {
    let mut market = Market::deployed();
    market.poke(11, word(&file["domain"]["separator"]));
    let orders = Quadruple {
        app: order(file, "app"),
        dataset: order(file, "dataset"),
        workerpool: order(file, "workerpool"),
        request: order(file, "request"),
    };
    let everything = Address::repeat_byte(0xee);
    // Knows every entry, and the owner of none.
    let is_registered = [0xc3, 0xc5, 0xa5, 0x47];
    market.evm.place(everything, stub::choosing(is_registered, B256::with_last_byte(1), B256::ZERO));
    let registries = Hub::changeRegistriesCall { app: everything, dataset: everything, workerpool: everything };
    market.call(market.owner, &registries).unwrap();
    let owner_selector = [0x8d, 0xa5, 0xcb, 0x5b];
    for (resource, owner) in [
        (orders.app.order.app, APP_OWNER),
        (orders.dataset.order.dataset, DATASET_OWNER),
        (orders.workerpool.order.workerpool, POOL_OWNER),
    ] {
        let code = stub::choosing(owner_selector, owner.into_word(), B256::with_last_byte(30));
        market.evm.place(resource, code);
    }
    (market, orders)
}

/// Presigns all four, and returns the hashes that the hub says.
fn presign(market: &mut Market, orders: &Quadruple) -> Vec<B256> {
    let (app, dataset, workerpool, request) = quadruple(orders);
    let none = Bytes::new();
    let calls: [(Address, Vec<u8>); 4] = {
        use alloy::sol_types::SolCall as _;
        use fairgrid_conformance::abi as sol;
        [
            (
                APP_OWNER,
                Hub::manageAppOrderCall {
                    operation: sol::AppOrderOperation { order: app, operation: 0, sign: none.clone() },
                }
                .abi_encode(),
            ),
            (
                DATASET_OWNER,
                Hub::manageDatasetOrderCall {
                    operation: sol::DatasetOrderOperation { order: dataset, operation: 0, sign: none.clone() },
                }
                .abi_encode(),
            ),
            (
                POOL_OWNER,
                Hub::manageWorkerpoolOrderCall {
                    operation: sol::WorkerpoolOrderOperation { order: workerpool, operation: 0, sign: none.clone() },
                }
                .abi_encode(),
            ),
            (
                orders.request.order.requester,
                Hub::manageRequestOrderCall {
                    operation: sol::RequestOrderOperation { order: request, operation: 0, sign: none },
                }
                .abi_encode(),
            ),
        ]
    };
    let said = calls.into_iter().map(|(from, data)| {
        let done = market.evm.send(from, market.hub, data.into()).unwrap();
        match events(market.hub, &done.logs).as_slice() {
            [Event::Signed { order, .. }] => order.0,
            other => panic!("{other:?}"),
        }
    });
    said.collect()
}

#[test]
fn the_hub_hashes_every_order_as_the_vectors_say() {
    let file = vectors("hashes");
    let (mut market, orders) = vector_market(&file);
    let hashes = presign(&mut market, &orders);
    for (hash, kind) in hashes.into_iter().zip(["app", "dataset", "workerpool", "request"]) {
        assert_eq!(hash, word(&file["orders"][kind]["hash"]), "{kind}");
    }
}

#[test]
fn the_hub_accepts_operations_signed_over_the_digests_of_the_vectors() {
    use fairgrid_conformance::abi::AppOrderOperation;
    let file = vectors("hashes");
    for (operation, digest) in [(0, "signDigest"), (1, "closeDigest")] {
        let (mut market, orders) = vector_market(&file);
        // The owner is a contract that signed exactly this digest.
        market.evm.place(APP_OWNER, stub::signer_of(word(&file["orders"]["app"][digest])));
        let call = |operation| Hub::manageAppOrderCall {
            operation: AppOrderOperation { order: quadruple(&orders).0, operation, sign: Bytes::new() },
        };
        assert!(market.call(STRANGER, &call(1 - operation)).is_err(), "{digest}");
        market.call(STRANGER, &call(operation)).unwrap();
    }
}

#[test]
fn the_hub_derives_ids_and_commitments_as_the_vectors_say() {
    let file = vectors("hashes");
    let (mut market, orders) = vector_market(&file);
    let hashes = presign(&mut market, &orders);
    for account in [orders.request.order.requester, POOL_OWNER] {
        market.fund(account, Amount::rlc(1));
    }
    let (app, dataset, workerpool, request) = quadruple(&orders);
    let matched = market.call(STRANGER, &Hub::matchOrdersCall { app, dataset, workerpool, request }).unwrap();
    let deal = word(&file["deal"]);
    assert_eq!(matched.output.as_ref(), deal.as_slice());
    let said = events(market.hub, &matched.logs);
    assert!(
        said.iter()
            .any(|event| matches!(event, Event::OrdersMatched { deal: id, app, dataset, workerpool, request, .. }
        if id.0 == deal && [app.0, dataset.0, workerpool.0, request.0] == *hashes))
    );
    let opened = market.call(STRANGER, &Hub::initializeCall { dealid: deal, idx: U256::ZERO }).unwrap();
    let task = word(&file["task"]);
    assert_eq!(opened.output.as_ref(), task.as_slice());
    check_commitments(market, &file, task);
}

/// Pool and enclave are contracts that signed only the digests of the vectors, so acceptance proves the hub's own.
fn check_commitments(mut market: Market, file: &Value, task: B256) {
    let worker = address(&file["result"]["worker"]);
    let enclave = address(&file["authorization"]["enclave"]);
    market.evm.place(POOL_OWNER, stub::signer_of(word(&file["authorization"]["digest"])));
    market.evm.place(enclave, stub::signer_of(word(&file["enclave"]["digest"])));
    market.set_score(worker, U256::from(12));
    market.fund(worker, Amount::rlc(1));
    let contribute = |seal| Hub::contributeCall {
        taskid: task,
        resultHash: word(&file["result"]["hash"]),
        resultSeal: seal,
        enclaveChallenge: enclave,
        enclaveSign: Bytes::new(),
        authorizationSign: Bytes::new(),
    };
    assert!(market.call(worker, &contribute(B256::ZERO)).is_err());
    market.call(worker, &contribute(word(&file["result"]["seal"]))).unwrap();
    let reveal = |digest| Hub::revealCall { taskid: task, resultDigest: digest };
    assert!(market.call(worker, &reveal(B256::ZERO)).is_err());
    market.call(worker, &reveal(word(&file["result"]["digest"]))).unwrap();
}

#[test]
fn the_hub_accepts_the_off_chain_signature() {
    let file = vectors("offchain");
    let mut market = Market::deployed();
    let verify = |signer| Hub::verifySignatureCall {
        account: signer,
        digest: personal_digest(word(&file["authorization"])),
        sign: file["signature"].as_str().unwrap().parse().unwrap(),
    };
    assert!(market.view(&verify(address(&file["signer"]))).unwrap());
    assert!(!market.view(&verify(STRANGER)).unwrap());
    assert!(!market.view(&verify(Address::ZERO)).unwrap());
}

fn digest(name: &str) -> ResultDigest {
    ResultDigest(alloy::primitives::keccak256(name))
}

fn wins(stage: &mut Stage, worker: u64, task: TaskId, result: &str) -> bool {
    let done = stage.vote(worker, task, digest(result)).unwrap();
    events(stage.market.hub, &done.logs).iter().any(|event| matches!(event, Event::TaskConsensus { .. }))
}

fn set_score(stage: &mut Stage, worker: u64, score: u64) {
    stage.market.set_score(Actor::number(worker).address(), U256::from(score));
}

fn open(stage: &mut Stage, trust: u64) -> TaskId {
    let terms = stage.terms(trust, 1);
    let deal = stage.deal(terms);
    stage.task(deal, 0)
}

#[test]
fn every_vote_counts_on_the_hub_as_the_vectors_say() {
    for case in vectors("consensus")["votes"].as_array().unwrap() {
        let mut stage = Stage::new();
        let task = open(&mut stage, number(&case["trust"]));
        for (n, score) in (0..).zip(numbers(&case["scores"])) {
            set_score(&mut stage, 10 + n, score);
            let won = wins(&mut stage, 10 + n, task, case["results"][n as usize].as_str().unwrap());
            assert_eq!(won, n == number(&case["winner"]), "{}", case["name"]);
        }
        assert_eq!(stage.view_task(task).winnerCounter, U256::from(number(&case["winners"])), "{}", case["name"]);
    }
}

#[test]
fn weights_count_in_rewards_as_the_vectors_say() {
    let mut stage = Stage::new();
    let task = open(&mut stage, 1 << 60);
    for (n, row) in (10..).zip(vectors("consensus")["weights"].as_array().unwrap()) {
        set_score(&mut stage, n, number(&row["score"]));
        stage.vote(n, task, digest(&n.to_string())).unwrap();
        let call = Hub::viewContributionCall { taskid: task.0, worker: Actor::number(n).address() };
        assert_eq!(stage.market.view(&call).unwrap().weight, U256::from(number(&row["share"])), "{row}");
    }
}

/// How many voters from `first` on it takes to win; each has `score`.
fn voters_needed(stage: &mut Stage, task: TaskId, first: u64, score: u64) -> u64 {
    for n in 0..30 {
        set_score(stage, first + n, score);
        if wins(stage, first + n, task, "honest") {
            return n + 1;
        }
    }
    panic!("no consensus")
}

#[test]
fn as_many_workers_are_needed_on_the_hub_as_the_tables_say() {
    let file = vectors("consensus");
    for row in file["unanimous"].as_array().unwrap() {
        let mut stage = Stage::new();
        for (trust, needed) in numbers(&file["trusts"]).into_iter().zip(numbers(&row["needed"])) {
            let mut stage = stage.clone();
            let task = open(&mut stage, trust);
            assert_eq!(voters_needed(&mut stage, task, 10, number(&row["score"])), needed, "{row}, trust {trust}");
        }
        stage.market.evm.now += 1;
    }
    for row in file["dissent"].as_array().unwrap() {
        let trust = number(&row["trust"]);
        let rows = (0..number(&row["liarsWinAt"])).zip(numbers(&row["needed"]));
        for (liars, needed) in rows {
            let mut stage = Stage::new();
            let task = open(&mut stage, trust);
            for liar in 0..liars {
                assert!(!wins(&mut stage, 10 + liar, task, "lie"));
            }
            assert_eq!(voters_needed(&mut stage, task, 10 + liars, 0), needed, "trust {trust}, {liars} liars");
        }
    }
    for row in file["outvote"].as_array().unwrap() {
        let trust = number(&row["trust"]);
        for (vote, sybils) in numbers(&row["weights"]).into_iter().zip(numbers(&row["sybils"])) {
            // A worker whose weight reaches the trust is believed alone: nobody can outvote it any more.
            if vote < trust {
                let mut stage = Stage::new();
                let task = open(&mut stage, trust);
                let score = 3 * (vote + 1);
                assert_eq!(weight(U256::from(score)), U256::from(vote));
                set_score(&mut stage, 10, score);
                assert!(!wins(&mut stage, 10, task, "outvoted"));
                assert_eq!(voters_needed(&mut stage, task, 11, 0), sybils, "{row}");
            }
        }
    }
}

#[test]
fn slashing_on_the_hub_takes_a_third() {
    let rows = vectors("consensus")["slashed"].clone();
    let mut stage = Stage::new();
    let task = open(&mut stage, 1_000);
    for (n, row) in (10..).zip(rows.as_array().unwrap()) {
        set_score(&mut stage, n, number(&row["before"]));
        assert!(!wins(&mut stage, n, task, &n.to_string()));
    }
    set_score(&mut stage, 39, 3_000_003);
    assert!(wins(&mut stage, 39, task, "right"));
    stage.reveal(39, task, digest("right")).unwrap();
    stage.finalize(task, &Outcome::default()).unwrap();
    for (n, row) in (10..).zip(rows.as_array().unwrap()) {
        let after = stage.market.score(Actor::number(n).address());
        assert_eq!(after, U256::from(number(&row["after"])), "{row}");
    }
}

#[test]
fn every_reward_on_the_hub_is_as_the_vectors_say() {
    for case in vectors("settlement")["finalize"].as_array().unwrap() {
        let mut stage = Stage::new();
        let policy = Resources::changePolicyCall {
            stake: U256::from(number(&case["stakePercent"])),
            reward: U256::from(number(&case["ratio"])),
        };
        stage.market.evm.call(stage.scheduler.address(), stage.pool, &policy).unwrap();
        let mut terms = stage.terms(number(&case["trust"]), 1);
        terms.workerpool.workerpoolprice = Amount::nrlc(number(&case["price"]));
        let deal = stage.deal(terms);
        let task = stage.task(deal, 0);
        let voters: Vec<_> = (10..).zip(case["results"].as_array().unwrap()).collect();
        for ((n, result), score) in voters.iter().zip(numbers(&case["scores"])) {
            set_score(&mut stage, *n, score);
            stage.vote(*n, task, digest(result.as_str().unwrap())).unwrap();
        }
        for (n, result) in voters.iter().filter(|(_, result)| **result == case["consensus"]) {
            stage.reveal(*n, task, digest(result.as_str().unwrap())).unwrap();
        }
        let done = stage.finalize(task, &Outcome::default()).unwrap();
        let said = events(stage.market.hub, &done.logs);
        check_rewards(&mut stage, case, &said);
    }
}

fn check_rewards(stage: &mut Stage, case: &Value, said: &[Event]) {
    let paid = |account: Address| {
        let mine = said.iter().filter_map(|event| match event {
            Event::Reward { owner, amount, .. } if *owner == account => Some(*amount),
            _ => None,
        });
        mine.collect::<Vec<_>>()
    };
    let scheduler = Amount::nrlc(number(&case["scheduler"]));
    assert_eq!(paid(stage.scheduler.address()), [scheduler], "{}", case["name"]);
    for (n, reward) in (0..).zip(case["rewards"].as_array().unwrap()) {
        let worker = Actor::number(10 + n as u64).address();
        let expected: Vec<_> = reward.as_u64().map(Amount::nrlc).into_iter().collect();
        assert_eq!(paid(worker), expected, "{}", case["name"]);
        assert_eq!(stage.market.score(worker), U256::from(number(&case["scoresAfter"][n])), "{}", case["name"]);
    }
}

#[test]
fn the_kitty_on_the_hub_pays_as_the_vectors_say() {
    for row in vectors("settlement")["kitty"].as_array().unwrap() {
        let mut stage = Stage::new();
        let mut terms = stage.terms(1, 1);
        let price = Amount::nrlc((number(&row["held"]) * 10).div_ceil(3));
        terms.workerpool.workerpoolprice = price;
        terms.request.workerpoolmaxprice = price;
        let deal = stage.deal(terms);
        let task = stage.task(deal, 0);
        stage.market.evm.now += 3_000;
        stage.market.call(STRANGER, &Hub::claimCall { taskid: task.0 }).unwrap();
        let kitty = protocol::settlement::KITTY;
        assert_eq!(stage.market.account(kitty), (Amount::ZERO, Amount::nrlc(number(&row["held"]))));
        let mut free = stage.terms(1, 1);
        free.app.appprice = Amount::ZERO;
        free.workerpool.workerpoolprice = Amount::ZERO;
        let deal = stage.deal(free);
        let task = stage.task(deal, 0);
        let before = stage.market.account(stage.scheduler.address()).0;
        let worker = Actor::number(10).address();
        let pledge: Pledge = stage.scheduler.authorize(worker, task);
        stage.contribute_and_finalize(worker, task, digest("free"), &Outcome::default(), &pledge).unwrap();
        let after = stage.market.account(stage.scheduler.address()).0;
        assert_eq!(after.checked_sub(before), Some(Amount::nrlc(number(&row["drawn"]))), "{row}");
        let done = ResultHash::derive(task, digest("free"));
        assert_eq!(stage.view_task(task).consensusValue, done.0);
        assert_ne!(ResultSeal::derive(worker, task, digest("free")).0, done.0);
    }
}

#[test]
fn an_order_hashes_the_same_on_the_hub_and_in_rust_under_the_hubs_own_domain() {
    let mut stage = Stage::new();
    let orders = stage.sign(stage.terms_with_dataset(1, 2));
    let domain = stage.market.domain();
    assert_eq!(stage.market.view(&Hub::eip712domain_separatorCall {}).unwrap(), domain.separator());
    let done = stage.match_orders(&orders).unwrap();
    let said = events(stage.market.hub, &done.logs);
    let Some(Event::OrdersMatched { app, dataset, workerpool, request, .. }) = said.last() else { panic!("{said:?}") };
    assert_eq!(*app, orders.app.order.hash(&domain));
    assert_eq!(*dataset, orders.dataset.order.hash(&domain));
    assert_eq!(*workerpool, orders.workerpool.order.hash(&domain));
    assert_eq!(*request, orders.request.order.hash(&domain));
}
