//! The committed contracts, compiled into the program. A new facet: one line in [`FACETS`].

use alloy::json_abi::JsonAbi;
use alloy::primitives::Bytes;
use serde::Deserialize;

macro_rules! artifact {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../contracts/artifacts/", $name, ".json")))
    };
}

type Source = (&'static str, &'static str);

pub(super) const RLC: Source = artifact!("RLC");
pub(super) const DIAMOND: Source = artifact!("Diamond");
pub(super) const DIAMOND_INIT: Source = artifact!("DiamondInit");
pub(super) const APP_REGISTRY: Source = artifact!("AppRegistry");
pub(super) const DATASET_REGISTRY: Source = artifact!("DatasetRegistry");
pub(super) const WORKERPOOL_REGISTRY: Source = artifact!("WorkerpoolRegistry");

/// In the order in which they are cut; a selector goes to the first facet that has it.
pub(super) const FACETS: [Source; 15] = [
    artifact!("DiamondCutFacet"),
    artifact!("DiamondLoupeFacet"),
    artifact!("OwnershipFacet"),
    artifact!("IexecAccessorsABILegacyFacet"),
    artifact!("IexecBagsFacet"),
    artifact!("IexecCategoryManagerFacet"),
    artifact!("IexecConfigurationExtraFacet"),
    artifact!("IexecConfigurationFacet"),
    artifact!("IexecEscrowTokenFacet"),
    artifact!("IexecLightFacet"),
    artifact!("IexecOrderManagementFacet"),
    artifact!("IexecPoco1Facet"),
    artifact!("IexecPoco2Facet"),
    artifact!("IexecPocoAccessorsFacet"),
    artifact!("IexecRelayFacet"),
];

/// One compiled contract.
#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub(super) abi: JsonAbi,
    pub(super) bytecode: Bytes,
}

impl Artifact {
    pub(super) fn read((name, json): Source) -> Self {
        let read: Result<Self, _> = serde_json::from_str(json);
        match read {
            Ok(artifact) => artifact,
            Err(error) => unreachable!("the committed artifact {name} is valid, a test reads it: {error}"),
        }
    }

    /// What a diamond sends to this contract: its functions, plain transfers as 0x00000000, the rest as 0xffffffff.
    pub(super) fn selectors(&self) -> Vec<[u8; 4]> {
        let mut selectors: Vec<[u8; 4]> = self.abi.functions().map(|function| function.selector().0).collect();
        selectors.extend(self.abi.receive.is_some().then_some([0; 4]));
        selectors.extend(self.abi.fallback.is_some().then_some([0xff; 4]));
        selectors
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use alloy::sol_types::SolInterface as _;

    use super::*;
    use crate::bindings::{Hub, Registry, Resource, Rlc};

    fn functions(sources: &[Source]) -> BTreeSet<[u8; 4]> {
        sources.iter().flat_map(|source| Artifact::read(*source).selectors()).collect()
    }

    fn events(sources: &[Source]) -> BTreeSet<[u8; 32]> {
        let abis = sources.iter().map(|source| Artifact::read(*source).abi);
        abis.flat_map(|abi| abi.events().map(|event| event.selector().0).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn the_hub_has_every_function_and_event_that_the_bindings_name() {
        let interface = [artifact!("IexecInterfaceToken")];
        let (interface_functions, interface_events) = (functions(&interface), events(&interface));
        let facets = functions(&FACETS);
        for selector in Hub::HubCalls::selectors() {
            let name = Hub::HubCalls::name_by_selector(selector).unwrap();
            assert!(interface_functions.contains(&selector), "{name} is not in the interface");
            assert!(facets.contains(&selector), "{name} is in no facet");
        }
        for selector in Hub::HubEvents::SELECTORS {
            assert!(interface_events.contains(selector), "an event is not in the interface");
        }
    }

    #[test]
    fn registries_resources_and_token_have_what_the_bindings_name() {
        let registries = functions(&[APP_REGISTRY, DATASET_REGISTRY, WORKERPOOL_REGISTRY]);
        for selector in Registry::RegistryCalls::selectors() {
            assert!(registries.contains(&selector), "{:?}", Registry::RegistryCalls::name_by_selector(selector));
        }
        let resources = functions(&[artifact!("Workerpool")]);
        assert!(Resource::ResourceCalls::selectors().all(|selector| resources.contains(&selector)));
        let token = functions(&[RLC]);
        assert!(Rlc::RlcCalls::selectors().all(|selector| token.contains(&selector)));
    }

    #[test]
    fn every_contract_fits_a_block_chain() {
        let all = [RLC, DIAMOND, DIAMOND_INIT, APP_REGISTRY, DATASET_REGISTRY, WORKERPOOL_REGISTRY];
        for source in all.into_iter().chain(FACETS) {
            let artifact = Artifact::read(source);
            assert!(!artifact.bytecode.is_empty() && artifact.bytecode.len() <= 49_152, "{}", source.0);
        }
    }
}
