//! The whole system on an [`Evm`], deployed in the specification's order. Source: `poco-contracts.md` 2.4, 8, 9.

use alloy::primitives::{Address, B256, FixedBytes, U256, keccak256};
use alloy::sol_types::{SolCall, SolValue as _};
use protocol::order::Domain;
use protocol::{Amount, ChainTime};

use crate::abi::{Cut, Diamond, DiamondArgs, Hub, Registry, Rlc};
use crate::{Actor, Artifact, Done, Evm, Reverted};

/// Reference times of the categories, in seconds.
pub const UNITS: [u64; 5] = [300, 1_200, 3_600, 10_800, 36_000];

/// 1 nRLC of a native hub. Source: `poco-contracts.md` 7.5.
pub const WEI_PER_NRLC: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);

const CHAIN_ID: u64 = 65_535;
/// First storage slot of the protocol's state. Source: `poco-contracts.md` 5.
const STATE: &str = "0x5862653c6982c162832160cf30593645e8487b257e44d77cdd6b51eee2651b00";
const MANAGEMENT: [&str; 3] = ["DiamondCutFacet", "DiamondLoupeFacet", "OwnershipFacet"];
/// Where the native escrow stands instead of the token's, everything else is the same.
const NATIVE_ESCROW: &str = "IexecEscrowNativeFacet";
const TOKEN_ESCROW: &str = "IexecEscrowTokenFacet";
const PROTOCOL: [&str; 12] = [
    "IexecAccessorsABILegacyFacet",
    "IexecCategoryManagerFacet",
    "IexecConfigurationExtraFacet",
    "IexecConfigurationFacet",
    TOKEN_ESCROW,
    "IexecLightFacet",
    "IexecOrderManagementFacet",
    "IexecPoco1Facet",
    "IexecPoco2Facet",
    "IexecPocoAccessorsFacet",
    "IexecRelayFacet",
    "IexecBagsFacet",
];

/// The module that a hub can do without.
const BOOST: [&str; 2] = ["IexecPocoBoostFacet", "IexecPocoBoostAccessorsFacet"];

/// Token, hub and registries. Cloning it is a snapshot.
#[derive(Clone, Debug)]
pub struct Market {
    /// The chain underneath.
    pub evm: Evm,
    /// The diamond.
    pub hub: Address,
    /// The base token; zero on a native hub, which stakes the chain's coin.
    pub rlc: Address,
    /// Owner of everything, and of the token's supply.
    pub owner: Address,
    /// Registries of apps, datasets and pools.
    pub registries: [Address; 3],
    /// Facets by name.
    pub facets: Vec<(&'static str, Address)>,
}

impl Market {
    /// Deploys and configures everything.
    ///
    /// # Panics
    /// When any step fails: the contracts do not deploy as specified.
    #[must_use]
    pub fn deployed() -> Self {
        Self::unconfigured().open()
    }

    /// Deploys and configures everything for the chain's coin, on Berlin rules: such chains know no later ones.
    ///
    /// # Panics
    /// When any step fails: the contracts do not deploy as specified.
    #[must_use]
    pub fn native() -> Self {
        Self::on(Evm::of_berlin(CHAIN_ID), NATIVE_ESCROW).open()
    }

    fn open(self) -> Self {
        let mut market = self;
        market.configure().expect("a new hub can be configured once");
        for (name, unit) in ["XS", "S", "M", "L", "XL"].into_iter().zip(UNITS) {
            let (name, description) = (name.to_owned(), "\"\"".to_owned());
            let category = Hub::createCategoryCall { name, description, timeRef: U256::from(unit) };
            market.call(market.owner, &category).expect("the owner may create categories");
        }
        market
    }

    /// Deploys everything, but neither configures the hub nor creates categories.
    ///
    /// # Panics
    /// When any step fails: the contracts do not deploy as specified.
    #[must_use]
    pub fn unconfigured() -> Self {
        Self::on(Evm::new(CHAIN_ID), TOKEN_ESCROW)
    }

    fn on(mut evm: Evm, escrow: &'static str) -> Self {
        let owner = Actor::number(0).address();
        let native = escrow == NATIVE_ESCROW;
        let rlc = if native { Address::ZERO } else { evm.deploy(owner, &Artifact::named("RLC"), &[]) };
        let init = evm.deploy(owner, &Artifact::named("DiamondInit"), &[]);
        let mut facets = Vec::new();
        let mut cuts = Vec::new();
        for name in MANAGEMENT {
            let artifact = Artifact::named(name);
            let facet = evm.deploy(owner, &artifact, &[]);
            cuts.push(Cut { facetAddress: facet, action: 0, functionSelectors: artifact.selectors() });
            facets.push((name, facet));
        }
        let mut known: Vec<_> = cuts.iter().flat_map(|cut| cut.functionSelectors.clone()).collect();
        let args = DiamondArgs { owner, init, initCalldata: Diamond::initCall {}.abi_encode().into() };
        let hub = evm.deploy(owner, &Artifact::named("Diamond"), &(cuts, args).abi_encode_params());
        for name in PROTOCOL.map(|name| if name == TOKEN_ESCROW { escrow } else { name }) {
            let facet = add_facet(&mut evm, owner, hub, name, &mut known);
            facets.push((name, facet));
        }
        let registries = ["AppRegistry", "DatasetRegistry", "WorkerpoolRegistry"].map(|name| {
            let registry = evm.deploy(owner, &Artifact::named(name), &[]);
            let start = Registry::initializeCall { previous: Address::ZERO };
            evm.call(owner, registry, &start).expect("the owner may initialize a registry once");
            registry
        });
        Self { evm, hub, rlc, owner, registries, facets }
    }

    /// Adds the boost module to the hub.
    ///
    /// # Panics
    /// When it is there already.
    pub fn add_boost(&mut self) {
        for name in BOOST {
            let facet = add_facet(&mut self.evm, self.owner, self.hub, name, &mut Vec::new());
            self.facets.push((name, facet));
        }
    }

    /// Configures the hub with its reference values.
    ///
    /// # Errors
    /// [`Reverted`] when the hub is configured already.
    pub fn configure(&mut self) -> Result<Done, Reverted> {
        let [app, dataset, workerpool] = self.registries;
        let call = Hub::configureCall {
            token: self.rlc,
            name: "Staked RLC".to_owned(),
            symbol: "SRLC".to_owned(),
            decimals: 9,
            appRegistry: app,
            datasetRegistry: dataset,
            workerpoolRegistry: workerpool,
            v3hub: Address::ZERO,
        };
        self.call(self.owner, &call)
    }

    /// Calls the hub.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn call<C: SolCall>(&mut self, from: Address, call: &C) -> Result<Done, Reverted> {
        self.evm.call(from, self.hub, call)
    }

    /// Reads the hub.
    ///
    /// # Errors
    /// [`Reverted`] as the hub said it.
    pub fn view<C: SolCall>(&mut self, call: &C) -> Result<C::Return, Reverted> {
        self.evm.view(self.hub, call)
    }

    /// The hub's clock.
    #[must_use]
    pub fn now(&self) -> ChainTime {
        ChainTime(self.evm.now)
    }

    /// The domain that the hub's orders are signed for.
    #[must_use]
    pub fn domain(&self) -> Domain {
        Domain::of_hub(CHAIN_ID, self.hub)
    }

    /// Gives tokens, or on a native hub coin, to an account.
    ///
    /// # Panics
    /// When the supply is used up.
    pub fn give(&mut self, account: Address, amount: Amount) {
        if self.rlc == Address::ZERO {
            let wei = self.evm.coin(account) + amount.to_nrlc() * WEI_PER_NRLC;
            return self.evm.set_coin(account, wei);
        }
        let transfer = Rlc::transferCall { to: account, amount: amount.to_nrlc() };
        self.evm.call(self.owner, self.rlc, &transfer).expect("the owner holds the supply");
    }

    /// Gives tokens to an account and deposits them, as clients do.
    ///
    /// # Panics
    /// When the deposit fails.
    pub fn fund(&mut self, account: Address, amount: Amount) -> Done {
        self.give(account, amount);
        self.deposit(account, amount).expect("the account was just given the tokens")
    }

    /// Deposits an account's tokens or coin, as clients do.
    ///
    /// # Errors
    /// [`Reverted`] when it has too few tokens.
    ///
    /// # Panics
    /// When it has too little coin.
    pub fn deposit(&mut self, account: Address, amount: Amount) -> Result<Done, Reverted> {
        if self.rlc == Address::ZERO {
            let wei = amount.to_nrlc() * WEI_PER_NRLC;
            return self.evm.pay(account, self.hub, alloy::primitives::Bytes::new(), wei);
        }
        let (spender, data) = (self.hub, alloy::primitives::Bytes::new());
        let deposit = Rlc::approveAndCallCall { spender, amount: amount.to_nrlc(), data };
        self.evm.call(account, self.rlc, &deposit)
    }

    /// Writes a member of the protocol's state, by its offset.
    ///
    /// # Panics
    /// Never: the first slot is a constant.
    pub fn poke(&mut self, offset: u64, value: B256) {
        self.evm.poke(self.hub, slot(offset), value);
    }

    /// Writes a worker's score.
    pub fn set_score(&mut self, worker: Address, score: U256) {
        let key = keccak256((worker, slot(18)).abi_encode());
        self.evm.poke(self.hub, key, B256::from(score));
    }

    /// Free and locked money of an account.
    ///
    /// # Panics
    /// When the hub does not answer.
    pub fn account(&mut self, account: Address) -> (Amount, Amount) {
        let view = self.view(&Hub::viewAccountCall { account }).expect("accounts are always readable");
        (Amount::from_nrlc(view.stake), Amount::from_nrlc(view.locked))
    }

    /// A worker's score.
    ///
    /// # Panics
    /// When the hub does not answer.
    pub fn score(&mut self, worker: Address) -> U256 {
        self.view(&Hub::viewScoreCall { worker }).expect("scores are always readable")
    }
}

fn slot(offset: u64) -> B256 {
    let base: B256 = STATE.parse().expect("a 32-byte constant");
    B256::from(U256::from_be_bytes(base.0) + U256::from(offset))
}

fn add_facet(
    evm: &mut Evm,
    owner: Address,
    hub: Address,
    name: &'static str,
    known: &mut Vec<FixedBytes<4>>,
) -> Address {
    let artifact = Artifact::named(name);
    let facet = evm.deploy(owner, &artifact, &[]);
    let fresh: Vec<_> = artifact.selectors().into_iter().filter(|selector| !known.contains(selector)).collect();
    known.extend(&fresh);
    let cuts = vec![Cut { facetAddress: facet, action: 0, functionSelectors: fresh }];
    let cut = Diamond::diamondCutCall { cuts, init: Address::ZERO, data: alloy::primitives::Bytes::new() };
    evm.call(owner, hub, &cut).unwrap_or_else(|error| panic!("adding {name}: {error:?}"));
    facet
}
