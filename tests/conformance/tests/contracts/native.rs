//! The hub that stakes the chain's coin, on Berlin rules. Source: `poco-contracts.md` 2.1, 7.5.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use fairgrid_conformance::abi::{Cut, Diamond, Hub, Native, Payee};
use fairgrid_conformance::{Actor, Artifact, Done, Market, Reverted, Stage, WEI_PER_NRLC, events, stub};
use protocol::hub::{Event, Outcome};
use protocol::{Amount, ResultDigest};

const STRANGER: Address = Address::repeat_byte(0x99);
const TARGET: Address = Address::repeat_byte(0x98);
const UNPAID: &str = "native-transfer-failed";

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

fn wei(nrlc: u64, rest: u64) -> U256 {
    U256::from(nrlc) * WEI_PER_NRLC + U256::from(rest)
}

/// A market in which the stranger has a million nRLC of coin.
fn rich() -> Market {
    let mut market = Market::native();
    market.give(STRANGER, Amount::nrlc(1_000_000));
    market
}

fn pay<C: SolCall>(market: &mut Market, call: &C, value: U256) -> Result<Done, Reverted> {
    market.evm.pay(STRANGER, market.hub, call.abi_encode().into(), value)
}

fn supply(market: &mut Market) -> U256 {
    market.view(&Hub::totalSupplyCall {}).unwrap()
}

/// All stake is covered, and nothing but less than 1 nRLC lies there for nobody.
fn assert_covered(market: &mut Market) {
    let (hub, supply) = (market.hub, supply(market));
    assert_eq!(market.evm.coin(hub) / WEI_PER_NRLC, supply);
}

fn minted(to: Address, amount: u64) -> Event {
    Event::Transfer { from: Address::ZERO, to, value: Amount::nrlc(amount) }
}

/// A contract with stake and coin, which answers payments with one call of the hub.
fn payee<C: SolCall>(market: &mut Market, stake: u64, again: &C, times: u64) -> Address {
    let payee = market.evm.deploy(market.owner, &Artifact::named("ReentrantPayee"), &[]);
    let quiet = Payee::prepareCall { hub: market.hub, again: Bytes::new(), times: U256::ZERO };
    market.evm.call(STRANGER, payee, &quiet).unwrap();
    pay(market, &Native::depositForCall { target: payee }, wei(stake, 0)).unwrap();
    let times = U256::from(times);
    let ready = Payee::prepareCall { hub: market.hub, again: again.abi_encode().into(), times };
    market.evm.call(STRANGER, payee, &ready).unwrap();
    payee
}

fn act<C: SolCall>(market: &mut Market, payee: Address, call: &C, value: U256) -> Result<Done, Reverted> {
    let act = Payee::actCall { data: call.abi_encode().into() };
    market.evm.pay(STRANGER, payee, act.abi_encode().into(), value)
}

fn tries(market: &mut Market, payee: Address) -> (U256, U256) {
    let attempts = market.evm.view(payee, &Payee::attemptsCall {}).unwrap();
    (attempts, market.evm.view(payee, &Payee::successesCall {}).unwrap())
}

#[test]
fn a_deposit_mints_whole_nrlc_and_gives_the_rest_back() {
    let mut market = rich();
    let before = market.evm.coin(STRANGER);
    let done = pay(&mut market, &Native::depositCall {}, wei(7, 999_999_999)).unwrap();
    assert_eq!(events(market.hub, &done.logs), [minted(STRANGER, 7)]);
    assert_eq!(B256::from_slice(&done.output), B256::with_last_byte(1), "true");
    assert_eq!(before - market.evm.coin(STRANGER), wei(7, 0));
    let done = pay(&mut market, &Native::depositForCall { target: TARGET }, wei(3, 1)).unwrap();
    assert_eq!(events(market.hub, &done.logs), [minted(TARGET, 3)]);
    assert_eq!(before - market.evm.coin(STRANGER), wei(10, 0), "the rest goes to who paid");
    assert_eq!(supply(&mut market), U256::from(10));
    assert_covered(&mut market);
}

#[test]
fn a_deposit_of_nothing_says_so_and_one_for_nobody_is_refused() {
    let mut market = rich();
    for value in [U256::ZERO, U256::from(999_999_999)] {
        let done = pay(&mut market, &Native::depositCall {}, value).unwrap();
        assert_eq!(events(market.hub, &done.logs), [minted(STRANGER, 0)]);
    }
    assert_eq!(market.evm.coin(STRANGER), wei(1_000_000, 0));
    let nobody = pay(&mut market, &Native::depositForCall { target: Address::ZERO }, wei(1, 0));
    says(nobody, "ERC20: mint to the zero address");
}

#[test]
fn plain_transfers_and_unknown_calls_are_deposits_that_answer_nothing() {
    let mut market = rich();
    let renounce = vec![0x71, 0x50, 0x18, 0xa6];
    for data in [vec![], vec![0], vec![1, 2], vec![0; 4], vec![0xde, 0xad, 0xbe, 0xef, 5], renounce] {
        let done = market.evm.pay(STRANGER, market.hub, data.into(), wei(2, 5)).unwrap();
        assert_eq!(events(market.hub, &done.logs), [minted(STRANGER, 2)]);
        assert!(done.output.is_empty());
    }
    let approval =
        Hub::receiveApprovalCall { sender: TARGET, amount: U256::from(9), token: Address::ZERO, data: Bytes::new() };
    let done = pay(&mut market, &approval, wei(2, 0)).unwrap();
    assert_eq!((events(market.hub, &done.logs), done.output.len()), (vec![minted(STRANGER, 2)], 0));
    assert_eq!(market.account(STRANGER).0, Amount::nrlc(14));
    assert_covered(&mut market);
}

#[test]
fn an_array_of_deposits_is_paid_out_of_one_sum() {
    let mut market = rich();
    let array = |amounts: &[u64], targets: &[Address]| Native::depositForArrayCall {
        amounts: amounts.iter().copied().map(U256::from).collect(),
        targets: targets.to_vec(),
    };
    let before = market.evm.coin(STRANGER);
    let done = pay(&mut market, &array(&[4, 0, 5], &[TARGET, STRANGER, TARGET]), wei(12, 3)).unwrap();
    assert_eq!(events(market.hub, &done.logs), [minted(TARGET, 4), minted(STRANGER, 0), minted(TARGET, 5)]);
    assert_eq!(before - market.evm.coin(STRANGER), wei(9, 0), "3 nRLC and 3 wei came back");
    pay(&mut market, &array(&[], &[]), wei(1, 0)).unwrap();
    assert_eq!(before - market.evm.coin(STRANGER), wei(9, 0));
    says(pay(&mut market, &array(&[1], &[TARGET, TARGET]), wei(9, 0)), "invalid-array-length");
    says(pay(&mut market, &array(&[1], &[Address::ZERO]), U256::ZERO), "ERC20: mint to the zero address");
    let short = pay(&mut market, &array(&[5, 5], &[TARGET, TARGET]), wei(9, 999_999_999));
    assert_eq!(short.unwrap_err(), Reverted::Panic(0x11), "the second amount is not covered");
    let huge = Native::depositForArrayCall { amounts: vec![U256::MAX], targets: vec![TARGET] };
    assert_eq!(pay(&mut market, &huge, wei(9, 0)).unwrap_err(), Reverted::Panic(0x11));
    let wrapping = Native::depositForArrayCall { amounts: vec![U256::from(1) << 247], targets: vec![TARGET] };
    assert_eq!(pay(&mut market, &wrapping, wei(9, 0)).unwrap_err(), Reverted::Panic(0x11));
    assert_covered(&mut market);
}

#[test]
fn a_withdrawal_burns_and_pays_coin() {
    let mut market = rich();
    pay(&mut market, &Native::depositCall {}, wei(100, 0)).unwrap();
    bare(market.call(STRANGER, &Hub::withdrawCall { amount: U256::from(101) }));
    bare(market.call(STRANGER, &Hub::withdrawCall { amount: U256::MAX }));
    bare(market.call(STRANGER, &Hub::withdrawToCall { amount: U256::from(101), target: TARGET }));
    let before = market.evm.coin(STRANGER);
    let done = market.call(STRANGER, &Hub::withdrawCall { amount: U256::from(60) }).unwrap();
    let burned = Event::Transfer { from: STRANGER, to: Address::ZERO, value: Amount::nrlc(60) };
    assert_eq!(events(market.hub, &done.logs), [burned]);
    assert_eq!(market.evm.coin(STRANGER) - before, wei(60, 0));
    market.call(STRANGER, &Hub::withdrawToCall { amount: U256::from(40), target: TARGET }).unwrap();
    assert_eq!(market.evm.coin(TARGET), wei(40, 0));
    market.call(STRANGER, &Hub::withdrawCall { amount: U256::ZERO }).unwrap();
    let nobody = market.call(Address::ZERO, &Hub::withdrawCall { amount: U256::ZERO });
    says(nobody, "ERC20: burn from the zero address");
    assert_eq!(supply(&mut market), U256::ZERO);
}

#[test]
fn coin_that_is_not_accepted_is_a_failed_transfer() {
    let mut market = rich();
    pay(&mut market, &Native::depositCall {}, wei(100, 0)).unwrap();
    let (one, hub) = (U256::from(1), market.hub);
    market.evm.place(TARGET, stub::refusing());
    says(market.call(STRANGER, &Hub::withdrawToCall { amount: one, target: TARGET }), UNPAID);
    let own = market.call(STRANGER, &Hub::withdrawToCall { amount: one, target: hub });
    says(own, UNPAID);
    let deaf = Address::repeat_byte(0x97);
    market.evm.place(deaf, stub::deaf(hub));
    let array = Native::depositForArrayCall { amounts: vec![one], targets: vec![STRANGER] };
    for call in [Native::depositCall {}.abi_encode(), array.abi_encode(), vec![]] {
        for rest in [0, 1] {
            let refused = market.evm.pay(STRANGER, deaf, call.clone().into(), wei(1, rest));
            says(refused, UNPAID);
        }
    }
    let give = Hub::transferCall { to: deaf, amount: one };
    market.call(STRANGER, &give).unwrap();
    let own = Hub::withdrawCall { amount: one };
    says(market.evm.call(STRANGER, deaf, &own), UNPAID);
    let abroad = Hub::withdrawToCall { amount: one, target: Address::repeat_byte(0x96) };
    market.evm.call(STRANGER, deaf, &abroad).unwrap();
    assert_eq!((market.account(STRANGER).0, market.account(deaf).0), (Amount::nrlc(99), Amount::ZERO));
    assert_covered(&mut market);
}

#[test]
fn the_owner_recovers_coin_that_came_without_a_deposit() {
    let mut market = rich();
    pay(&mut market, &Native::depositCall {}, wei(100, 0)).unwrap();
    let (hub, owner) = (market.hub, market.owner);
    says(market.call(STRANGER, &Hub::recoverCall {}), "Ownable: caller is not the owner");
    market.evm.set_coin(hub, wei(107, 999_999_999));
    let done = market.call(owner, &Hub::recoverCall {}).unwrap();
    assert_eq!(events(hub, &done.logs), [minted(owner, 7)]);
    assert_eq!(B256::from_slice(&done.output), B256::with_last_byte(7));
    let done = market.call(owner, &Hub::recoverCall {}).unwrap();
    assert_eq!(events(hub, &done.logs), [minted(owner, 0)], "nothing is recovered twice");
    assert_covered(&mut market);
    market.poke(7, B256::repeat_byte(0x7f));
    assert_eq!(market.call(owner, &Hub::recoverCall {}).unwrap_err(), Reverted::Panic(0x11));
}

#[test]
fn a_payee_that_withdraws_again_while_it_is_paid_gets_its_own_stake_and_no_more() {
    for (amount, paid, successes) in [(60, 60, 0), (40, 80, 1), (25, 100, 3)] {
        let mut market = rich();
        pay(&mut market, &Native::depositCall {}, wei(500, 0)).unwrap();
        let withdraw = Hub::withdrawCall { amount: U256::from(amount) };
        let payee = payee(&mut market, 100, &withdraw, 5);
        act(&mut market, payee, &withdraw, U256::ZERO).unwrap();
        assert_eq!(market.evm.coin(payee), wei(paid, 0));
        assert_eq!(market.account(payee).0, Amount::nrlc(100 - paid));
        let (attempts, got) = tries(&mut market, payee);
        assert!(attempts > U256::ZERO);
        assert_eq!(got, U256::from(successes), "withdrawals of {amount} while paid");
        assert_covered(&mut market);
    }
}

#[test]
fn coin_sent_with_a_call_counts_once_whatever_the_payee_calls_meanwhile() {
    let array = Native::depositForArrayCall { amounts: vec![U256::from(20), U256::from(5)], targets: vec![TARGET; 2] };
    let mut market = rich();
    let payee_1 = payee(&mut market, 10, &array, 3);
    act(&mut market, payee_1, &array, wei(30, 7)).unwrap();
    assert_eq!(tries(&mut market, payee_1), (U256::from(1), U256::ZERO), "without coin there is no deposit");
    assert_eq!(market.account(TARGET).0, Amount::nrlc(25));
    assert_eq!(market.evm.coin(payee_1), wei(5, 7));
    let payee_2 = payee(&mut market, 10, &Hub::withdrawCall { amount: U256::from(10) }, 3);
    act(&mut market, payee_2, &Native::depositCall {}, wei(4, 9)).unwrap();
    assert_eq!(tries(&mut market, payee_2).1, U256::from(1), "its own 10 nRLC, once");
    assert_eq!(market.account(payee_2).0, Amount::nrlc(4));
    assert_eq!(market.evm.coin(payee_2), wei(10, 9));
    assert_covered(&mut market);
}

#[test]
fn an_owner_cannot_recover_the_stake_of_others_while_it_is_paid() {
    let mut market = rich();
    let hub = market.hub;
    pay(&mut market, &Native::depositCall {}, wei(500, 0)).unwrap();
    let payee = payee(&mut market, 100, &Hub::recoverCall {}, 9);
    market.call(market.owner, &Hub::transferOwnershipCall { newOwner: payee }).unwrap();
    // Dust of one deposit and the rest of another make a whole nRLC, if the rest is not yet paid.
    let dusty = market.evm.coin(hub) + U256::from(999_999_999);
    market.evm.set_coin(hub, dusty);
    act(&mut market, payee, &Native::depositCall {}, wei(3, 999_999_999)).unwrap();
    act(&mut market, payee, &Hub::withdrawCall { amount: U256::from(50) }, U256::ZERO).unwrap();
    let array = Native::depositForArrayCall { amounts: vec![U256::from(2)], targets: vec![TARGET] };
    act(&mut market, payee, &array, wei(2, 999_999_999)).unwrap();
    assert_eq!(tries(&mut market, payee), (U256::from(3), U256::from(3)), "it may ask");
    assert_eq!(market.account(payee).0, Amount::nrlc(53), "but there is nothing to recover");
    assert_covered(&mut market);
}

#[test]
fn a_task_is_paid_in_coin_and_everybody_withdraws_what_is_theirs() {
    let mut stage = Stage::native();
    let digest = ResultDigest(B256::repeat_byte(1));
    let deal = stage.deal(stage.terms_with_dataset(3, 2));
    let task = stage.task(deal, 0);
    stage.vote(12, task, ResultDigest(B256::repeat_byte(2))).unwrap();
    for worker in [10, 11, 13] {
        stage.vote(worker, task, digest).unwrap();
    }
    for worker in [10, 11, 13] {
        stage.reveal(worker, task, digest).unwrap();
    }
    stage.finalize(task, &Outcome::default()).unwrap();
    let failed = stage.task(deal, 1);
    stage.market.evm.now += 3_000;
    stage.market.call(STRANGER, &Hub::claimCall { taskid: failed.0 }).unwrap();
    // 0.99 of 1.3 RLC for three winners; the pool gets what is left, and loses 0.3 on the other task.
    assert_eq!(stage.market.account(Actor::number(10).address()).0, Amount::nrlc(1_000_429_000_000));
    assert_eq!(stage.market.account(stage.scheduler.address()).0, Amount::nrlc(999_713_000_000));
    assert_covered(&mut stage.market);
    for account in stage.accounts() {
        let (free, locked) = stage.market.account(account);
        assert_eq!(locked, Amount::ZERO);
        stage.market.call(account, &Hub::withdrawCall { amount: free.to_nrlc() }).unwrap();
        assert_eq!(stage.market.evm.coin(account), free.to_nrlc() * WEI_PER_NRLC);
    }
    assert_eq!(supply(&mut stage.market), U256::from(300_000_000), "the kitty's");
    assert_covered(&mut stage.market);
}

#[test]
fn staked_coin_is_the_same_token_as_staked_rlc() {
    let mut market = rich();
    pay(&mut market, &Native::depositCall {}, wei(100, 0)).unwrap();
    assert_eq!(market.view(&Hub::tokenCall {}).unwrap(), Address::ZERO);
    let (other, one) = (TARGET, U256::from(1));
    says(
        market.call(STRANGER, &Hub::transferCall { to: Address::ZERO, amount: one }),
        "ERC20: transfer to the zero address",
    );
    bare(market.call(STRANGER, &Hub::transferCall { to: other, amount: U256::from(101) }));
    market.call(STRANGER, &Hub::transferCall { to: other, amount: one }).unwrap();
    let take = Hub::transferFromCall { from: STRANGER, to: other, amount: U256::from(2) };
    bare(market.call(other, &take));
    market.call(STRANGER, &Hub::approveCall { spender: other, amount: U256::from(3) }).unwrap();
    market.call(other, &take).unwrap();
    bare(market.call(STRANGER, &Hub::decreaseAllowanceCall { spender: other, amount: U256::from(2) }));
    market.call(STRANGER, &Hub::increaseAllowanceCall { spender: other, amount: one }).unwrap();
    assert_eq!(market.view(&Hub::allowanceCall { account: STRANGER, spender: other }).unwrap(), U256::from(2));
    assert_eq!((market.account(STRANGER).0, market.account(other).0), (Amount::nrlc(97), Amount::nrlc(3)));
    market.evm.place(TARGET, stub::answering(B256::ZERO));
    let call = Hub::approveAndCallCall { spender: TARGET, amount: one, data: Bytes::new() };
    says(market.call(STRANGER, &call), "approval-refused");
}

#[test]
fn a_hub_changes_from_token_to_coin_by_replacing_its_escrow_facet() {
    let mut market = Market::deployed();
    let (token, native) = (Artifact::named("IexecEscrowTokenFacet"), Artifact::named("IexecEscrowNativeFacet"));
    let facet = market.evm.deploy(market.owner, &native, &[]);
    let cuts = vec![
        Cut { facetAddress: Address::ZERO, action: 2, functionSelectors: token.selectors() },
        Cut { facetAddress: facet, action: 0, functionSelectors: native.selectors() },
    ];
    let cut = Diamond::diamondCutCall { cuts, init: Address::ZERO, data: Bytes::new() };
    market.call(market.owner, &cut).unwrap();
    market.evm.set_coin(STRANGER, wei(5, 0));
    market.evm.pay(STRANGER, market.hub, Bytes::new(), wei(5, 0)).unwrap();
    assert_eq!(market.account(STRANGER).0, Amount::nrlc(5));
}
