//! Tiny contracts in bytecode: what a stranger's contract may answer to the hub.

use alloy::primitives::{Address, B256, Bytes};

/// Answers every call with one word.
#[must_use]
pub fn answering(word: B256) -> Bytes {
    // PUSH32 word; PUSH1 0; MSTORE; PUSH1 32; PUSH1 0; RETURN
    [&[0x7f], word.as_slice(), &[0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3]].concat().into()
}

/// Accepts every call and answers nothing.
#[must_use]
pub fn silent() -> Bytes {
    Bytes::from_static(&[0x00])
}

/// Reverts every call without a word.
#[must_use]
pub fn refusing() -> Bytes {
    // PUSH1 0; PUSH1 0; REVERT
    Bytes::from_static(&[0x60, 0, 0x60, 0, 0xfd])
}

/// Burns all gas that it is given.
#[must_use]
pub fn wasteful() -> Bytes {
    // JUMPDEST; PUSH1 0; JUMP
    Bytes::from_static(&[0x5b, 0x60, 0, 0x56])
}

/// Answers every call with so many zero bytes, or fails with them.
#[must_use]
pub fn bursting(size: u32, failing: bool) -> Bytes {
    // PUSH4 size; PUSH1 0; RETURN or REVERT
    [&[0x63][..], &size.to_be_bytes(), &[0x60, 0, if failing { 0xfd } else { 0xf3 }]].concat().into()
}

/// Passes every call on to `hub`, with its coin, as this account; fails as the hub does. Takes no call from the hub.
#[must_use]
pub fn deaf(hub: Address) -> Bytes {
    // CALLER; PUSH20 hub; EQ; PUSH1 81; JUMPI
    let ask = [&[0x33, 0x73], hub.as_slice(), &[0x14, 0x60, 81, 0x57]].concat();
    // CALLDATASIZE; PUSH1 0; PUSH1 0; CALLDATACOPY; PUSH1 0; PUSH1 0; CALLDATASIZE; PUSH1 0; CALLVALUE; PUSH20 hub; GAS; CALL
    let load = [0x36, 0x60, 0, 0x60, 0, 0x37, 0x60, 0, 0x60, 0, 0x36, 0x60, 0, 0x34, 0x73];
    let call = [&load[..], hub.as_slice(), &[0x5a, 0xf1]].concat();
    // RETURNDATASIZE; PUSH1 0; PUSH1 0; RETURNDATACOPY; PUSH1 76; JUMPI; RETURNDATASIZE; PUSH1 0; REVERT
    let fail = vec![0x3d, 0x60, 0, 0x60, 0, 0x3e, 0x60, 76, 0x57, 0x3d, 0x60, 0, 0xfd];
    // 76: JUMPDEST; RETURNDATASIZE; PUSH1 0; RETURN; 81: JUMPDEST; PUSH1 0; PUSH1 0; REVERT
    let ends = vec![0x5b, 0x3d, 0x60, 0, 0xf3, 0x5b, 0x60, 0, 0x60, 0, 0xfd];
    [ask, call, fail, ends].concat().into()
}

/// Logs the call's data under topic 1.
#[must_use]
pub fn recording() -> Bytes {
    // CALLDATASIZE; PUSH1 0; PUSH1 0; CALLDATACOPY; PUSH1 1; CALLDATASIZE; PUSH1 0; LOG1
    Bytes::from_static(&[0x36, 0x60, 0, 0x60, 0, 0x37, 0x60, 1, 0x36, 0x60, 0, 0xa1])
}

/// Answers calls of one function with one word, all others with another.
#[must_use]
pub fn choosing(selector: [u8; 4], word: B256, otherwise: B256) -> Bytes {
    // PUSH1 0; CALLDATALOAD; PUSH1 224; SHR; PUSH4 selector; EQ; PUSH1 56; JUMPI; 41 bytes of answer; JUMPDEST; answer
    let head = [&[0x60, 0, 0x35, 0x60, 224, 0x1c, 0x63], selector.as_slice(), &[0x14, 0x60, 56, 0x57]].concat();
    [head, answering(otherwise).to_vec(), vec![0x5b], answering(word).to_vec()].concat().into()
}

/// An ERC-1271 account that has signed one digest, with any signature.
#[must_use]
pub fn signer_of(digest: B256) -> Bytes {
    // PUSH1 4; CALLDATALOAD; PUSH32 digest; EQ; PUSH4 magic; PUSH1 224; SHL; MUL; PUSH1 0; MSTORE; PUSH1 32; PUSH1 0; RETURN
    let tail = [0x14, 0x63, 0x16, 0x26, 0xba, 0x7e, 0x60, 224, 0x1b, 0x02, 0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3];
    [&[0x60, 4, 0x35, 0x7f], digest.as_slice(), &tail].concat().into()
}

/// A contract with an account at `hub`: agrees to every signature (ERC-1271), forwards what it is called with, and when it
/// hears a result (`receiveResult`) makes `calls` to the hub, one after the other, whatever becomes of them.
///
/// # Panics
/// When the calls pass 60 kB: offsets have two bytes.
#[must_use]
pub fn wallet(hub: Address, calls: &[Bytes]) -> Bytes {
    // Behind the callee's input size: input offset, value, callee, all gas.
    let call = [&[0x60, 0, 0x60, 0, 0x73], hub.as_slice(), &[0x5a, 0xf1]].concat();
    let choose = |signature: usize, heard: usize| {
        // The selector decides: two comparisons, two jumps.
        let signed = [&[0x60, 0, 0x35, 0x60, 224, 0x1c, 0x80, 0x63, 0x16, 0x26, 0xba, 0x7e, 0x14][..], &to(signature)];
        let heard = [&[0x63, 0x5d, 0xd8, 0x08, 0x55, 0x14][..], &to(heard)];
        [signed.concat(), vec![0x57], heard.concat(), vec![0x57]].concat()
    };
    // All of the input goes to the hub, all of its answer comes back.
    let copied = [0x36, 0x60, 0, 0x60, 0, 0x37, 0x60, 0, 0x60, 0, 0x36];
    let forward = [&copied[..], &call, &[0x3d, 0x60, 0, 0x60, 0, 0x3e]].concat();
    let refuse = |accepted: usize| [&to(accepted)[..], &[0x57, 0x3d, 0x60, 0, 0xfd]].concat();
    let accept = [0x5b, 0x3d, 0x60, 0, 0xf3];
    let sign = [&[0x5b], &answering(B256::right_padding_from(&[0x16, 0x26, 0xba, 0x7e]))[..]].concat();
    let make = |data: &Bytes, at: usize| {
        let size = to(data.len());
        [&size[..], &to(at), &[0x60, 0, 0x39, 0x60, 0, 0x60, 0], &size, &call, &[0x50]].concat()
    };
    let accepted = choose(0, 0).len() + forward.len() + refuse(0).len();
    let signature = accepted + accept.len();
    let heard = signature + sign.len();
    let mut data_at = heard + 2 + calls.iter().map(|data| make(data, 0).len()).sum::<usize>();
    let mut code = [&choose(signature, heard)[..], &forward, &refuse(accepted), &accept, &sign, &[0x5b]].concat();
    for data in calls {
        code.extend(make(data, data_at));
        data_at += data.len();
    }
    code.push(0x00);
    [code, calls.concat()].concat().into()
}

/// PUSH2 of an offset or a size.
fn to(number: usize) -> [u8; 3] {
    let [high, low] = u16::try_from(number).expect("a few calls are short").to_be_bytes();
    [0x61, high, low]
}
