//! The staked token: deposits, withdrawals, its ERC-20 face, deposit and match in one call.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolEvent as _};
use fairgrid_conformance::abi::{Hub, Rlc};
use fairgrid_conformance::{Actor, Artifact, Market, Reverted, Stage, events, quadruple, stub};
use protocol::Amount;
use protocol::hub::Event;

const STRANGER: Address = Address::repeat_byte(0x99);

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

fn rich() -> (Market, Address) {
    let mut market = Market::deployed();
    market.fund(STRANGER, Amount::nrlc(100));
    (market, STRANGER)
}

#[test]
fn a_deposit_by_approve_and_call_mints_for_the_sender() {
    let mut market = Market::deployed();
    let done = market.fund(STRANGER, Amount::nrlc(100));
    let minted = Event::Transfer { from: Address::ZERO, to: STRANGER, value: Amount::nrlc(100) };
    assert_eq!(events(market.hub, &done.logs), [minted]);
    assert_eq!(market.account(STRANGER), (Amount::nrlc(100), Amount::ZERO));
    assert_eq!(market.view(&Hub::totalSupplyCall {}).unwrap(), U256::from(100));
}

#[test]
fn the_other_deposits_need_an_allowance_and_mint_for_anybody() {
    let mut market = Market::deployed();
    market.give(STRANGER, Amount::nrlc(100));
    let ten = U256::from(10);
    bare(market.call(STRANGER, &Hub::depositCall { amount: ten }));
    let approve = Rlc::approveCall { spender: market.hub, amount: U256::from(100) };
    market.evm.call(STRANGER, market.rlc, &approve).unwrap();
    market.call(STRANGER, &Hub::depositCall { amount: ten }).unwrap();
    let target = Address::repeat_byte(0x98);
    market.call(STRANGER, &Hub::depositForCall { amount: ten, target }).unwrap();
    let (amounts, targets) = (vec![ten, U256::ZERO], vec![target, STRANGER]);
    market.call(STRANGER, &Hub::depositForArrayCall { amounts: amounts.clone(), targets }).unwrap();
    let short = Hub::depositForArrayCall { amounts, targets: vec![target] };
    says(market.call(STRANGER, &short), "invalid-array-length");
    let nobody = Hub::depositForCall { amount: ten, target: Address::ZERO };
    says(market.call(STRANGER, &nobody), "ERC20: mint to the zero address");
    assert_eq!((market.account(STRANGER).0, market.account(target).0), (Amount::nrlc(10), Amount::nrlc(20)));
}

#[test]
fn a_withdrawal_burns_and_pays_out() {
    let (mut market, holder) = rich();
    bare(market.call(holder, &Hub::withdrawCall { amount: U256::from(101) }));
    let done = market.call(holder, &Hub::withdrawCall { amount: U256::from(60) }).unwrap();
    let burned = Event::Transfer { from: holder, to: Address::ZERO, value: Amount::nrlc(60) };
    assert_eq!(events(market.hub, &done.logs), [burned]);
    let target = Address::repeat_byte(0x98);
    bare(market.call(holder, &Hub::withdrawToCall { amount: U256::from(41), target }));
    market.call(holder, &Hub::withdrawToCall { amount: U256::from(40), target }).unwrap();
    for (account, held) in [(holder, 60), (target, 40)] {
        let balance = market.evm.view(market.rlc, &Rlc::balanceOfCall { account }).unwrap();
        assert_eq!(balance, U256::from(held));
    }
}

#[test]
fn the_owner_recovers_tokens_that_were_sent_without_a_deposit() {
    let (mut market, _) = rich();
    let hub = market.hub;
    market.give(hub, Amount::nrlc(7));
    market.call(market.owner, &Hub::recoverCall {}).unwrap();
    assert_eq!(market.account(market.owner).0, Amount::nrlc(7));
    market.poke(7, B256::repeat_byte(0x7f));
    assert_eq!(market.call(market.owner, &Hub::recoverCall {}).unwrap_err(), Reverted::Panic(0x11));
}

#[test]
fn staked_rlc_is_a_token_with_the_historical_failures() {
    let (mut market, holder) = rich();
    let (other, one, all) = (Address::repeat_byte(0x98), U256::from(1), U256::from(101));
    says(
        market.call(holder, &Hub::transferCall { to: Address::ZERO, amount: all }),
        "ERC20: transfer to the zero address",
    );
    bare(market.call(holder, &Hub::transferCall { to: other, amount: all }));
    market.call(holder, &Hub::transferCall { to: other, amount: one }).unwrap();
    let spender = Address::ZERO;
    says(market.call(holder, &Hub::approveCall { spender, amount: one }), "ERC20: approve to the zero address");
    bare(market.call(holder, &Hub::decreaseAllowanceCall { spender, amount: one }));
    let from = holder;
    bare(market.call(other, &Hub::transferFromCall { from, to: other, amount: one }));
    market.call(holder, &Hub::approveCall { spender: other, amount: U256::MAX }).unwrap();
    let more = Hub::increaseAllowanceCall { spender: other, amount: one };
    assert_eq!(market.call(holder, &more).unwrap_err(), Reverted::Panic(0x11));
    market.call(other, &Hub::transferFromCall { from, to: other, amount: one }).unwrap();
    let left = market.view(&Hub::allowanceCall { account: holder, spender: other }).unwrap();
    assert_eq!(left, U256::MAX - one, "no allowance is infinite");
    bare(market.call(other, &Hub::transferFromCall { from, to: other, amount: all }));
}

#[test]
fn approve_and_call_of_staked_rlc_needs_a_consent() {
    let (mut market, holder) = rich();
    let receiver = market.evm.deploy(holder, &Artifact::named("TestReceiver"), &[]);
    let call = |amount| Hub::approveAndCallCall { spender: receiver, amount, data: Bytes::from_static(b"hi") };
    says(market.call(holder, &call(U256::ZERO)), "approval-refused");
    let done = market.call(holder, &call(U256::from(5))).unwrap();
    assert_eq!(done.logs.len(), 2, "Approval and GotApproval");
    market.evm.place(receiver, stub::refusing());
    bare(market.call(holder, &call(U256::from(5))));
}

#[test]
fn receive_approval_takes_the_base_token_only() {
    let (mut market, holder) = rich();
    let call = Hub::receiveApprovalCall { sender: holder, amount: U256::ZERO, token: STRANGER, data: Bytes::new() };
    says(market.call(holder, &call), "wrong-token");
}

fn approve_and_call(stage: &mut Stage, from: Address, amount: Amount, data: Vec<u8>) -> Result<Vec<Event>, Reverted> {
    stage.market.give(from, amount);
    let (spender, amount) = (stage.market.hub, amount.to_nrlc());
    let call = Rlc::approveAndCallCall { spender, amount, data: data.into() };
    let done = stage.market.evm.call(from, stage.market.rlc, &call)?;
    Ok(events(stage.market.hub, &done.logs))
}

fn match_data(stage: &Stage) -> Vec<u8> {
    let (app, dataset, workerpool, request) = quadruple(&stage.sign(stage.terms(1, 1)));
    Hub::matchOrdersCall { app, dataset, workerpool, request }.abi_encode()
}

#[test]
fn a_deposit_can_match_in_the_same_transaction() {
    let mut stage = Stage::new();
    let requester = stage.requester.address();
    stage.market.call(requester, &Hub::withdrawCall { amount: Amount::rlc(1_000).to_nrlc() }).unwrap();
    let data = match_data(&stage);
    let words = "IexecEscrow: Transfer amount exceeds balance";
    let short = approve_and_call(&mut stage.clone(), requester, Amount::nrlc(1_099_999_999), data.clone());
    says(short, words);
    let said = approve_and_call(&mut stage, requester, Amount::nrlc(1_100_000_000), data).unwrap();
    assert!(matches!(said.last(), Some(Event::OrdersMatched { .. })), "{said:?}");
    assert_eq!(stage.market.account(requester), (Amount::ZERO, Amount::nrlc(1_100_000_000)));
}

#[test]
fn a_deposit_that_cannot_match_says_why_and_deposits_nothing() {
    let mut stage = Stage::new();
    let requester = stage.requester.address();
    let data = match_data(&stage);
    let one = Amount::rlc(1);
    let stranger = approve_and_call(&mut stage, STRANGER, one, data.clone()).unwrap_err();
    assert_eq!(stranger, Reverted::custom(&Hub::CallerIsNotTheRequester {}));
    let selector = Hub::depositCall::SELECTOR.into();
    let unsupported =
        approve_and_call(&mut stage, requester, one, Hub::depositCall { amount: U256::ZERO }.abi_encode());
    assert_eq!(unsupported.unwrap_err(), Reverted::custom(&Hub::UnsupportedOperation { selector }));
    bare(approve_and_call(&mut stage, requester, one, vec![1, 2, 3]));
    bare(approve_and_call(&mut stage, requester, one, data[..300].to_vec()));
    assert_eq!(stage.market.account(requester).0, Amount::rlc(1_000));
    approve_and_call(&mut stage, requester, one, data.clone()).unwrap();
    says(approve_and_call(&mut stage, requester, one, data), "iExecV5-matchOrders-0x60");
}

#[test]
fn a_replaced_matching_facet_is_honoured_and_its_silence_gets_a_name() {
    use fairgrid_conformance::abi::{Cut, Diamond};
    let mut stage = Stage::new();
    let facet = stage.market.evm.deploy(STRANGER, &Artifact::named("MatchOrdersFacetMock"), &[]);
    let cuts =
        vec![Cut { facetAddress: facet, action: 1, functionSelectors: vec![Hub::matchOrdersCall::SELECTOR.into()] }];
    let cut = Diamond::diamondCutCall { cuts, init: Address::ZERO, data: Bytes::new() };
    stage.market.call(stage.market.owner, &cut).unwrap();
    let (requester, data) = (stage.requester.address(), match_data(&stage));
    let silent = approve_and_call(&mut stage, requester, Amount::ZERO, data).unwrap_err();
    assert_eq!(silent, Reverted::custom(&Hub::OperationFailed {}));
}

#[test]
fn an_approval_event_is_indexed_as_clients_read_it() {
    let (mut market, holder) = rich();
    let spender = Actor::number(10).address();
    let done = market.call(holder, &Hub::approveCall { spender, amount: U256::from(3) }).unwrap();
    let topic: B256 = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925".parse().unwrap();
    assert_eq!(done.logs[0].topics(), [topic, holder.into_word(), spender.into_word()]);
    assert_ne!(topic, Hub::Transfer::SIGNATURE_HASH);
}
