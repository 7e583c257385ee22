//! The two tokens: RLC, and the order in which the staked token checks. Source: `poco-contracts.md` 6, 7.1 to 7.3.

use alloy::primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy::sol_types::{SolCall, SolEvent as _, SolValue as _};
use fairgrid_conformance::abi::{Hub, Notes, Rlc};
use fairgrid_conformance::{Artifact, Done, Evm, Market, Reverted, events, stub};
use protocol::Amount;
use protocol::hub::Event;

const HOLDER: Address = Address::repeat_byte(0x99);
const OTHER: Address = Address::repeat_byte(0x98);
const NOBODY: Address = Address::ZERO;
const SUPPLY: u64 = 87_000_000_000_000_000;
/// First slot of the balances of RLC. Source: `poco-contracts.md` 6.3.
const BALANCES: B256 = b256!("52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00");

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

fn rich() -> Market {
    let mut market = Market::deployed();
    market.fund(HOLDER, Amount::nrlc(100));
    market
}

fn nrlc(amount: u64) -> U256 {
    U256::from(amount)
}

#[test]
fn a_transfer_of_stake_checks_sender_recipient_balance() {
    let mut market = rich();
    let send = |to, amount| Hub::transferCall { to, amount: nrlc(amount) };
    says(market.call(NOBODY, &send(NOBODY, 1)), "ERC20: transfer from the zero address");
    says(market.call(HOLDER, &send(NOBODY, 101)), "ERC20: transfer to the zero address");
    bare(market.call(HOLDER, &send(OTHER, 101)));
    let done = market.call(HOLDER, &send(OTHER, 100)).unwrap();
    let moved = Event::Transfer { from: HOLDER, to: OTHER, value: Amount::nrlc(100) };
    assert_eq!(events(market.hub, &done.logs), [moved]);
    market.call(OTHER, &send(OTHER, 100)).unwrap();
    assert_eq!(market.account(OTHER).0, Amount::nrlc(100), "to oneself nothing changes");
}

#[test]
fn a_transfer_for_another_checks_the_allowance_last_and_uses_it_up() {
    let mut market = rich();
    let take = |from, to, amount| Hub::transferFromCall { from, to, amount: nrlc(amount) };
    says(market.call(OTHER, &take(NOBODY, NOBODY, 1)), "ERC20: transfer from the zero address");
    says(market.call(OTHER, &take(HOLDER, NOBODY, 101)), "ERC20: transfer to the zero address");
    bare(market.call(OTHER, &take(HOLDER, OTHER, 101)));
    bare(market.call(OTHER, &take(HOLDER, OTHER, 1)));
    market.call(HOLDER, &Hub::approveCall { spender: OTHER, amount: nrlc(7) }).unwrap();
    bare(market.call(OTHER, &take(HOLDER, OTHER, 8)));
    let done = market.call(OTHER, &take(HOLDER, OTHER, 5)).unwrap();
    assert_eq!(done.logs[0].topics()[0], Hub::Transfer::SIGNATURE_HASH);
    let left = Notes::Approval::decode_log(&done.logs[1]).unwrap();
    assert_eq!((left.owner, left.spender, left.value), (HOLDER, OTHER, nrlc(2)));
    let zero = market.call(OTHER, &take(HOLDER, OTHER, 0)).unwrap();
    assert_eq!(zero.logs.len(), 2, "nothing is moved and approved aloud");
}

#[test]
fn an_allowance_checks_the_zero_addresses_after_a_shortage() {
    let mut market = rich();
    let (from_nobody, to_nobody) = ("ERC20: approve from the zero address", "ERC20: approve to the zero address");
    let set = |spender, amount| Hub::approveCall { spender, amount: nrlc(amount) };
    let raise = |spender, amount| Hub::increaseAllowanceCall { spender, amount };
    let lower = |spender, amount| Hub::decreaseAllowanceCall { spender, amount: nrlc(amount) };
    says(market.call(NOBODY, &set(NOBODY, 1)), from_nobody);
    says(market.call(HOLDER, &set(NOBODY, 1)), to_nobody);
    says(market.call(NOBODY, &raise(OTHER, nrlc(1))), from_nobody);
    says(market.call(HOLDER, &raise(NOBODY, nrlc(1))), to_nobody);
    bare(market.call(NOBODY, &lower(NOBODY, 1)));
    says(market.call(NOBODY, &lower(OTHER, 0)), from_nobody);
    says(market.call(HOLDER, &lower(NOBODY, 0)), to_nobody);
    market.call(HOLDER, &raise(OTHER, nrlc(3))).unwrap();
    assert_eq!(market.call(HOLDER, &raise(OTHER, U256::MAX)).unwrap_err(), Reverted::Panic(0x11));
    bare(market.call(HOLDER, &lower(OTHER, 4)));
    let done = market.call(HOLDER, &lower(OTHER, 1)).unwrap();
    assert_eq!(Notes::Approval::decode_log(&done.logs[0]).unwrap().value, nrlc(2));
    let call = Hub::approveAndCallCall { spender: NOBODY, amount: nrlc(1), data: Bytes::new() };
    says(market.call(HOLDER, &call), to_nobody);
}

#[test]
fn stake_is_neither_minted_to_nobody_nor_burned_from_nobody() {
    let mut market = rich();
    market.give(HOLDER, Amount::nrlc(10));
    let approve = Rlc::approveCall { spender: market.hub, amount: nrlc(10) };
    market.evm.call(HOLDER, market.rlc, &approve).unwrap();
    says(
        market.call(HOLDER, &Hub::depositForCall { amount: nrlc(1), target: NOBODY }),
        "ERC20: mint to the zero address",
    );
    says(market.call(NOBODY, &Hub::depositCall { amount: U256::ZERO }), "ERC20: mint to the zero address");
    says(market.call(NOBODY, &Hub::withdrawCall { amount: nrlc(1) }), "ERC20: burn from the zero address");
    let target = OTHER;
    says(market.call(NOBODY, &Hub::withdrawToCall { amount: U256::ZERO, target }), "ERC20: burn from the zero address");
}

#[test]
fn amounts_of_zero_move_nothing_and_are_said_all_the_same() {
    let mut market = Market::deployed();
    let zero = U256::ZERO;
    let nothing = |from, to| Event::Transfer { from, to, value: Amount::ZERO };
    let done = market.call(HOLDER, &Hub::depositCall { amount: zero }).unwrap();
    assert_eq!(events(market.hub, &done.logs), [nothing(NOBODY, HOLDER)]);
    let done = market.call(HOLDER, &Hub::depositForCall { amount: zero, target: OTHER }).unwrap();
    assert_eq!(events(market.hub, &done.logs), [nothing(NOBODY, OTHER)]);
    let done = market.call(HOLDER, &Hub::withdrawCall { amount: zero }).unwrap();
    assert_eq!(events(market.hub, &done.logs), [nothing(HOLDER, NOBODY)]);
    let done = market.call(HOLDER, &Hub::transferCall { to: OTHER, amount: zero }).unwrap();
    assert_eq!(events(market.hub, &done.logs), [nothing(HOLDER, OTHER)]);
    let done = market.call(market.owner, &Hub::recoverCall {}).unwrap();
    assert_eq!(events(market.hub, &done.logs), [nothing(NOBODY, market.owner)]);
}

#[test]
fn a_token_that_only_says_no_is_a_failed_transfer_and_its_answer_to_a_payment_is_ignored() {
    let mut market = rich();
    market.evm.place(market.rlc, stub::answering(B256::ZERO));
    says(market.call(HOLDER, &Hub::depositCall { amount: nrlc(1) }), "failed-transferFrom");
    market.call(HOLDER, &Hub::withdrawCall { amount: nrlc(1) }).unwrap();
    assert_eq!(market.account(HOLDER).0, Amount::nrlc(99));
    market.evm.place(market.rlc, stub::refusing());
    bare(market.call(HOLDER, &Hub::withdrawCall { amount: nrlc(1) }));
}

fn escrow_call(evm: &mut Evm, escrow: Address, signature: &str, words: &[B256]) -> Result<Done, Reverted> {
    let data = [keccak256(signature)[..4].to_vec(), words.concat()].concat();
    evm.send(HOLDER, escrow, data.into())
}

#[test]
fn each_primitive_of_the_escrow_fails_with_its_words() {
    // Through the escrow's own test contract: the hub never tries.
    let mut evm = Evm::new(1);
    let escrow = evm.deploy(HOLDER, &Artifact::named("IexecEscrowTestContract"), &[]);
    let (one, zero, to) = (B256::with_last_byte(1), B256::ZERO, HOLDER.into_word());
    let (lock, unlock) = ("lock_(address,uint256)", "unlock_(address,uint256)");
    let (reward, seize) = ("reward_(address,uint256,bytes32)", "seize_(address,uint256,bytes32)");
    let short = "IexecEscrow: Transfer amount exceeds balance";
    says(escrow_call(&mut evm, escrow, lock, &[zero, one]), "IexecEscrow: Transfer from empty address");
    says(escrow_call(&mut evm, escrow, unlock, &[zero, one]), "IexecEscrow: Transfer to empty address");
    says(escrow_call(&mut evm, escrow, reward, &[zero, one, zero]), "IexecEscrow: Transfer to empty address");
    says(escrow_call(&mut evm, escrow, lock, &[to, one]), short);
    says(escrow_call(&mut evm, escrow, unlock, &[to, one]), short);
    says(escrow_call(&mut evm, escrow, reward, &[to, one, zero]), short);
    assert_eq!(escrow_call(&mut evm, escrow, seize, &[to, one, zero]).unwrap_err(), Reverted::Panic(0x11));
    let set = "setBalance(address,uint256)";
    escrow_call(&mut evm, escrow, set, &[escrow.into_word(), one]).unwrap();
    assert_eq!(escrow_call(&mut evm, escrow, unlock, &[to, one]).unwrap_err(), Reverted::Panic(0x11));
    for (signature, logs) in [(lock, 2), (unlock, 2), (reward, 2), (seize, 1)] {
        let done = escrow_call(&mut evm, escrow, signature, &[to, zero, zero]).unwrap();
        assert_eq!(done.logs.len(), logs, "{signature} of nothing is said");
    }
}

fn rlc() -> Market {
    let mut market = Market::deployed();
    market.give(HOLDER, Amount::nrlc(100));
    market
}

fn on_rlc<C: SolCall>(market: &mut Market, from: Address, call: &C) -> Result<Done, Reverted> {
    market.evm.call(from, market.rlc, call)
}

#[test]
fn rlc_is_the_historical_token() {
    let mut market = Market::deployed();
    let rlc = market.rlc;
    assert_eq!(market.evm.view(rlc, &Rlc::nameCall {}).unwrap(), "iExec RLC Token");
    assert_eq!(market.evm.view(rlc, &Rlc::symbolCall {}).unwrap(), "RLC");
    assert_eq!(market.evm.view(rlc, &Rlc::decimalsCall {}).unwrap(), 9);
    assert_eq!(market.evm.view(rlc, &Rlc::versionCall {}).unwrap(), "v0.1");
    assert!(!market.evm.view(rlc, &Rlc::lockedCall {}).unwrap());
    for call in [market.evm.view(rlc, &Rlc::totalSupplyCall {}), market.evm.view(rlc, &Rlc::initialSupplyCall {})] {
        assert_eq!(call.unwrap(), nrlc(SUPPLY));
    }
    let owner = Rlc::balanceOfCall { account: market.owner };
    assert_eq!(market.evm.view(rlc, &owner).unwrap(), nrlc(SUPPLY));
}

#[test]
fn rlc_moves_even_to_nobody_and_refuses_without_a_word() {
    let mut m = rlc();
    bare(on_rlc(&mut m, HOLDER, &Rlc::transferCall { to: OTHER, amount: nrlc(101) }));
    on_rlc(&mut m, HOLDER, &Rlc::transferCall { to: NOBODY, amount: nrlc(1) }).unwrap();
    let take = |amount| Rlc::transferFromCall { from: HOLDER, to: OTHER, amount: nrlc(amount) };
    bare(on_rlc(&mut m, OTHER, &take(1)));
    on_rlc(&mut m, HOLDER, &Rlc::approveCall { spender: OTHER, amount: U256::MAX }).unwrap();
    bare(on_rlc(&mut m, OTHER, &take(100)));
    on_rlc(&mut m, OTHER, &take(99)).unwrap();
    let left = Rlc::allowanceCall { account: HOLDER, spender: OTHER };
    assert_eq!(m.evm.view(m.rlc, &left).unwrap(), U256::MAX - nrlc(99), "no allowance is infinite");
    on_rlc(&mut m, HOLDER, &Rlc::approveCall { spender: NOBODY, amount: nrlc(1) }).unwrap();
    bare(on_rlc(&mut m, OTHER, &Rlc::burnCall { amount: nrlc(100) }));
    let done = on_rlc(&mut m, OTHER, &Rlc::burnCall { amount: nrlc(99) }).unwrap();
    assert_eq!(done.logs[0].topics()[2], NOBODY.into_word());
    assert_eq!(m.evm.view(m.rlc, &Rlc::totalSupplyCall {}).unwrap(), nrlc(SUPPLY - 99));
}

#[test]
fn rlc_tells_a_spenders_failure_and_ignores_its_refusal() {
    let mut m = rlc();
    let spender = Address::repeat_byte(0x71);
    let call = Rlc::approveAndCallCall { spender, amount: nrlc(5), data: Bytes::new() };
    m.evm.place(spender, stub::answering(B256::ZERO));
    on_rlc(&mut m, HOLDER, &call).unwrap();
    m.evm.place(spender, stub::refusing());
    bare(on_rlc(&mut m, HOLDER, &call));
}

#[test]
fn the_owner_of_rlc_is_changed_by_itself_only_and_never_to_nobody() {
    let mut m = rlc();
    let owner = m.owner;
    for (from, to, then) in [(HOLDER, HOLDER, owner), (owner, NOBODY, owner), (owner, OTHER, OTHER)] {
        let done = on_rlc(&mut m, from, &Rlc::transferOwnershipCall { newOwner: to }).unwrap();
        assert!(done.logs.is_empty());
        assert_eq!(m.evm.view(m.rlc, &Rlc::ownerCall {}).unwrap(), then);
    }
}

#[test]
fn balances_of_rlc_lie_where_test_networks_write_them() {
    let mut m = rlc();
    let slot = keccak256((HOLDER, BALANCES).abi_encode());
    assert_eq!(m.evm.peek(m.rlc, slot), B256::from(nrlc(100)));
    m.evm.poke(m.rlc, slot, B256::from(nrlc(5)));
    assert_eq!(m.evm.view(m.rlc, &Rlc::balanceOfCall { account: HOLDER }).unwrap(), nrlc(5));
}
