//! What is signed for bags, and their trees: `vectors/bags.json` in Rust and on the compiled contracts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol;
use alloy::sol_types::SolCall;
use fairgrid_conformance::{Artifact, Evm, vectors, word};
use protocol::bags::{LightRange, RangeAuthorization, Vote, ballot, light_range_id, solo_range};
use protocol::range_tree::{RangeTree, depth, leaf, proves, root_over};
use protocol::{DealId, ResultDigest, ResultHash, ResultSeal, TaskId};
use serde_json::Value;

sol! {
    struct SoloResult { bytes32 resultDigest; bytes results; bytes resultsCallback; }
    struct SolVote {
        bytes32 taskid; bytes32 resultHash; bytes32 resultSeal; address enclaveChallenge;
        bytes enclaveSign; bytes authorizationSign;
    }
    interface Bags {
        function rangeAuthorization(address worker, bytes32 dealid, uint256 first, uint256 count, address enclave) external returns (bytes32);
        function soloRange(address worker, bytes32 dealid, uint256 first, SoloResult[] calldata entries) external returns (bytes32);
        function lightRange(address worker, bytes32 dealid, uint256 first, uint256 count, bytes32 root) external returns (bytes32);
        function ballot(address worker, SolVote[] calldata votes) external returns (bytes32);
        function rangeId(bytes32 dealid, uint256 first, uint256 count) external returns (bytes32);
        function leaf(bytes32 resultHash) external returns (bytes32);
        function node(bytes32 left, bytes32 right) external returns (bytes32);
        function depth(uint256 count) external returns (uint256);
        function rootOver(bytes32 leafHash, uint256 position, bytes32[] calldata siblings) external returns (bytes32);
    }
}

/// The case of the vectors, parsed.
struct Case {
    file: Value,
    worker: Address,
    enclave: Address,
    deal: DealId,
    first: U256,
    count: U256,
    digests: Vec<ResultDigest>,
    seal: ResultSeal,
}

impl Case {
    fn read() -> Self {
        let file = vectors("bags");
        let address = |name: &str| file[name].as_str().unwrap().parse().unwrap();
        let digests: Vec<_> = file["digests"].as_array().unwrap().iter().map(|text| ResultDigest(word(text))).collect();
        Self {
            worker: address("worker"),
            enclave: address("enclave"),
            deal: DealId(word(&file["deal"])),
            first: U256::from(file["first"].as_u64().unwrap()),
            count: U256::from(digests.len()),
            digests,
            seal: ResultSeal(word(&file["seal"])),
            file,
        }
    }

    fn task(&self, position: usize) -> TaskId {
        TaskId::derive(self.deal, self.first + U256::from(position))
    }

    fn results(&self) -> Vec<ResultHash> {
        self.digests.iter().enumerate().map(|(n, digest)| ResultHash::derive(self.task(n), *digest)).collect()
    }

    fn votes(&self) -> Vec<Vote> {
        let votes = self.results().into_iter().enumerate().map(|(n, hash)| Vote {
            task: self.task(n),
            hash,
            seal: self.seal,
            enclave: if n == 0 { Address::ZERO } else { self.enclave },
        });
        votes.collect()
    }

    fn says(&self, name: &str) -> B256 {
        word(&self.file[name])
    }

    fn depths(&self) -> Vec<(u64, u64)> {
        let pair = |pair: &Value| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap());
        self.file["depths"].as_array().unwrap().iter().map(pair).collect()
    }
}

/// The contract that opens the hub's hashes and trees.
struct Opened {
    evm: Evm,
    at: Address,
}

impl Opened {
    fn new() -> Self {
        let mut evm = Evm::new(31337);
        let at = evm.deploy(Address::ZERO, &Artifact::named("IexecBagsTestContract"), &[]);
        Self { evm, at }
    }

    fn word<C: SolCall>(&mut self, call: &C) -> B256 {
        B256::from_slice(&self.evm.call(Address::ZERO, self.at, call).unwrap().output)
    }
}

#[test]
fn every_signed_struct_hashes_in_rust_as_the_vectors_say() {
    let case = Case::read();
    let Case { worker, deal, first, count, enclave, .. } = case;
    let permit = RangeAuthorization { worker, deal, first, count, enclave };
    assert_eq!(permit.struct_hash(), case.says("rangeAuthorization"));
    assert_eq!(solo_range(worker, deal, first, &case.digests), case.says("soloRange"));
    let light = LightRange { worker, deal, first, count, root: case.says("root") };
    assert_eq!(light.struct_hash(), case.says("lightRange"));
    assert_eq!(light_range_id(deal, first, count), case.says("rangeId"));
    assert_eq!(ballot(worker, &case.votes()), case.says("ballot"));
}

#[test]
fn every_signed_struct_hashes_on_the_contracts_as_the_vectors_say() {
    let (case, mut opened) = (Case::read(), Opened::new());
    let Case { worker, deal, first, count, enclave, .. } = case;
    let dealid = deal.0;
    let permit = Bags::rangeAuthorizationCall { worker, dealid, first, count, enclave };
    assert_eq!(opened.word(&permit), case.says("rangeAuthorization"));
    let entry = |digest: &ResultDigest| SoloResult {
        resultDigest: digest.0,
        results: Bytes::from_static(b"anywhere"),
        resultsCallback: Bytes::new(),
    };
    let entries = case.digests.iter().map(entry).collect();
    assert_eq!(opened.word(&Bags::soloRangeCall { worker, dealid, first, entries }), case.says("soloRange"));
    let root = case.says("root");
    assert_eq!(opened.word(&Bags::lightRangeCall { worker, dealid, first, count, root }), case.says("lightRange"));
    assert_eq!(opened.word(&Bags::rangeIdCall { dealid, first, count }), case.says("rangeId"));
    let vote = |vote: Vote| SolVote {
        taskid: vote.task.0,
        resultHash: vote.hash.0,
        resultSeal: vote.seal.0,
        enclaveChallenge: vote.enclave,
        enclaveSign: Bytes::from_static(b"not hashed"),
        authorizationSign: Bytes::from_static(b"not hashed either"),
    };
    let votes = case.votes().into_iter().map(vote).collect();
    assert_eq!(opened.word(&Bags::ballotCall { worker, votes }), case.says("ballot"));
}

#[test]
fn a_tree_of_three_is_as_the_vectors_say_in_both_languages() {
    let (case, mut opened) = (Case::read(), Opened::new());
    let results = case.results();
    let tree = RangeTree::build(&results).unwrap();
    assert_eq!(tree.root(), case.says("root"));
    assert_eq!(leaf(results[0]), case.says("leaf"));
    assert_eq!(opened.word(&Bags::leafCall { resultHash: results[0].0 }), case.says("leaf"));
    let (left, right) = (leaf(results[0]), leaf(results[1]));
    assert_eq!(opened.word(&Bags::nodeCall { left, right }), case.says("node"));
    assert_eq!(root_over(left, 0, &[right]), case.says("node"));
}

#[test]
fn proofs_built_in_rust_lead_to_the_root_on_the_contracts() {
    let mut opened = Opened::new();
    for count in [1_usize, 2, 5, 8, 13] {
        let results: Vec<_> = (0..count).map(|n| ResultHash(keccak256(n.to_be_bytes()))).collect();
        let tree = RangeTree::build(&results).unwrap();
        for (n, result) in results.iter().enumerate() {
            let siblings = tree.proof(n).unwrap();
            assert!(proves(tree.root(), count, n, *result, &siblings));
            let call = |position: usize| Bags::rootOverCall {
                leafHash: leaf(*result),
                position: U256::from(position),
                siblings: siblings.clone(),
            };
            assert_eq!(opened.word(&call(n)), tree.root(), "{n} of {count}");
            assert_eq!(opened.word(&call(n ^ 1)) == tree.root(), count == 1, "{n} of {count}, other side");
        }
    }
}

#[test]
fn proofs_are_as_long_as_the_vectors_say() {
    let (case, mut opened) = (Case::read(), Opened::new());
    for (count, expected) in case.depths() {
        assert_eq!(depth(usize::try_from(count).unwrap()) as u64, expected, "{count}");
        let said = opened.word(&Bags::depthCall { count: U256::from(count) });
        assert_eq!(said, B256::from(U256::from(expected)), "{count}");
    }
}
