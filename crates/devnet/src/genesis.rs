//! Genesis: the contracts that every embedded chain is born with. Sources and bytecode lie in `genesis/`.
//!
//! `multicall3.hex` is the runtime bytecode of `Multicall3.sol`: solc 0.8, optimizer 200 runs, EVM version paris, no metadata.

use alloy::primitives::{Address, Bytes, address, hex};

/// Where every client library expects Multicall3.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// Runtime bytecode of Multicall3.
#[must_use]
pub fn multicall3() -> Bytes {
    hex::decode(include_str!("../genesis/multicall3.hex").trim_end()).expect("the file holds hexadecimal digits").into()
}
