//! Rows of the registries. Every owner has one resource before; texts are as long as people's.

use alloy::primitives::{Address, B256, Bytes};
use alloy::sol_types::SolCall;

use super::Scene;
use super::scene::cost;
use crate::abi::Registry;

/// 20 characters.
const NAME: &str = "fairgrid-ray-tracing";
/// 70 bytes: an image in a public registry, by tag.
const MULTIADDR: &[u8; 70] = b"registry.example.org/fairgrid/ray-tracing-of-whole-scenes:1.42.0-amd64";

pub(super) fn app(scene: Scene) -> u64 {
    let call = Registry::createAppCall {
        owner: scene.stage.app_owner.address(),
        name: NAME.to_owned(),
        kind: "DOCKER".to_owned(),
        multiaddr: Bytes::from_static(MULTIADDR),
        checksum: B256::repeat_byte(0x5a),
        mrenclave: Bytes::new(),
    };
    create(scene, 0, call.owner, &call)
}

pub(super) fn dataset(scene: Scene) -> u64 {
    let call = Registry::createDatasetCall {
        owner: scene.stage.dataset_owner.address(),
        name: NAME.to_owned(),
        multiaddr: Bytes::from_static(MULTIADDR),
        checksum: B256::repeat_byte(0x5a),
    };
    create(scene, 1, call.owner, &call)
}

pub(super) fn workerpool(scene: Scene) -> u64 {
    let owner = scene.stage.scheduler.address();
    create(scene, 2, owner, &Registry::createWorkerpoolCall { owner, description: NAME.to_owned() })
}

fn create<C: SolCall>(mut scene: Scene, registry: usize, owner: Address, call: &C) -> u64 {
    let registry = scene.stage.market.registries[registry];
    cost(scene.stage.market.evm.call(owner, registry, call))
}
