//! The script of a deployment: every transaction, and every address it will give, known before the first is sent.

use std::collections::BTreeSet;

use alloy::primitives::{Address, Bytes, TxKind};
use alloy::sol_types::{SolCall, SolValue};

use super::Deployment;
use super::artifacts::{
    APP_REGISTRY, Artifact, DATASET_REGISTRY, DIAMOND, DIAMOND_INIT, FACETS, RLC, WORKERPOOL_REGISTRY,
};
use crate::bindings::{Diamond, Hub, Registry, SolDiamondArgs, SolFacetCut};
use crate::calls;

/// Categories of the public networks: name and reference time in seconds. Source: `poco-contracts.md` 8.
pub const STANDARD_CATEGORIES: [(&str, u64); 5] =
    [("XS", 300), ("S", 1_200), ("M", 3_600), ("L", 10_800), ("XL", 36_000)];

/// JSON of an empty string: what deployed hubs have as description.
const NO_DESCRIPTION: &str = "\"\"";
/// About a hundred selectors, two storage slots each.
const CUT_GAS: u64 = 12_000_000;
const CALL_GAS: u64 = 1_000_000;

/// What may be chosen about a new hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// An RLC token that exists; `None` deploys one and gives the whole supply to the deployer.
    pub token: Option<Address>,
    /// Name and reference time (seconds) of each category. Default [`STANDARD_CATEGORIES`].
    pub categories: Vec<(String, u64)>,
}

impl Default for Options {
    fn default() -> Self {
        let categories = STANDARD_CATEGORIES.iter().map(|(name, unit)| ((*name).to_owned(), *unit)).collect();
        Self { token: None, categories }
    }
}

/// One transaction.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) to: TxKind,
    pub(super) data: Bytes,
    pub(super) gas: u64,
}

/// All transactions of a deployment.
pub(super) struct Script {
    owner: Address,
    first: u64,
    pub(super) steps: Vec<Step>,
    /// The block is filled in at the end.
    pub(super) deployment: Deployment,
}

impl Script {
    pub(super) fn write(owner: Address, first: u64, chain_id: u64, options: &Options) -> Self {
        let zero = Address::ZERO;
        let (hub, token, app_registry, dataset_registry, workerpool_registry) = (zero, zero, zero, zero, zero);
        let deployment =
            Deployment { chain_id, hub, token, app_registry, dataset_registry, workerpool_registry, block: 0 };
        let mut script = Self { owner, first, steps: Vec::new(), deployment };
        script.deployment.token = match options.token {
            Some(token) => token,
            None => script.create(RLC, &[]),
        };
        script.deployment.hub = script.diamond();
        script.registries();
        script.configure(options);
        script
    }

    /// Adds a contract creation; answers where it will be.
    fn create(&mut self, source: (&'static str, &'static str), arguments: &[u8]) -> Address {
        let mut code = Artifact::read(source).bytecode.to_vec();
        code.extend_from_slice(arguments);
        let nonce = self.first + self.steps.len() as u64;
        // 16 gas a byte of data, 200 a byte of code, and what the constructor itself writes.
        let gas = 1_000_000 + 250 * code.len() as u64;
        self.steps.push(Step { name: source.0, to: TxKind::Create, data: code.into(), gas });
        self.owner.create(nonce)
    }

    fn call(&mut self, name: &'static str, to: Address, call: &impl SolCall) {
        let data = call.abi_encode().into();
        self.steps.push(Step { name, to: TxKind::Call(to), data, gas: CALL_GAS });
    }

    fn diamond(&mut self) -> Address {
        let init = self.create(DIAMOND_INIT, &[]);
        let mut taken = BTreeSet::new();
        let mut cuts = Vec::new();
        for facet in FACETS {
            let selectors = Artifact::read(facet).selectors();
            let fresh = selectors.into_iter().filter(|selector| taken.insert(*selector));
            let selectors = fresh.map(Into::into).collect();
            let address = self.create(facet, &[]);
            cuts.push(SolFacetCut { facetAddress: address, action: 0, functionSelectors: selectors });
        }
        let arguments =
            SolDiamondArgs { owner: self.owner, init, initCalldata: Diamond::initCall {}.abi_encode().into() };
        let hub = self.create(DIAMOND, &(cuts, arguments).abi_encode_params());
        if let Some(cut) = self.steps.last_mut() {
            cut.gas = CUT_GAS;
        }
        hub
    }

    fn registries(&mut self) {
        self.deployment.app_registry = self.registry(APP_REGISTRY, "app");
        self.deployment.dataset_registry = self.registry(DATASET_REGISTRY, "dataset");
        self.deployment.workerpool_registry = self.registry(WORKERPOOL_REGISTRY, "workerpool");
    }

    fn registry(&mut self, source: (&'static str, &'static str), kind: &str) -> Address {
        let registry = self.create(source, &[]);
        self.call("initialize a registry", registry, &Registry::initializeCall { previous: Address::ZERO });
        let uri = format!("https://nfts-metadata.iex.ec/{kind}/{}/", self.deployment.chain_id);
        self.call("set a registry's base URI", registry, &Registry::setBaseURICall { uri });
        registry
    }

    fn configure(&mut self, options: &Options) {
        let hub = self.deployment.hub;
        let configure = Hub::configureCall {
            token: self.deployment.token,
            name: "Staked RLC".to_owned(),
            symbol: "SRLC".to_owned(),
            decimal: 9,
            appregistry: self.deployment.app_registry,
            datasetregistry: self.deployment.dataset_registry,
            workerpoolregistry: self.deployment.workerpool_registry,
            v3hub: Address::ZERO,
        };
        self.call("configure the hub", hub, &configure);
        for (name, unit) in &options.categories {
            let create = calls::create_category(hub, name, NO_DESCRIPTION, *unit);
            self.steps.push(Step { name: create.name, to: TxKind::Call(hub), data: create.data, gas: CALL_GAS });
        }
    }
}
