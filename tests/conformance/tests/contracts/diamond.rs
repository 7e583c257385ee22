//! The proxy: its facet table, its owner, and how both refuse. Source: `poco-contracts.md` 2.

use alloy::primitives::{Address, B256, Bytes, FixedBytes, U256, b256};
use alloy::sol_types::{SolCall as _, SolError, SolEvent as _, SolValue as _};
use fairgrid_conformance::abi::{Cut, Diamond, DiamondArgs, Hub};
use fairgrid_conformance::{Artifact, Done, Evm, Market, Reverted, stub};

const STRANGER: Address = Address::repeat_byte(0x99);
const FACET: Address = Address::repeat_byte(0xfa);
const NEW: FixedBytes<4> = FixedBytes([1, 2, 3, 4]);
const STORAGE: B256 = b256!("c8fcad8db84d3cc18b4c41d551ea0ee66dd599cde068d998e57d5e09332c131c");

fn known() -> FixedBytes<4> {
    Hub::claimCall::SELECTOR.into()
}

fn cut_of(market: &mut Market, action: u8, facet: Address, selector: &[FixedBytes<4>]) -> Result<Done, Reverted> {
    let cuts = vec![Cut { facetAddress: facet, action, functionSelectors: selector.to_vec() }];
    let call = Diamond::diamondCutCall { cuts, init: Address::ZERO, data: Bytes::new() };
    market.call(market.owner, &call)
}

fn refuses<E: SolError>(result: Result<Done, Reverted>, error: &E) {
    assert_eq!(result.err(), Some(Reverted::custom(error)), "{}", E::SIGNATURE);
}

fn market() -> Market {
    let mut market = Market::deployed();
    market.evm.place(FACET, stub::answering(B256::with_last_byte(7)));
    market
}

#[test]
fn a_cut_that_makes_no_sense_is_refused_by_name() {
    let mut m = market();
    let claims = m.view(&Hub::facetAddressCall { selector: known() }).unwrap();
    let none = Diamond::NoSelectorsProvidedForFacetForCut { facet: FACET };
    refuses(cut_of(&mut m, 0, FACET, &[]), &none);
    let error = Diamond::CannotAddSelectorsToZeroAddress { selectors: vec![NEW] };
    refuses(cut_of(&mut m, 0, Address::ZERO, &[NEW]), &error);
    let error = Diamond::CannotAddFunctionToDiamondThatAlreadyExists { selector: known() };
    refuses(cut_of(&mut m, 0, FACET, &[known()]), &error);
    let message = "LibDiamondCut: Add facet has no code".to_owned();
    refuses(cut_of(&mut m, 0, STRANGER, &[NEW]), &Diamond::NoBytecodeAtAddress { target: STRANGER, message });
    let error = Diamond::CannotReplaceFunctionsFromFacetWithZeroAddress { selectors: vec![known()] };
    refuses(cut_of(&mut m, 1, Address::ZERO, &[known()]), &error);
    let error = Diamond::CannotReplaceFunctionWithTheSameFunctionFromTheSameFacet { selector: known() };
    refuses(cut_of(&mut m, 1, claims, &[known()]), &error);
    let error = Diamond::CannotReplaceFunctionThatDoesNotExists { selector: NEW };
    refuses(cut_of(&mut m, 1, FACET, &[NEW]), &error);
    let message = "LibDiamondCut: Replace facet has no code".to_owned();
    refuses(cut_of(&mut m, 1, STRANGER, &[known()]), &Diamond::NoBytecodeAtAddress { target: STRANGER, message });
    let error = Diamond::RemoveFacetAddressMustBeZeroAddress { facet: FACET };
    refuses(cut_of(&mut m, 2, FACET, &[known()]), &error);
    let error = Diamond::CannotRemoveFunctionThatDoesNotExist { selector: NEW };
    refuses(cut_of(&mut m, 2, Address::ZERO, &[NEW]), &error);
    refuses(cut_of(&mut m, 3, FACET, &[NEW]), &Diamond::IncorrectFacetCutAction { action: 3 });
}

#[test]
fn a_function_is_added_replaced_and_removed_and_the_table_follows() {
    let mut m = market();
    let asks = |m: &mut Market| m.evm.send(STRANGER, m.hub, NEW.to_vec().into()).map(|done| done.output);
    let done = cut_of(&mut m, 0, FACET, &[NEW]).unwrap();
    let said = Diamond::DiamondCut::decode_log(&done.logs[0]).unwrap();
    assert_eq!(said.data.cuts[0].functionSelectors, [NEW]);
    assert_eq!(asks(&mut m).unwrap().last(), Some(&7));
    let addresses = m.view(&Diamond::facetAddressesCall {}).unwrap();
    assert_eq!((addresses.len(), addresses.contains(&FACET)), (m.facets.len() + 1, true));
    assert_eq!(m.view(&Diamond::facetFunctionSelectorsCall { facet: FACET }).unwrap(), [NEW]);
    let other = Address::repeat_byte(0xfb);
    m.evm.place(other, stub::answering(B256::with_last_byte(8)));
    cut_of(&mut m, 1, other, &[NEW]).unwrap();
    assert_eq!(asks(&mut m).unwrap().last(), Some(&8));
    cut_of(&mut m, 2, Address::ZERO, &[NEW]).unwrap();
    assert_eq!(asks(&mut m).unwrap_err(), Reverted::text("fallback-disabled"));
    assert_eq!(m.view(&Hub::facetAddressCall { selector: NEW }).unwrap(), Address::ZERO);
    assert_eq!(m.view(&Diamond::facetAddressesCall {}).unwrap().len(), m.facets.len());
}

#[test]
fn the_table_names_every_selector_once_and_where_it_goes() {
    let mut m = market();
    let mut seen = Vec::new();
    for facet in m.view(&Diamond::facetAddressesCall {}).unwrap() {
        for selector in m.view(&Diamond::facetFunctionSelectorsCall { facet }).unwrap() {
            assert_eq!(m.view(&Hub::facetAddressCall { selector }).unwrap(), facet);
            assert!(!seen.contains(&selector), "{selector}");
            seen.push(selector);
        }
    }
    let of_facets: usize = m.facets.iter().map(|(name, _)| Artifact::named(name).selectors().len()).sum();
    assert_eq!(seen.len(), of_facets);
}

#[test]
fn a_failing_initialization_undoes_the_cut_and_is_told_on() {
    let mut m = market();
    let cuts = vec![Cut { facetAddress: FACET, action: 0, functionSelectors: vec![NEW] }];
    let data = Bytes::from_static(&[9, 9, 9, 9]);
    let cut = |init| Diamond::diamondCutCall { cuts: cuts.clone(), init, data: data.clone() };
    let init = Address::repeat_byte(0xfc);
    let message = "LibDiamondCut: _init address has no code".to_owned();
    refuses(m.call(m.owner, &cut(init)), &Diamond::NoBytecodeAtAddress { target: init, message });
    m.evm.place(init, stub::refusing());
    refuses(m.call(m.owner, &cut(init)), &Diamond::InitializationFunctionReverted { init, data: data.clone() });
    // Run by the hub, the escrow's fallback says its words.
    let (_, talkative) = *m.facets.iter().find(|(name, _)| *name == "IexecEscrowTokenFacet").unwrap();
    assert_eq!(m.call(m.owner, &cut(talkative)).unwrap_err(), Reverted::text("fallback-disabled"));
    assert_eq!(m.view(&Hub::facetAddressCall { selector: NEW }).unwrap(), Address::ZERO);
    m.evm.place(init, stub::silent());
    m.call(m.owner, &cut(init)).unwrap();
}

#[test]
fn a_new_diamond_says_its_owner_and_its_cut_even_when_that_is_empty() {
    let mut evm = Evm::new(1);
    let args = DiamondArgs { owner: STRANGER, init: Address::ZERO, initCalldata: Bytes::new() };
    let arguments = (Vec::<Cut>::new(), args).abi_encode_params();
    let (_, logs) = evm.create(STRANGER, &Artifact::named("Diamond"), &arguments).unwrap();
    assert_eq!(logs.len(), 2);
    let owned = Diamond::OwnershipTransferred::decode_log(&logs[0]).unwrap();
    assert_eq!((owned.previousOwner, owned.newOwner), (Address::ZERO, STRANGER));
    let cut = Diamond::DiamondCut::decode_log(&logs[1]).unwrap();
    assert_eq!((cut.data.cuts.len(), cut.data.init), (0, Address::ZERO));
    let topic = b256!("8faa70878671ccd212d20771b795c50af8fd3ff6cf27f4bde57e5d4de0aeb673");
    assert_eq!(logs[1].topics(), [topic]);
}

#[test]
fn the_owner_lies_in_the_slot_that_clients_read_and_may_become_nobody() {
    let mut m = market();
    let slot = B256::from(U256::from_be_bytes(STORAGE.0) + U256::from(3));
    assert_eq!(m.evm.peek(m.hub, slot), m.owner.into_word());
    let owner = m.owner;
    let done = m.call(owner, &Hub::transferOwnershipCall { newOwner: Address::ZERO }).unwrap();
    let said = Diamond::OwnershipTransferred::decode_log(&done.logs[0]).unwrap();
    assert_eq!((said.previousOwner, said.newOwner), (owner, Address::ZERO));
    assert_eq!(m.view(&Hub::ownerCall {}).unwrap(), Address::ZERO);
    let refused = Diamond::NotContractOwner { user: owner, owner: Address::ZERO };
    refuses(m.call(owner, &Hub::transferOwnershipCall { newOwner: owner }), &refused);
}
