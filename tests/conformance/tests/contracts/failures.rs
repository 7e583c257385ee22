//! One test a line of the failure reference. Source: `poco-contracts.md` 17; matching and tasks are in `calls.rs`.

use alloy::primitives::{Address, B256, Bytes, FixedBytes, U256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::{Cut, Diamond, DiamondArgs, Hub, Registry};
use fairgrid_conformance::{Actor, Artifact, Evm, Market, Reverted, Stage, stub};
use protocol::hub::{Outcome, Pledge};
use protocol::{Amount, ResultDigest, ResultHash, ResultSeal};

const STRANGER: Address = Address::repeat_byte(0x99);

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

#[test]
fn unknown_selectors_and_plain_transfers_are_disabled() {
    let mut market = Market::deployed();
    for data in [vec![], vec![1, 2], vec![0xde, 0xad, 0xbe, 0xef]] {
        says(market.evm.send(STRANGER, market.hub, data.into()), "fallback-disabled");
    }
    let renounce: Bytes = FixedBytes::<4>::from([0x71, 0x50, 0x18, 0xa6]).to_vec().into();
    says(market.evm.send(market.owner, market.hub, renounce), "fallback-disabled");
}

#[test]
fn a_diamond_without_escrow_names_the_selector_that_it_does_not_know() {
    use alloy::sol_types::SolValue as _;
    let mut evm = Evm::new(1);
    let args = DiamondArgs { owner: STRANGER, init: Address::ZERO, initCalldata: Bytes::new() };
    let arguments = (Vec::<Cut>::new(), args).abi_encode_params();
    let diamond = evm.deploy(STRANGER, &Artifact::named("Diamond"), &arguments);
    for (data, selector) in [(vec![], [0; 4]), (vec![1], [1, 0, 0, 0]), (vec![1, 2, 3, 4, 5], [1, 2, 3, 4])] {
        let unknown = Reverted::custom(&Hub::FunctionNotFound { selector: selector.into() });
        assert_eq!(evm.send(STRANGER, diamond, data.into()).unwrap_err(), unknown);
    }
}

#[test]
fn functions_of_the_owner_refuse_others() {
    let mut market = Market::deployed();
    let words = "Ownable: caller is not the owner";
    let (name, description) = (String::new(), String::new());
    says(market.call(STRANGER, &Hub::createCategoryCall { name, description, timeRef: U256::from(1) }), words);
    says(market.call(STRANGER, &Hub::setTeeBrokerCall { broker: STRANGER }), words);
    says(market.call(STRANGER, &Hub::setCallbackGasCall { gas: U256::from(1) }), words);
    says(market.call(STRANGER, &Hub::recoverCall {}), words);
    let (app, dataset, workerpool) = (STRANGER, STRANGER, STRANGER);
    says(market.call(STRANGER, &Hub::changeRegistriesCall { app, dataset, workerpool }), words);
    let mut fresh = Market::unconfigured();
    let name = || "name".to_owned();
    let configure = Hub::configureCall {
        token: STRANGER,
        name: name(),
        symbol: name(),
        decimals: 9,
        appRegistry: app,
        datasetRegistry: dataset,
        workerpoolRegistry: workerpool,
        v3hub: STRANGER,
    };
    says(fresh.call(STRANGER, &configure), words);
    for registry in market.registries {
        says(market.evm.call(STRANGER, registry, &Registry::setBaseURICall { uri: String::new() }), words);
        says(market.evm.call(STRANGER, registry, &Registry::initializeCall { previous: STRANGER }), words);
        says(market.evm.call(STRANGER, registry, &Registry::transferOwnershipCall { newOwner: STRANGER }), words);
        says(market.evm.call(STRANGER, registry, &Registry::renounceOwnershipCall {}), words);
    }
}

#[test]
fn diamond_cut_and_transfer_of_ownership_refuse_others() {
    let mut market = Market::deployed();
    let refused = Reverted::custom(&Hub::NotContractOwner { user: STRANGER, owner: market.owner });
    let cut = Diamond::diamondCutCall { cuts: vec![], init: Address::ZERO, data: Bytes::new() };
    assert_eq!(market.call(STRANGER, &cut).unwrap_err(), refused);
    let transfer = Hub::transferOwnershipCall { newOwner: STRANGER };
    assert_eq!(market.call(STRANGER, &transfer).unwrap_err(), refused);
    market.call(market.owner, &transfer).unwrap();
    assert_eq!(market.view(&Hub::ownerCall {}).unwrap(), STRANGER);
}

#[test]
fn a_hub_is_configured_once_and_before_its_separator_is_updated() {
    let mut market = Market::unconfigured();
    says(market.call(STRANGER, &Hub::updateDomainSeparatorCall {}), "not-configured");
    market.configure().unwrap();
    says(market.configure(), "already-configured");
    market.poke(11, B256::repeat_byte(1));
    market.call(STRANGER, &Hub::updateDomainSeparatorCall {}).unwrap();
    let separator = market.view(&Hub::eip712domain_separatorCall {}).unwrap();
    assert_eq!(separator, market.domain().separator());
}

#[test]
fn a_score_is_imported_once_and_only_from_a_contract() {
    let mut market = Market::deployed();
    bare(market.call(STRANGER, &Hub::importScoreCall { worker: STRANGER }));
    let mut market = Market::unconfigured();
    let old_hub = Address::repeat_byte(0x33);
    market.evm.place(old_hub, stub::answering(B256::with_last_byte(50)));
    let [app, dataset, workerpool] = market.registries;
    let configure = Hub::configureCall {
        token: market.rlc,
        name: "Staked RLC".to_owned(),
        symbol: "SRLC".to_owned(),
        decimals: 9,
        appRegistry: app,
        datasetRegistry: dataset,
        workerpoolRegistry: workerpool,
        v3hub: old_hub,
    };
    market.call(market.owner, &configure).unwrap();
    market.call(STRANGER, &Hub::importScoreCall { worker: STRANGER }).unwrap();
    assert_eq!(market.score(STRANGER), U256::from(50));
    says(market.call(STRANGER, &Hub::importScoreCall { worker: STRANGER }), "score-already-imported");
    let proud = Address::repeat_byte(0x98);
    market.set_score(proud, U256::from(70));
    market.call(STRANGER, &Hub::importScoreCall { worker: proud }).unwrap();
    assert_eq!(market.score(proud), U256::from(70), "the greater of both");
}

#[test]
fn categories_out_of_range_are_bare_or_a_panic() {
    let mut market = Market::deployed();
    let id = U256::from(5);
    bare(market.view(&Hub::viewCategoryCall { id }));
    assert_eq!(market.view(&Hub::viewCategoryABILegacyCall { id }).unwrap_err(), Reverted::Panic(0x32));
    let first = market.view(&Hub::viewCategoryCall { id: U256::ZERO }).unwrap();
    assert_eq!((first.name.as_str(), first.description.as_str()), ("XS", "\"\""));
}

#[test]
fn a_result_is_pending_until_the_task_is_completed() {
    let mut stage = Stage::new();
    let terms = stage.terms(1, 1);
    let deal = stage.deal(terms);
    let task = stage.task(deal, 0);
    says(stage.market.view(&Hub::resultForCall { id: task.0 }), "task-pending");
    says(stage.market.view(&Hub::resultForCall { id: B256::ZERO }), "task-pending");
}

#[test]
fn a_key_signature_of_odd_length_is_named() {
    let mut market = Market::deployed();
    for length in [0, 1, 63, 66, 130] {
        let sign = Bytes::from(vec![1; length]);
        let call = Hub::verifySignatureCall { account: STRANGER, digest: B256::ZERO, sign };
        says(market.view(&call), "invalid-signature-format");
    }
    let garbage = Bytes::from(vec![9; 65]);
    for account in [STRANGER, Address::ZERO] {
        let call = Hub::verifySignatureCall { account, digest: B256::ZERO, sign: garbage.clone() };
        assert!(!market.view(&call).unwrap());
    }
}

#[test]
fn both_key_signature_forms_count_and_the_malleable_twin_does_not() {
    let mut market = Market::deployed();
    let (actor, digest) = (Actor::number(5), B256::repeat_byte(3));
    let long = actor.sign_digest(digest);
    let signature = alloy::primitives::Signature::from_raw(&long).unwrap();
    let short = Bytes::from(signature.as_erc2098().to_vec());
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let twin = alloy::primitives::Signature::new(signature.r(), order - signature.s(), !signature.v());
    let twin = Bytes::from(twin.as_bytes().to_vec());
    for (sign, valid) in [(long, true), (short, true), (twin, false)] {
        let call = Hub::verifySignatureCall { account: actor.address(), digest, sign };
        assert_eq!(market.view(&call).unwrap(), valid);
    }
}

#[test]
fn a_contract_signs_by_erc_1271_and_odd_answers_are_bare() {
    let mut market = Market::deployed();
    let account = Address::repeat_byte(0x51);
    let digest = B256::repeat_byte(3);
    let magic: B256 = B256::right_padding_from(&[0x16, 0x26, 0xba, 0x7e]);
    let call = Hub::verifySignatureCall { account, digest, sign: Bytes::new() };
    market.evm.place(account, stub::answering(magic));
    assert!(market.view(&call).unwrap());
    market.evm.place(account, stub::answering(B256::ZERO));
    assert!(!market.view(&call).unwrap());
    market.evm.place(account, stub::refusing());
    assert!(!market.view(&call).unwrap());
    market.evm.place(account, stub::silent());
    bare(market.view(&call));
}

#[test]
fn an_order_of_a_contract_owner_is_matched_by_erc_1271() {
    let mut stage = Stage::new();
    let wallet = Address::repeat_byte(0x52);
    let magic: B256 = B256::right_padding_from(&[0x16, 0x26, 0xba, 0x7e]);
    let id = U256::from_be_bytes(stage.app.into_word().0);
    let give = Registry::transferFromCall { from: stage.app_owner.address(), to: wallet, id };
    stage.market.evm.call(stage.app_owner.address(), stage.market.registries[0], &give).unwrap();
    stage.market.evm.place(wallet, stub::answering(magic));
    let mut orders = stage.sign(stage.terms(1, 1));
    orders.app.sign = Bytes::new();
    stage.match_orders(&orders).unwrap();
    stage.market.evm.place(wallet, stub::answering(B256::ZERO));
    orders.request = stage.requester.sign(
        protocol::order::RequestOrder { salt: B256::repeat_byte(1), ..orders.request.order.clone() },
        &stage.market.domain(),
    );
    says(stage.match_orders(&orders), "iExecV5-matchOrders-0x21");
}

#[test]
fn a_group_contract_opens_a_restriction_and_its_odd_answers_are_bare() {
    let mut stage = Stage::new();
    let group = Address::repeat_byte(0x53);
    let mut terms = stage.terms(1, 1);
    terms.app.requesterrestrict = group;
    let orders = stage.sign(terms);
    for (code, refusal) in [
        (stub::refusing(), Some(Reverted::text("iExecV5-matchOrders-0x15"))),
        (stub::answering(B256::ZERO), Some(Reverted::text("iExecV5-matchOrders-0x15"))),
        (stub::silent(), Some(Reverted::Bare)),
        (stub::answering(B256::with_last_byte(2)), Some(Reverted::Bare)),
        (stub::answering(B256::with_last_byte(1)), None),
    ] {
        stage.market.evm.place(group, code);
        assert_eq!(stage.match_orders(&orders).err(), refusal);
    }
}

#[test]
fn a_dataset_order_that_does_not_fit_a_deal_is_refused_with_its_reason() {
    let mut stage = Stage::new();
    let terms = stage.terms(1, 1);
    let deal = stage.deal(terms);
    let fitting = stage.terms_with_dataset(1, 1);
    let with_dataset = stage.deal(fitting.clone());
    let stranger = STRANGER;
    let good = fitting.dataset;
    let mut check = |order: protocol::order::DatasetOrder, deal: B256, reason: Option<&str>| {
        let signed = stage.dataset_owner.sign(order, &stage.market.domain());
        let order = fairgrid_conformance::dataset(&signed);
        let found = stage.market.view(&Hub::assertDatasetDealCompatibilityCall { order, dealid: deal });
        let expected = reason.map(|r| Reverted::custom(&Hub::IncompatibleDatasetOrder { reason: r.to_owned() }));
        assert_eq!(found.err(), expected, "{reason:?}");
    };
    check(good.clone(), deal.0, None);
    let spoiled = |spoil: fn(&mut protocol::order::DatasetOrder, Address)| {
        let mut order = good.clone();
        spoil(&mut order, stranger);
        order
    };
    check(spoiled(|o, _| o.volume = U256::ZERO), deal.0, Some("Dataset order is revoked or fully consumed"));
    check(good.clone(), B256::ZERO, Some("Deal not found"));
    check(good.clone(), with_dataset.0, Some("Deal already has a dataset"));
    check(spoiled(|o, a| o.apprestrict = a), deal.0, Some("App restriction not satisfied"));
    check(spoiled(|o, a| o.workerpoolrestrict = a), deal.0, Some("Workerpool restriction not satisfied"));
    check(spoiled(|o, a| o.requesterrestrict = a), deal.0, Some("Requester restriction not satisfied"));
    check(spoiled(|o, _| o.tag = protocol::Tag::from_low(0x101)), deal.0, Some("Tag compatibility not satisfied"));
    check(spoiled(|o, _| o.tag = protocol::Tag::from_low(0x0e)), deal.0, None);
    let mut foreign = fairgrid_conformance::dataset(&stage.requester.sign(good.clone(), &stage.market.domain()));
    let found = stage.market.view(&Hub::assertDatasetDealCompatibilityCall { order: foreign.clone(), dealid: deal.0 });
    let reason = "Invalid dataset order signature".to_owned();
    assert_eq!(found.err(), Some(Reverted::custom(&Hub::IncompatibleDatasetOrder { reason })));
    foreign.sign = Bytes::new();
    let found = stage.market.view(&Hub::assertDatasetDealCompatibilityCall { order: foreign, dealid: deal.0 });
    says(found, "invalid-signature-format");
}

#[test]
fn an_enclave_task_needs_an_enclave_and_a_broker_speaks_for_enclaves() {
    let mut stage = Stage::new();
    let tag = protocol::Tag::from_low(0x9);
    let mut terms = stage.terms(1, 4);
    (terms.app.tag, terms.workerpool.tag, terms.request.tag) = (tag, tag, tag);
    let deal = stage.deal(terms);
    let (task, digest) = (stage.task(deal, 0), ResultDigest(B256::repeat_byte(5)));
    let worker = Actor::number(10).address();
    let commitment = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
    let plain = stage.scheduler.authorize(worker, task);
    bare(stage.contribute(worker, task, commitment, &plain));
    bare(stage.contribute_and_finalize(worker, task, digest, &Outcome::default(), &plain));
    let (enclave, broker) = (Actor::number(70), Actor::number(71));
    let by_pool = stage.scheduler.authorize_enclave(worker, task, &enclave, commitment);
    let by_broker = broker.authorize_enclave(worker, task, &enclave, commitment);
    let unsigned = Pledge { enclave_sign: Bytes::new(), ..by_pool.clone() };
    says(stage.contribute(worker, task, commitment, &unsigned), "invalid-signature-format");
    let foreign = Pledge { enclave_sign: by_pool.authorization.clone(), ..by_pool.clone() };
    bare(stage.contribute(worker, task, commitment, &foreign));
    bare(stage.contribute(worker, task, commitment, &by_broker));
    stage.clone().contribute(worker, task, commitment, &by_pool).unwrap();
    stage.market.call(stage.market.owner, &Hub::setTeeBrokerCall { broker: broker.address() }).unwrap();
    bare(stage.contribute(worker, task, commitment, &by_pool));
    stage.clone().contribute_and_finalize(worker, task, digest, &Outcome::default(), &by_broker).unwrap();
    stage.contribute(worker, task, commitment, &by_broker).unwrap();
    let seen = Hub::viewContributionCall { taskid: task.0, worker };
    assert_eq!(stage.market.view(&seen).unwrap().enclaveChallenge, enclave.address());
}

#[test]
fn signatures_of_odd_length_in_a_contribution_are_named() {
    let mut stage = Stage::new();
    let deal = stage.deal(stage.terms(1, 1));
    let (task, digest) = (stage.task(deal, 0), ResultDigest(B256::repeat_byte(5)));
    let worker = Actor::number(10).address();
    let commitment = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
    let good = stage.scheduler.authorize_enclave(worker, task, &Actor::number(70), commitment);
    for odd in [0, 63, 66].map(|length| Bytes::from(vec![1; length])) {
        let permission = Pledge { authorization: odd.clone(), ..good.clone() };
        let enclave = Pledge { enclave_sign: odd, ..good.clone() };
        for pledge in [permission, enclave] {
            let words = "invalid-signature-format";
            says(stage.contribute(worker, task, commitment, &pledge), words);
            says(stage.contribute_and_finalize(worker, task, digest, &Outcome::default(), &pledge), words);
        }
    }
    let short = |sign: &Bytes| alloy::primitives::Signature::from_raw(sign).unwrap().as_erc2098().to_vec().into();
    let compact = Pledge { authorization: short(&good.authorization), enclave_sign: short(&good.enclave_sign), ..good };
    stage.clone().contribute(worker, task, commitment, &compact).unwrap();
    stage.contribute_and_finalize(worker, task, digest, &Outcome::default(), &compact).unwrap();
}

#[test]
fn a_broker_and_an_enclave_may_be_contracts_and_their_odd_answers_are_bare() {
    let mut stage = Stage::new();
    let deal = stage.deal(stage.terms(1, 1));
    let (task, digest) = (stage.task(deal, 0), ResultDigest(B256::repeat_byte(5)));
    let (worker, broker) = (Actor::number(10).address(), Address::repeat_byte(0x54));
    let commitment = (ResultHash::derive(task, digest), ResultSeal::derive(worker, task, digest));
    stage.market.call(stage.market.owner, &Hub::setTeeBrokerCall { broker }).unwrap();
    let pledge = Pledge { enclave: broker, ..Pledge::default() };
    let magic: B256 = B256::right_padding_from(&[0x16, 0x26, 0xba, 0x7e]);
    for (code, accepted) in [
        (stub::answering(magic), true),
        (stub::answering(B256::ZERO), false),
        (stub::refusing(), false),
        (stub::silent(), false),
    ] {
        let mut stage = stage.clone();
        stage.market.evm.place(broker, code);
        let outcome = stage.contribute(worker, task, commitment, &pledge);
        assert_eq!(outcome.map(drop).err(), (!accepted).then_some(Reverted::Bare));
    }
}

#[test]
fn arrays_need_equal_lengths_and_fail_as_a_whole() {
    let mut stage = Stage::new();
    let terms = stage.terms(1, 3);
    let deal = stage.deal(terms);
    let index = |n: u64| U256::from(n);
    let dealids = vec![deal.0; 2];
    bare(stage.market.call(STRANGER, &Hub::initializeArrayCall { dealids: dealids.clone(), idx: vec![index(0)] }));
    bare(
        stage
            .market
            .call(STRANGER, &Hub::initializeArrayCall { dealids: dealids.clone(), idx: vec![index(0), index(3)] }),
    );
    stage
        .market
        .call(STRANGER, &Hub::initializeArrayCall { dealids: dealids.clone(), idx: vec![index(0), index(1)] })
        .unwrap();
    let both = Hub::initializeAndClaimArrayCall { dealids: vec![deal.0], idx: vec![index(2)] };
    bare(stage.market.call(STRANGER, &both));
    stage.market.evm.now += 3_000;
    stage.market.call(STRANGER, &both).unwrap();
    bare(stage.market.call(STRANGER, &both));
    let taskids: Vec<_> = (0..2).map(|n| protocol::TaskId::derive(deal, index(n)).0).collect();
    let claim = Hub::claimArrayCall { taskids };
    let data = claim.abi_encode();
    stage.market.evm.send(STRANGER, stage.market.hub, data.into()).unwrap();
    bare(stage.market.call(STRANGER, &claim));
    let (free, locked) = stage.market.account(stage.requester.address());
    assert_eq!((free, locked), (Amount::rlc(1_000), Amount::ZERO), "all three tasks are refunded");
}
