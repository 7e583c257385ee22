//! Ranges that one worker settles, light or not, on both sides.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use fairgrid_conformance::Actor;
use fairgrid_conformance::abi::{self, Bags, Light, RangePermit};
use protocol::bags::{LightRange, RangeAuthorization, solo_range};
use protocol::deal::Deal;
use protocol::hub::{LightProof, LightSettlement, LightStatus, Outcome, Permit, SoloRange, SoloResult};
use protocol::range_tree::RangeTree;
use protocol::{DealId, ResultDigest, ResultHash, TaskId};

use crate::act::Act;
use crate::pair::{Pair, digest, worker};

/// Flaws of a call that settles a range; others are none.
const BAD_ENCLAVE: u8 = 0;
const NO_ENCLAVE: u8 = 1;
const NARROW_PERMIT: u8 = 2;
const FOREIGN_PERMIT: u8 = 3;
const NOTHING: u8 = 5;
const TOO_MANY: u8 = 6;
const NO_DEAL: u8 = 7;
const NO_SIGNATURE: u8 = 8;
const TOO_LONG: u8 = 9;
const WRONG_DATA: u8 = 10;
const BY_THE_POOL: u8 = 11;
const WIDE_PERMIT: u8 = 12;
const LATE: u8 = 13;

/// A range on its way: whose, where, and what was signed for it.
struct Range {
    caller: Address,
    deal: DealId,
    first: U256,
    count: u64,
    enclave: Option<Actor>,
    permit: Permit,
}

fn result_of(index: U256) -> Bytes {
    // The digest of result n is the hash of the byte n.
    Bytes::from(vec![u8::try_from(index % U256::from(6)).unwrap()])
}

fn proof_of(proof: &LightProof) -> abi::LightProof {
    let LightProof { first, count, worker, siblings } = proof.clone();
    abi::LightProof { first, count, worker, siblings }
}

fn permit_of(permit: &Permit) -> RangePermit {
    RangePermit { first: permit.first, count: permit.count, sign: permit.sign.clone() }
}

impl Pair {
    fn range(&mut self, deal: DealId, offset: u8, count: u8, who: u8, flaw: u8) -> Range {
        let caller = if flaw == BY_THE_POOL { self.stage.scheduler.address() } else { worker(who).address() };
        let first = self.index(deal, offset);
        let count = match flaw {
            NOTHING => 0,
            TOO_MANY => 65_537,
            _ => u64::from(count),
        };
        let known = self.twin.deal(deal).cloned();
        let needs = known.as_ref().is_some_and(|deal| deal.tag.is_tee());
        let with = matches!((needs, flaw), (_, BAD_ENCLAVE)) || (needs && flaw != NO_ENCLAVE);
        let enclave = with.then(|| Actor::number(77));
        let deal = if flaw == NO_DEAL { DealId(B256::repeat_byte(7)) } else { deal };
        if flaw == LATE {
            self.run_to(known.as_ref());
        }
        let size = U256::from(count);
        let (from, permitted) = match flaw {
            NARROW_PERMIT => (first + U256::from(1), size),
            WIDE_PERMIT => (U256::ZERO, U256::MAX),
            _ => (first, size),
        };
        let address = enclave.as_ref().map_or(Address::ZERO, Actor::address);
        let signed = RangeAuthorization { worker: caller, deal, first: from, count: permitted, enclave: address };
        let authorizer = if flaw == FOREIGN_PERMIT { &self.stage.requester } else { &self.stage.scheduler };
        let sign = authorizer.sign_digest(self.stage.market.domain().digest(signed.struct_hash()));
        let sign = if matches!(flaw, NO_SIGNATURE | BY_THE_POOL) { Bytes::new() } else { sign };
        Range { caller, deal, first, count, enclave, permit: Permit { first: from, count: permitted, sign } }
    }

    /// The contribution deadline, at the latest now.
    fn run_to(&mut self, deal: Option<&Deal>) {
        let Some(deal) = deal else { return };
        let clock = &mut self.stage.market.evm.now;
        *clock = (*clock).max(deal.contribute_before(fairgrid_conformance::UNITS[0]).0);
    }

    fn vouch(&self, range: &Range, struct_hash: B256, flaw: u8) -> Bytes {
        let by = if flaw == BAD_ENCLAVE { Some(Actor::number(78)) } else { range.enclave.clone() };
        let digest = self.stage.market.domain().digest(struct_hash);
        by.filter(|_| range.enclave.is_some()).map_or_else(Bytes::new, |enclave| enclave.sign_digest(digest))
    }

    pub(crate) fn settle(&mut self, act: &Act, deal: DealId, (offset, count): (u8, u8), who: u8, flaw: u8) {
        let range = self.range(deal, offset, count, who, flaw);
        let called = self.twin.deal(deal).is_some_and(|deal| deal.callback != Address::ZERO);
        let entries: Vec<_> = (0..range.count.min(201)).map(|n| entry(n, called, flaw)).collect();
        let digests: Vec<_> = entries.iter().map(|entry| entry.digest).collect();
        let enclave_sign = self.vouch(&range, solo_range(range.caller, range.deal, range.first, &digests), flaw);
        let Range { caller, deal, first, permit, .. } = range;
        let enclave = range.enclave.as_ref().map_or(Address::ZERO, Actor::address);
        for offset in 0..entries.len().min(8) {
            let task = TaskId::derive(deal, first + U256::from(offset));
            self.touched.push(task);
        }
        let call = Bags::contributeAndFinalizeRangeCall {
            dealid: deal.0,
            first,
            entries: entries.iter().map(solo).collect(),
            enclaveChallenge: enclave,
            enclaveSign: enclave_sign.clone(),
            permit: permit_of(&permit),
        };
        let hub = self.stage.market.call(caller, &call);
        let range = SoloRange { deal, first, entries, enclave, enclave_sign, permit };
        let twin = self.twin.contribute_and_finalize_range(caller, &range, self.now());
        if twin.is_ok() {
            let settled = self.touched.clone();
            self.tasks.extend(settled.into_iter().filter(|task| !self.tasks.contains(task)).collect::<Vec<_>>());
        }
        self.compare(act, hub, twin);
    }

    pub(crate) fn settle_light(&mut self, act: &Act, deal: DealId, (offset, count): (u8, u8), who: u8, flaw: u8) {
        let range = self.range(deal, offset, count, who, flaw);
        let tree = self.tree(range.deal, range.first, range.count.clamp(1, 64));
        let Range { caller, deal, first, .. } = range;
        let count = U256::from(range.count);
        let root = tree.root();
        let signed = LightRange { worker: caller, deal, first, count, root };
        let settled = LightSettlement {
            deal,
            first,
            count,
            root,
            results: Bytes::from(vec![7; if flaw == TOO_LONG { 4_097 } else { 4_096 }]),
            enclave: range.enclave.as_ref().map_or(Address::ZERO, Actor::address),
            enclave_sign: self.vouch(&range, signed.struct_hash(), flaw),
            permit: range.permit,
        };
        let call = Light::settleLightCall {
            dealid: deal.0,
            first,
            count,
            root,
            results: settled.results.clone(),
            enclaveChallenge: settled.enclave,
            enclaveSign: settled.enclave_sign.clone(),
            permit: permit_of(&settled.permit),
        };
        let hub = self.stage.market.call(caller, &call);
        let twin = self.twin.settle_light(caller, &settled, self.now());
        if twin.is_ok() {
            self.ranges.push((caller, deal, first, range.count));
        }
        self.compare(act, hub, twin);
        self.check_light(deal);
    }

    fn tree(&self, deal: DealId, first: U256, count: u64) -> RangeTree {
        let results: Vec<_> = (0..count)
            .map(|n| first.saturating_add(U256::from(n)))
            .map(|index| ResultHash::derive(TaskId::derive(deal, index), ResultDigest(keccak256(result_of(index)))))
            .collect();
        RangeTree::build(&results).unwrap()
    }

    pub(crate) fn claim_light(&mut self, act: &Act, deal: DealId, (offset, count): (u8, u8), flaw: u8) {
        let range = self.range(deal, offset, count, 0, flaw);
        if flaw > LATE {
            let known = self.twin.deal(deal).map(|deal| deal.final_before(fairgrid_conformance::UNITS[0]).0);
            let clock = &mut self.stage.market.evm.now;
            // Half of them a second before it may be.
            *clock = (*clock).max(known.map_or(0, |moment| moment - u64::from(flaw.is_multiple_of(4))));
        }
        let (deal, first, count) = (range.deal, range.first, U256::from(range.count));
        let hub = self.stage.market.call(self.caller(true), &Light::claimLightCall { dealid: deal.0, first, count });
        let twin = self.twin.claim_light(deal, first, count, self.now());
        self.compare(act, hub, twin);
        self.check_light(deal);
    }

    /// Delivers a task of a settled range, and asks whether it is proved.
    pub(crate) fn deliver(&mut self, act: &Act, number: u8, offset: u8, flaw: u8) {
        let Some(&(worker, deal, first, count)) = self.ranges.get(usize::from(number) % self.ranges.len().max(1))
        else {
            return;
        };
        let position = u64::from(offset) % count;
        let siblings = self.tree(deal, first, count).proof(usize::try_from(position).unwrap()).unwrap();
        let mut proof = LightProof { first, count: U256::from(count), worker, siblings };
        let (mut deal, mut index) = (deal, first + U256::from(position));
        let mut data = result_of(index);
        match flaw {
            0 => data = Bytes::from_static(b"wrong"),
            1 => proof.siblings.push(B256::ZERO),
            2 => proof.worker = self.caller(true),
            3 => index += U256::from(1),
            4 => proof.count += U256::from(1),
            5 => proof.count = U256::MAX,
            6 => deal = DealId(B256::repeat_byte(6)),
            7 => proof.first = U256::MAX,
            _ => {}
        }
        let digest = ResultDigest(keccak256(&data));
        let shown =
            Light::proveLightCall { dealid: deal.0, idx: index, resultDigest: digest.0, proof: proof_of(&proof) };
        let shown = self.stage.market.view(&shown).unwrap();
        assert_eq!(shown, self.twin.prove_light(deal, index, digest, &proof), "{act:?}");
        let call = Light::deliverLightCall { dealid: deal.0, idx: index, data: data.clone(), proof: proof_of(&proof) };
        let hub = self.stage.market.call(self.caller(true), &call);
        let twin = self.twin.deliver_light(deal, index, &data, &proof);
        self.compare(act, hub, twin);
        self.check_light(deal);
    }

    /// Same states and ranges; a state leads nowhere but to its successor.
    fn check_light(&mut self, deal: DealId) {
        let first = self.index(deal, 0);
        for offset in 0..4 {
            let idx = first + U256::from(offset);
            let status = self.twin.light_status(deal, idx);
            let seen = self.stage.market.view(&Light::viewLightStatusCall { dealid: deal.0, idx }).unwrap();
            assert_eq!(seen, status as u8, "task {idx} of {deal}");
            let range = self.stage.market.view(&Light::viewLightRangeCall { dealid: deal.0, first: idx }).unwrap();
            assert_eq!(range, self.twin.light_range(deal, idx).unwrap_or_default(), "range from {idx} of {deal}");
            let before = self.lights.insert((deal, idx), status).unwrap_or_default();
            let may = before == status
                || matches!((before, status), (LightStatus::Open, _) | (LightStatus::Settled, LightStatus::Delivered));
            assert!(may, "task {idx} of {deal} went from {before:?} to {status:?}");
        }
    }
}

/// Results that partly begin alike, and where they are too long do not fit one blob by a little or by much.
fn entry(n: u64, called: bool, flaw: u8) -> SoloResult {
    let length: usize = if flaw == TOO_LONG { 12_345 } else { 20 };
    // Of two long ones, three bytes too many are left: the first 225 are kept once.
    let common = length.min(300) * usize::try_from(4 - n % 5).unwrap() / 4;
    let results = (0..length).map(|at| if at < common { 1 } else { u8::try_from(2 + n % 200).unwrap() });
    let data = if called || flaw == WRONG_DATA { vec![if flaw == WRONG_DATA { 9 } else { 0 }] } else { Vec::new() };
    let outcome = Outcome { results: results.collect::<Vec<u8>>().into(), callback: data.into() };
    SoloResult { digest: digest(0), outcome }
}

fn solo(entry: &SoloResult) -> abi::SoloResult {
    abi::SoloResult {
        resultDigest: entry.digest.0,
        results: entry.outcome.results.clone(),
        resultsCallback: entry.outcome.callback.clone(),
    }
}
