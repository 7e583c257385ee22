//! Registries: predictable addresses, ownership by token, and getters that clients read.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolEvent as _;
use fairgrid_conformance::abi::{Hub, Registry, Resources};
use fairgrid_conformance::{Artifact, Market, Reverted, Stage};

const OWNER: Address = Address::repeat_byte(0x99);
const ANYBODY: Address = Address::repeat_byte(0x98);

fn bare<T>(result: Result<T, Reverted>) {
    assert_eq!(result.err(), Some(Reverted::Bare));
}

fn says<T>(result: Result<T, Reverted>, words: &str) {
    assert_eq!(result.err(), Some(Reverted::text(words)));
}

fn id(resource: Address) -> U256 {
    U256::from_be_bytes(resource.into_word().0)
}

#[test]
fn every_resource_is_created_where_it_was_predicted_and_minted_to_its_owner() {
    let mut market = Market::deployed();
    let [apps, datasets, pools] = market.registries;
    let (name, kind, multiaddr, checksum) = ("n".to_owned(), "DOCKER".to_owned(), Bytes::from_static(&[1]), B256::ZERO);
    let mrenclave = Bytes::from_static(b"{}");
    let predictions = [
        (
            apps,
            market
                .evm
                .view(
                    apps,
                    &Registry::predictAppCall {
                        owner: OWNER,
                        name: name.clone(),
                        kind: kind.clone(),
                        multiaddr: multiaddr.clone(),
                        checksum,
                        mrenclave: mrenclave.clone(),
                    },
                )
                .unwrap(),
        ),
        (
            datasets,
            market
                .evm
                .view(
                    datasets,
                    &Registry::predictDatasetCall {
                        owner: OWNER,
                        name: name.clone(),
                        multiaddr: multiaddr.clone(),
                        checksum,
                    },
                )
                .unwrap(),
        ),
        (
            pools,
            market
                .evm
                .view(pools, &Registry::predictWorkerpoolCall { owner: OWNER, description: name.clone() })
                .unwrap(),
        ),
    ];
    let created = [
        market.evm.call(
            ANYBODY,
            apps,
            &Registry::createAppCall {
                owner: OWNER,
                name: name.clone(),
                kind,
                multiaddr: multiaddr.clone(),
                checksum,
                mrenclave,
            },
        ),
        market.evm.call(
            ANYBODY,
            datasets,
            &Registry::createDatasetCall { owner: OWNER, name: name.clone(), multiaddr, checksum },
        ),
        market.evm.call(ANYBODY, pools, &Registry::createWorkerpoolCall { owner: OWNER, description: name }),
    ];
    for ((registry, predicted), done) in predictions.into_iter().zip(created) {
        let done = done.unwrap();
        assert_eq!(done.output.as_ref(), predicted.into_word().as_slice());
        let mint = done.logs.iter().find_map(|log| Registry::Transfer::decode_log(log).ok()).unwrap();
        assert_eq!((mint.from, mint.to, mint.tokenId), (Address::ZERO, OWNER, id(predicted)));
        assert_eq!(market.evm.view(predicted, &Resources::ownerCall {}).unwrap(), OWNER);
        assert_eq!(market.evm.view(predicted, &Resources::registryCall {}).unwrap(), registry);
        assert!(market.evm.view(registry, &Registry::isRegisteredCall { entry: predicted }).unwrap());
        assert!(!market.evm.view(registry, &Registry::isRegisteredCall { entry: ANYBODY }).unwrap());
        let first = Registry::tokenOfOwnerByIndexCall { owner: OWNER, index: U256::ZERO };
        assert_eq!(market.evm.view(registry, &first).unwrap(), id(predicted));
        assert_eq!(market.evm.view(registry, &Registry::totalSupplyCall {}).unwrap(), U256::from(1));
    }
}

#[test]
fn the_address_follows_from_registry_salt_and_proxy_code() {
    use alloy::sol_types::SolCall as _;
    let mut market = Market::deployed();
    let pools = market.registries[2];
    let initializer = Resources::initializeCall { description: "d".to_owned() }.abi_encode();
    let salt = alloy::primitives::keccak256([initializer.as_slice(), OWNER.as_slice()].concat());
    let code = market.evm.view(pools, &Registry::proxyCodeCall {}).unwrap();
    assert_eq!(code, Artifact::named("InitializableUpgradeabilityProxy").bytecode);
    let hash = market.evm.view(pools, &Registry::proxyCodeHashCall {}).unwrap();
    assert_eq!(hash, alloy::primitives::keccak256(&code));
    let predict = Registry::predictWorkerpoolCall { owner: OWNER, description: "d".to_owned() };
    assert_eq!(market.evm.view(pools, &predict).unwrap(), pools.create2(salt, hash));
}

#[test]
fn masters_run_exactly_the_code_of_their_artifacts() {
    let mut market = Market::deployed();
    for (registry, name) in market.registries.into_iter().zip(["App", "Dataset", "Workerpool"]) {
        let master = market.evm.view(registry, &Registry::masterCall {}).unwrap();
        let code = market.evm.code(master);
        let artifact = Artifact::named(name);
        assert!(!code.is_empty());
        assert_eq!(code, artifact.deployed, "{name}");
        assert!(artifact.bytecode.windows(code.len()).any(|window| window == code.as_ref()), "{name}");
    }
}

#[test]
fn a_resource_changes_hands_with_its_token() {
    let mut stage = Stage::new();
    let pools = stage.market.registries[2];
    let give = Registry::transferFromCall { from: stage.scheduler.address(), to: OWNER, id: id(stage.pool) };
    stage.market.evm.call(stage.scheduler.address(), pools, &give).unwrap();
    assert_eq!(stage.market.evm.view(stage.pool, &Resources::ownerCall {}).unwrap(), OWNER);
    assert!(
        stage
            .market
            .evm
            .view(pools, &Registry::tokenOfOwnerByIndexCall { owner: stage.scheduler.address(), index: U256::ZERO })
            .is_err()
    );
    let orders = stage.sign(stage.terms(1, 1));
    let refused = stage.match_orders(&orders).unwrap_err();
    assert_eq!(refused, fairgrid_conformance::Reverted::text("iExecV5-matchOrders-0x41"));
}

#[test]
fn getters_without_arguments_answer_on_every_resource() {
    let mut stage = Stage::new();
    for (name, resource) in [("App", stage.app), ("Dataset", stage.dataset), ("Workerpool", stage.pool)] {
        let artifact = Artifact::named(name);
        let views = artifact.abi.functions().filter(|function| {
            function.inputs.is_empty() && function.state_mutability == alloy::json_abi::StateMutability::View
        });
        let mut count = 0;
        for view in views {
            let answer = stage.market.evm.send(ANYBODY, resource, view.selector().to_vec().into());
            assert!(answer.is_ok_and(|done| !done.output.is_empty()), "{name}.{}", view.name);
            count += 1;
        }
        assert!(count >= 5, "{name} has {count} getters");
    }
    assert_eq!(stage.market.evm.view(stage.app, &Resources::m_appNameCall {}).unwrap(), "a name");
    assert_eq!(
        stage.market.evm.view(stage.pool, &Resources::m_schedulerRewardRatioPolicyCall {}).unwrap(),
        U256::from(1)
    );
}

#[test]
fn a_previous_registry_still_counts() {
    let mut market = Market::deployed();
    let old = market.registries[2];
    let description = "old".to_owned();
    let done = market.evm.call(ANYBODY, old, &Registry::createWorkerpoolCall { owner: OWNER, description }).unwrap();
    let pool = Address::from_word(done.output[..32].try_into().unwrap());
    let owner = market.owner;
    let new = market.evm.deploy(owner, &Artifact::named("WorkerpoolRegistry"), &[]);
    assert!(!market.evm.view(new, &Registry::isRegisteredCall { entry: pool }).unwrap());
    market.evm.call(owner, new, &Registry::initializeCall { previous: old }).unwrap();
    assert!(market.evm.view(new, &Registry::isRegisteredCall { entry: pool }).unwrap());
}

#[test]
fn a_token_uri_is_the_base_and_the_decimal_id() {
    let mut stage = Stage::new();
    let apps = stage.market.registries[0];
    let uri = "https://nfts-metadata.iex.ec/app/65535/".to_owned();
    stage.market.evm.call(stage.market.owner, apps, &Registry::setBaseURICall { uri: uri.clone() }).unwrap();
    let seen = stage.market.evm.view(apps, &Registry::tokenURICall { id: id(stage.app) }).unwrap();
    assert_eq!(seen, format!("{uri}{}", id(stage.app)));
}

#[test]
fn the_hub_declares_the_interfaces_of_a_diamond() {
    let mut market = Market::deployed();
    for interface in ["0x01ffc9a7", "0x1f931c1c", "0x48e2b093", "0x7f5828d0"] {
        assert!(market.view(&Hub::supportsInterfaceCall { id: interface.parse().unwrap() }).unwrap(), "{interface}");
    }
    assert!(!market.view(&Hub::supportsInterfaceCall { id: [0xff; 4].into() }).unwrap());
}

#[test]
fn registries_have_the_names_that_explorers_show() {
    let mut market = Market::deployed();
    let names = [
        ("iExec Application Registry (V5)", "iExecAppsV5"),
        ("iExec Dataset Registry (V5)", "iExecDatasetsV5"),
        ("iExec Workerpool Registry (V5)", "iExecWorkerpoolV5"),
    ];
    for (registry, (name, symbol)) in market.registries.into_iter().zip(names) {
        assert_eq!(market.evm.view(registry, &Registry::nameCall {}).unwrap(), name);
        assert_eq!(market.evm.view(registry, &Registry::symbolCall {}).unwrap(), symbol);
        assert_eq!(market.evm.view(registry, &Registry::ownerCall {}).unwrap(), market.owner);
        assert_eq!(market.evm.view(registry, &Registry::previousCall {}).unwrap(), Address::ZERO);
        assert!(market.evm.view(registry, &Registry::initializedCall {}).unwrap());
    }
}

/// The calls that made the three resources of the stage, their registries, and a second initialization of each.
fn creations(stage: &Stage) -> [(Address, Bytes, Address, Bytes); 3] {
    use alloy::sol_types::SolCall as _;
    let [apps, datasets, pools] = stage.market.registries;
    let (name, multiaddr, checksum) = ("a name".to_owned(), Bytes::from_static(b"ipfs"), B256::ZERO);
    let app = Registry::createAppCall {
        owner: stage.app_owner.address(),
        name: name.clone(),
        kind: "DOCKER".to_owned(),
        multiaddr: multiaddr.clone(),
        checksum,
        mrenclave: Bytes::new(),
    };
    let owner = stage.dataset_owner.address();
    let dataset = Registry::createDatasetCall { owner, name, multiaddr, checksum };
    let (owner, description) = (stage.scheduler.address(), "a pool".to_owned());
    let pool = Registry::createWorkerpoolCall { owner, description };
    let again = |selector: [u8; 4], dynamic: usize, words: usize| -> Bytes {
        // Every dynamic argument points at the same empty value behind the head.
        let head = (0..words).map(|at| B256::from(U256::from(if at < dynamic { words * 32 } else { 0 })));
        let mut data = selector.to_vec();
        head.chain([B256::ZERO]).for_each(|word| data.extend(word));
        data.into()
    };
    [
        (apps, app.abi_encode().into(), stage.app, again([0x86, 0xc0, 0x2c, 0x8f], 5, 5)),
        (datasets, dataset.abi_encode().into(), stage.dataset, again([0x8c, 0x2b, 0x1e, 0x2f], 2, 3)),
        (pools, pool.abi_encode().into(), stage.pool, again([0xf6, 0x2d, 0x18, 0x88], 1, 1)),
    ]
}

#[test]
fn each_kind_of_resource_is_created_once_and_initialized_once() {
    let mut stage = Stage::new();
    for (registry, create, resource, again) in creations(&stage) {
        says(stage.market.evm.send(ANYBODY, registry, create), "Create2: Failed on deploy");
        says(stage.market.evm.send(ANYBODY, resource, again), "already initialized");
    }
}

#[test]
fn each_registry_is_initialized_once_even_by_its_owner() {
    let mut market = Market::deployed();
    for registry in market.registries {
        bare(market.evm.call(market.owner, registry, &Registry::initializeCall { previous: ANYBODY }));
    }
}

#[test]
fn names_are_not_supported_for_owners_and_nobody_elses_business() {
    let mut stage = Stage::new();
    let name = Registry::setNameCall { ens: ANYBODY, name: "a".to_owned() };
    for registry in stage.market.registries {
        let owner = stage.market.owner;
        says(stage.market.evm.call(owner, registry, &name), "Operation not supported on this chain");
        says(stage.market.evm.call(ANYBODY, registry, &name), "Ownable: caller is not the owner");
    }
    let owners = [&stage.app_owner, &stage.dataset_owner, &stage.scheduler].map(|owner| owner.address());
    for (resource, owner) in [stage.app, stage.dataset, stage.pool].into_iter().zip(owners) {
        says(stage.market.evm.call(owner, resource, &name), "Operation not supported on this chain");
        says(stage.market.evm.call(ANYBODY, resource, &name), "caller is not the owner");
    }
}

#[test]
fn a_policy_is_changed_by_the_pools_owner_within_a_hundred_percent() {
    let mut stage = Stage::new();
    let (pool, scheduler) = (stage.pool, stage.scheduler.address());
    let policy = |stake, reward| Resources::changePolicyCall { stake, reward: U256::from(reward) };
    says(stage.market.evm.call(ANYBODY, pool, &policy(U256::ZERO, 1)), "caller is not the owner");
    bare(stage.market.evm.call(scheduler, pool, &policy(U256::ZERO, 101)));
    stage.market.evm.call(scheduler, pool, &policy(U256::MAX, 100)).unwrap();
    assert_eq!(stage.market.evm.view(pool, &Resources::m_workerStakeRatioPolicyCall {}).unwrap(), U256::MAX);
}
