//! The vectors in Rust: `protocol` against `vectors/*.json`. `vectors_solidity.rs` runs the same files on the contracts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fairgrid_conformance::{Actor, vectors, word};
use protocol::consensus::{Tally, reward_share, slashed, weight};
use protocol::deal::{Deal, Resource};
use protocol::hash::{authorization, enclave_message, personal_digest, signer_of};
use protocol::order::{AppOrder, DatasetOrder, Domain, Operation, Order, RequestOrder, WorkerpoolOrder};
use protocol::settlement::{Ledger, Outcome, Payout};
use protocol::task::{Contribution, ContributionStatus, Task};
use protocol::{
    Address, Amount, B256, Bytes, ChainTime, DealId, OrderHash, ResultDigest, ResultHash, ResultSeal, TaskId, U256,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn order<O: DeserializeOwned>(file: &Value, kind: &str) -> O {
    let mut json = file["orders"][kind]["order"].clone();
    json["salt"] = Value::from(word(&file["saltText"]).to_string());
    serde_json::from_value(json).unwrap()
}

fn domain(file: &Value) -> Domain {
    Domain::of_hub(number(&file["domain"]["chainId"]), address(&file["domain"]["hub"]))
}

fn check_order<O: Order>(order: &O, kind: &str, file: &Value) {
    let domain = domain(file);
    let expected = &file["orders"][kind];
    assert_eq!(order.hash(&domain).0, word(&expected["hash"]), "{kind}");
    if expected["structHash"].is_string() {
        assert_eq!(order.struct_hash(), word(&expected["structHash"]), "{kind}");
        assert_eq!(order.operation_digest(&domain, Operation::Sign), word(&expected["signDigest"]));
        assert_eq!(order.operation_digest(&domain, Operation::Close), word(&expected["closeDigest"]));
    }
    let typehashes = &file["typehashes"][kind];
    let name = O::TYPE.split('(').next().unwrap();
    let operation = format!("{name}Operation({name} order,uint256 operation){}", O::TYPE);
    assert_eq!(alloy::primitives::keccak256(O::TYPE), word(&typehashes["order"]));
    assert_eq!(alloy::primitives::keccak256(operation), word(&typehashes["operation"]));
}

#[test]
fn every_order_hashes_as_the_vectors_say() {
    let file = vectors("hashes");
    assert_eq!(domain(&file).separator(), word(&file["domain"]["separator"]));
    check_order(&order::<AppOrder>(&file, "app"), "app", &file);
    check_order(&order::<DatasetOrder>(&file, "dataset"), "dataset", &file);
    check_order(&order::<WorkerpoolOrder>(&file, "workerpool"), "workerpool", &file);
    check_order(&order::<RequestOrder>(&file, "request"), "request", &file);
}

#[test]
fn every_id_and_commitment_is_as_the_vectors_say() {
    let file = vectors("hashes");
    let deal = DealId::derive(OrderHash(word(&file["orders"]["request"]["hash"])), U256::ZERO);
    let task = TaskId::derive(deal, U256::ZERO);
    assert_eq!((deal.0, task.0), (word(&file["deal"]), word(&file["task"])));
    let result = &file["result"];
    let digest = ResultDigest(word(&result["text"]));
    let worker = address(&result["worker"]);
    let (hash, seal) = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
    assert_eq!(digest.0, word(&result["digest"]));
    assert_eq!((hash.0, seal.0), (word(&result["hash"]), word(&result["seal"])));
    let permission = authorization(worker, task, address(&file["authorization"]["enclave"]));
    assert_eq!(permission, word(&file["authorization"]["inner"]));
    assert_eq!(personal_digest(permission), word(&file["authorization"]["digest"]));
    let sealed = enclave_message(hash, seal);
    assert_eq!(sealed, word(&file["enclave"]["inner"]));
    assert_eq!(personal_digest(sealed), word(&file["enclave"]["digest"]));
}

#[test]
fn the_off_chain_vectors_agree() {
    let file = vectors("offchain");
    let (worker, digest) = (address(&file["worker"]), ResultDigest(word(&file["digest"])));
    let task = TaskId::derive(DealId(word(&file["deal"])), U256::from(number(&file["index"])));
    assert_eq!(task.0, word(&file["task"]));
    assert_eq!(ResultHash::derive(task, digest).0, word(&file["hash"]));
    assert_eq!(ResultSeal::derive(worker, task, digest).0, word(&file["seal"]));
    let permission = authorization(worker, task, Address::ZERO);
    assert_eq!(permission, word(&file["authorization"]));
    let signer = Actor::of_key(word(&file["key"]));
    let signature: Bytes = file["signature"].as_str().unwrap().parse().unwrap();
    assert_eq!(signer.sign_message(permission), signature);
    assert_eq!(signer_of(personal_digest(permission), &signature), Some(address(&file["signer"])));
    let answer = B256::from(U256::from(number(&file["callbackNumber"])));
    assert_eq!(alloy::primitives::keccak256(answer), word(&file["callbackDigest"]));
}

fn result(name: &Value) -> ResultHash {
    ResultHash(word(name))
}

#[test]
fn every_vote_counts_as_the_vectors_say() {
    for case in vectors("consensus")["votes"].as_array().unwrap() {
        let mut tally = Tally::default();
        let trust = U256::from(number(&case["trust"]));
        for (n, score) in numbers(&case["scores"]).into_iter().enumerate() {
            let hash = result(&case["results"][n]);
            let won = tally.vote(hash, weight(U256::from(score)), trust).unwrap();
            assert_eq!(tally.group(hash), U256::from(number(&case["groups"][n])), "{}", case["name"]);
            assert_eq!(tally.total(), U256::from(number(&case["totals"][n])), "{}", case["name"]);
            assert_eq!(won, n as u64 == number(&case["winner"]), "{}", case["name"]);
        }
    }
}

#[test]
fn weights_shares_and_slashes_are_as_the_vectors_say() {
    let file = vectors("consensus");
    for row in file["weights"].as_array().unwrap() {
        let vote = weight(U256::from(number(&row["score"])));
        assert_eq!(vote, U256::from(number(&row["weight"])), "{row}");
        assert_eq!(reward_share(vote), U256::from(number(&row["share"])), "{row}");
    }
    for row in file["slashed"].as_array().unwrap() {
        assert_eq!(slashed(U256::from(number(&row["before"]))), U256::from(number(&row["after"])), "{row}");
    }
}

/// How many voters of `weight` it takes to win over what `tally` holds.
fn voters_needed(mut tally: Tally, weight: u64, trust: u64) -> u64 {
    let hash = ResultHash(B256::repeat_byte(1));
    (1..256).find(|_| tally.vote(hash, U256::from(weight), U256::from(trust)).unwrap()).unwrap()
}

#[test]
fn as_many_workers_are_needed_as_the_tables_say() {
    let file = vectors("consensus");
    for row in file["unanimous"].as_array().unwrap() {
        let vote: u64 = weight(U256::from(number(&row["score"]))).to();
        let needed: Vec<_> =
            numbers(&file["trusts"]).into_iter().map(|trust| voters_needed(Tally::default(), vote, trust)).collect();
        assert_eq!(needed, numbers(&row["needed"]), "score {}", row["score"]);
    }
    for row in file["dissent"].as_array().unwrap() {
        let trust = number(&row["trust"]);
        let mut liars = Tally::default();
        for (n, needed) in numbers(&row["needed"]).into_iter().enumerate() {
            assert_eq!(voters_needed(liars.clone(), 2, trust), needed, "trust {trust}, {n} liars");
            let lie = ResultHash(B256::repeat_byte(9));
            let won = liars.vote(lie, U256::from(2), U256::from(trust)).unwrap();
            assert_eq!(won, n as u64 + 1 >= number(&row["liarsWinAt"]), "trust {trust}, {n} liars");
        }
    }
    for row in file["outvote"].as_array().unwrap() {
        for (weight, sybils) in numbers(&row["weights"]).into_iter().zip(numbers(&row["sybils"])) {
            let mut honest = Tally::default();
            let far_away = U256::from(1_u64 << 60);
            assert!(!honest.vote(ResultHash(B256::repeat_byte(8)), U256::from(weight), far_away).unwrap());
            assert_eq!(voters_needed(honest, 2, number(&row["trust"])), sybils, "{row}");
        }
    }
}

#[test]
fn every_reward_is_as_the_vectors_say() {
    for case in vectors("settlement")["finalize"].as_array().unwrap() {
        let price = Amount::nrlc(number(&case["price"]));
        let deal = Deal {
            workerpool: Resource { price, ..Resource::default() },
            worker_stake: price.percent(U256::from(number(&case["stakePercent"]))).unwrap(),
            scheduler_reward_ratio: U256::from(number(&case["ratio"])),
            ..Deal::default()
        };
        let mut task = Task::new(TaskId::default(), 1, ChainTime(7), ChainTime(10));
        let scores = numbers(&case["scores"]);
        for (n, score) in scores.iter().enumerate() {
            let proved = case["results"][n] == case["consensus"];
            task.contributions.push(Contribution {
                worker: Actor::number(n as u64).address(),
                status: if proved { ContributionStatus::Proved } else { ContributionStatus::Contributed },
                hash: result(&case["results"][n]),
                seal: ResultSeal::default(),
                share: reward_share(weight(U256::from(*score))),
            });
        }
        let payout = Payout::of(&deal, &task).unwrap();
        assert_eq!(payout.scheduler, Amount::nrlc(number(&case["scheduler"])), "{}", case["name"]);
        for (n, share) in payout.workers.iter().enumerate() {
            let expected = match case["rewards"][n].as_u64() {
                Some(reward) => Outcome::Paid(Amount::nrlc(reward)),
                None => Outcome::Slashed,
            };
            assert_eq!(share.outcome, expected, "{}", case["name"]);
            let after = share.score_after(U256::from(scores[n]), scores.len());
            assert_eq!(after, U256::from(number(&case["scoresAfter"][n])), "{}", case["name"]);
        }
    }
}

#[test]
fn the_kitty_pays_as_the_vectors_say() {
    for row in vectors("settlement")["kitty"].as_array().unwrap() {
        let (hub, pool) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let held = Amount::nrlc(number(&row["held"]));
        let mut ledger = Ledger::new(hub);
        // A failed deal whose stake is exactly the kitty.
        let price = Amount::nrlc((number(&row["held"]) * 10).div_ceil(3));
        let failed = Deal {
            workerpool: Resource { owner: pool, price, ..Resource::default() },
            sponsor: pool,
            ..Deal::default()
        };
        assert_eq!(failed.pool_stake(), Some(held));
        ledger.deposit(pool, Amount::from_nrlc(price.to_nrlc() * U256::from(2))).unwrap();
        ledger.settle_match(&failed, U256::from(1)).unwrap();
        ledger.settle_failure(&failed, std::iter::empty()).unwrap();
        let before = ledger.balance(pool);
        let free = Deal { workerpool: Resource { owner: pool, ..Resource::default() }, ..Deal::default() };
        ledger.settle_success(&free).unwrap();
        assert_eq!(ledger.balance(pool).checked_sub(before), Some(Amount::nrlc(number(&row["drawn"]))), "{row}");
    }
}
