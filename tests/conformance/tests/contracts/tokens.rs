//! Registries as ERC-721 tokens: who may move a resource, where it may go, and what the lists say. Source:
//! `poco-contracts.md` 9.1.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolError, SolEvent as _};
use fairgrid_conformance::abi::{Registry, Tokens};
use fairgrid_conformance::{Done, Market, Reverted, stub};

const OWNER: Address = Address::repeat_byte(0x99);
const OTHER: Address = Address::repeat_byte(0x98);
const THIRD: Address = Address::repeat_byte(0x97);

/// A registry with three pools of the owner, and their tokens.
struct Shelf {
    market: Market,
    registry: Address,
    ids: Vec<U256>,
}

fn shelf() -> Shelf {
    let mut market = Market::deployed();
    let registry = market.registries[2];
    let ids = ["a", "b", "c"].map(|name| {
        let create = Registry::createWorkerpoolCall { owner: OWNER, description: name.to_owned() };
        let done = market.evm.call(THIRD, registry, &create).unwrap();
        U256::from_be_slice(&done.output)
    });
    Shelf { market, registry, ids: ids.to_vec() }
}

impl Shelf {
    fn call<C: SolCall>(&mut self, from: Address, call: &C) -> Result<Done, Reverted> {
        self.market.evm.call(from, self.registry, call)
    }

    fn give(&mut self, caller: Address, from: Address, to: Address, id: U256) -> Result<Done, Reverted> {
        self.call(caller, &Registry::transferFromCall { from, to, id })
    }

    fn owner(&mut self, id: U256) -> Address {
        self.market.evm.view(self.registry, &Registry::ownerOfCall { id }).unwrap()
    }

    /// Tokens of an account as its list says, and as many as its balance.
    fn list(&mut self, owner: Address) -> Vec<U256> {
        let count = self.market.evm.view(self.registry, &Registry::balanceOfCall { owner }).unwrap();
        let token = |index| Registry::tokenOfOwnerByIndexCall { owner, index: U256::from(index) };
        (0..count.to::<u64>()).map(|index| self.market.evm.view(self.registry, &token(index)).unwrap()).collect()
    }
}

fn refuses<E: SolError>(result: Result<Done, Reverted>, error: &E) {
    assert_eq!(result.err(), Some(Reverted::custom(error)), "{}", E::SIGNATURE);
}

#[test]
fn a_resource_is_moved_by_its_owner_its_approved_and_its_operators() {
    let mut shelf = shelf();
    let [a, b, c] = [shelf.ids[0], shelf.ids[1], shelf.ids[2]];
    refuses(shelf.give(OTHER, OWNER, OTHER, a), &Tokens::ERC721InsufficientApproval { operator: OTHER, tokenId: a });
    let done = shelf.call(OWNER, &Tokens::approveCall { to: OTHER, id: a }).unwrap();
    let said = Tokens::Approval::decode_log(&done.logs[0]).unwrap();
    assert_eq!((said.owner, said.approved, said.tokenId), (OWNER, OTHER, a));
    refuses(shelf.give(OTHER, OWNER, OTHER, b), &Tokens::ERC721InsufficientApproval { operator: OTHER, tokenId: b });
    shelf.give(OTHER, OWNER, THIRD, a).unwrap();
    let approved = shelf.market.evm.view(shelf.registry, &Tokens::getApprovedCall { id: a }).unwrap();
    assert_eq!(approved, Address::ZERO, "an approval ends with the ownership");
    refuses(shelf.give(OTHER, THIRD, OTHER, a), &Tokens::ERC721InsufficientApproval { operator: OTHER, tokenId: a });
    let all = |approved| Tokens::setApprovalForAllCall { operator: OTHER, approved };
    let done = shelf.call(OWNER, &all(true)).unwrap();
    assert!(Tokens::ApprovalForAll::decode_log(&done.logs[0]).unwrap().approved);
    let asks = Tokens::isApprovedForAllCall { owner: OWNER, operator: OTHER };
    assert!(shelf.market.evm.view(shelf.registry, &asks).unwrap());
    shelf.give(OTHER, OWNER, OTHER, b).unwrap();
    shelf.call(OTHER, &Tokens::approveCall { to: THIRD, id: c }).unwrap();
    shelf.call(OWNER, &all(false)).unwrap();
    let refused = Tokens::ERC721InvalidApprover { approver: OTHER };
    refuses(shelf.call(OTHER, &Tokens::approveCall { to: OTHER, id: c }), &refused);
    assert_eq!([a, b, c].map(|id| shelf.owner(id)), [THIRD, OTHER, OWNER]);
}

#[test]
fn a_resource_goes_neither_to_nobody_nor_from_somebody_else() {
    let mut shelf = shelf();
    let a = shelf.ids[0];
    let nobody = Tokens::ERC721InvalidReceiver { receiver: Address::ZERO };
    refuses(shelf.give(OWNER, OWNER, Address::ZERO, a), &nobody);
    let other = Tokens::ERC721IncorrectOwner { sender: OTHER, tokenId: a, owner: OWNER };
    refuses(shelf.give(OWNER, OTHER, THIRD, a), &other);
    let unknown = Tokens::ERC721NonexistentToken { tokenId: U256::ZERO };
    refuses(shelf.give(OWNER, OWNER, THIRD, U256::ZERO), &unknown);
    let create = Registry::createWorkerpoolCall { owner: Address::ZERO, description: String::new() };
    refuses(shelf.call(OWNER, &create), &nobody);
}

#[test]
fn the_lists_follow_every_move() {
    let mut shelf = shelf();
    let [a, b, c] = [shelf.ids[0], shelf.ids[1], shelf.ids[2]];
    assert_eq!(shelf.list(OWNER), [a, b, c]);
    shelf.give(OWNER, OWNER, OTHER, a).unwrap();
    assert_eq!((shelf.list(OWNER), shelf.list(OTHER)), (vec![c, b], vec![a]));
    shelf.give(OWNER, OWNER, OTHER, b).unwrap();
    shelf.give(OTHER, OTHER, OTHER, a).unwrap();
    shelf.give(OTHER, OTHER, OWNER, b).unwrap();
    assert_eq!((shelf.list(OWNER), shelf.list(OTHER)), (vec![c, b], vec![a]));
    for (index, id) in [a, b, c].into_iter().enumerate() {
        let token = Tokens::tokenByIndexCall { index: U256::from(index) };
        assert_eq!(shelf.market.evm.view(shelf.registry, &token).unwrap(), id, "the registry keeps its order");
    }
    let beyond = shelf.market.evm.view(shelf.registry, &Tokens::tokenByIndexCall { index: U256::from(3) });
    let error = Tokens::ERC721OutOfBoundsIndex { owner: Address::ZERO, index: U256::from(3) };
    assert_eq!(beyond.err(), Some(Reverted::custom(&error)));
}

#[test]
fn a_safe_transfer_asks_a_contract_whether_it_wants_the_resource() {
    let mut shelf = shelf();
    let (id, data) = (shelf.ids[0], Bytes::from_static(b"for you"));
    let give = Tokens::safeTransferFromCall { from: OWNER, to: OTHER, id, data };
    let wants: B256 = B256::right_padding_from(&Tokens::onERC721ReceivedCall::SELECTOR);
    let refused = Tokens::ERC721InvalidReceiver { receiver: OTHER };
    for code in [stub::refusing(), stub::answering(B256::ZERO)] {
        shelf.market.evm.place(OTHER, code);
        refuses(shelf.call(OWNER, &give), &refused);
        assert_eq!(shelf.owner(id), OWNER);
    }
    shelf.market.evm.place(OTHER, stub::answering(wants));
    shelf.call(OWNER, &give).unwrap();
    assert_eq!(shelf.owner(id), OTHER);
    let next = shelf.ids[1];
    let person = Tokens::safeTransferFromCall { from: OWNER, to: THIRD, id: next, data: Bytes::new() };
    shelf.call(OWNER, &person).unwrap();
    assert_eq!(shelf.owner(next), THIRD, "people are not asked");
}

#[test]
fn registries_declare_the_interfaces_of_listed_tokens() {
    let mut shelf = shelf();
    for (id, declared) in
        [(0x01ff_c9a7, true), (0x80ac_58cd, true), (0x5b5e_139f, true), (0x780e_9d63, true), (0xffff_ffff_u32, false)]
    {
        let call = Tokens::supportsInterfaceCall { id: id.to_be_bytes().into() };
        assert_eq!(shelf.market.evm.view(shelf.registry, &call).unwrap(), declared, "{id:x}");
    }
}
