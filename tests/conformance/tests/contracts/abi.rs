//! Every row of the specification's ABI tables is in the artifacts and served by the deployed diamond.

use std::collections::BTreeSet;

use alloy::json_abi::{Function, Param};
use alloy::primitives::{FixedBytes, keccak256};
use alloy::sol_types::SolCall as _;
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Artifact, Market, vectors};
use serde_json::Value;

/// Facets that the specification's tables do not know: their own tests have theirs.
const ADDED: &[&str] = &["IexecBagsFacet", "IexecLightFacet"];

fn rows(table: &str) -> Vec<Value> {
    vectors("abi")[table].as_array().unwrap().clone()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{row} has no {key}"))
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

fn types(params: &[Param]) -> Vec<String> {
    params.iter().map(|param| param.selector_type().into_owned()).collect()
}

fn function<'a>(artifact: &'a Artifact, row: &Value) -> &'a Function {
    let wanted = text(row, "signature");
    let found = artifact.abi.functions().find(|function| function.signature() == wanted);
    found.unwrap_or_else(|| panic!("{} has no {wanted}", artifact.name))
}

/// The tables of a hub that stakes the chain's coin: its own escrow, and all that is not the token's.
fn native_rows() -> Vec<Value> {
    let shared = rows("functions").into_iter().filter(|row| text(row, "facet") != "IexecEscrowTokenFacet");
    shared.chain(rows("native")).collect()
}

/// A struct is one tuple; several results are several results.
fn check_function(function: &Function, row: &Value) {
    let signature = text(row, "signature");
    assert_eq!(function.selector().to_string(), text(row, "selector"), "{signature}");
    assert_eq!(types(&function.outputs), names(&row["outputs"]), "results of {signature}");
    let mutability = serde_json::to_value(function.state_mutability).unwrap();
    assert_eq!(mutability, row["mutability"], "{signature}");
    let structs = &vectors("abi")["structs"];
    for ((param, name), kind) in function.inputs.iter().zip(names(&row["inputs"])).zip(names(&row["structs"])) {
        assert_eq!(param.name, name, "argument of {signature}");
        if !kind.is_empty() {
            let fields: Vec<_> = param.components.iter().map(|field| field.name.as_str()).collect();
            assert_eq!(fields, names(&structs[kind]), "{signature}: fields of {kind}");
        }
    }
}

#[test]
fn every_function_of_the_tables_is_in_its_facet() {
    for row in rows("functions").into_iter().chain(rows("native")) {
        let selector = keccak256(text(&row, "signature"));
        assert_eq!(FixedBytes::<4>::from_slice(&selector[..4]).to_string(), text(&row, "selector"));
        check_function(function(&Artifact::named(text(&row, "facet")), &row), &row);
    }
}

#[test]
fn every_function_of_the_tables_is_in_the_aggregate_interface() {
    for (name, rows) in [("IexecInterfaceToken", rows("functions")), ("IexecInterfaceNative", native_rows())] {
        let aggregate = Artifact::named(name);
        for row in rows {
            let management = ["DiamondCutFacet", "DiamondLoupeFacet"].contains(&text(&row, "facet"));
            if !management {
                check_function(function(&aggregate, &row), &row);
            }
        }
    }
}

#[test]
fn plain_transfers_and_unknown_calls_are_payable_in_every_interface_that_serves_them() {
    use alloy::json_abi::StateMutability::Payable;
    for name in ["IexecInterfaceToken", "IexecInterfaceNative", "IexecEscrowTokenFacet", "IexecEscrowNativeFacet"] {
        let abi = Artifact::named(name).abi;
        assert_eq!(abi.receive.map(|entry| entry.state_mutability), Some(Payable), "{name}");
        assert_eq!(abi.fallback.map(|entry| entry.state_mutability), Some(Payable), "{name}");
    }
}

/// Signatures of an aggregate interface.
fn signatures(name: &str) -> BTreeSet<String> {
    Artifact::named(name).abi.functions().map(Function::signature).collect()
}

#[test]
fn the_two_aggregate_interfaces_differ_by_the_deposits_and_by_errors_only() {
    let (token, native) = (signatures("IexecInterfaceToken"), signatures("IexecInterfaceNative"));
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(only(&token, &native), ["deposit(uint256)", "depositFor(uint256,address)"]);
    assert_eq!(only(&native, &token), ["deposit()", "depositFor(address)"]);
    for unserved in ["receiveApproval(address,uint256,address,bytes)", "renounceOwnership()"] {
        assert!(native.contains(unserved), "{unserved} is listed although nobody serves it");
    }
    let [token, native] = ["IexecInterfaceToken", "IexecInterfaceNative"].map(Artifact::named);
    let events = |artifact: &Artifact| artifact.abi.events().map(|event| event.signature()).collect::<BTreeSet<_>>();
    assert_eq!(events(&token), events(&native));
    let errors = |artifact: &Artifact| artifact.abi.errors().map(|error| error.signature()).collect::<Vec<_>>();
    assert!(errors(&native).iter().all(|error| errors(&token).contains(error)));
    for row in rows("errors") {
        let listed = errors(&native).contains(&text(&row, "signature").to_owned());
        assert_eq!(listed, text(&row, "signature") == "IncompatibleDatasetOrder(string)", "{row}");
    }
}

#[test]
fn the_diamond_serves_every_function_of_the_tables_and_no_other() {
    for (mut market, rows) in [(Market::deployed(), rows("functions")), (Market::native(), native_rows())] {
        let mut served = 0;
        for row in rows {
            let selector: FixedBytes<4> = text(&row, "selector").parse().unwrap();
            let facet = market.view(&Hub::facetAddressCall { selector }).unwrap();
            let name = market.facets.iter().find(|(_, address)| *address == facet).map(|(name, _)| *name);
            assert_eq!(name, Some(text(&row, "facet")), "{}", text(&row, "signature"));
            served += 1;
        }
        let old = market.facets.iter().filter(|(name, _)| !ADDED.contains(name));
        let registered: usize = old.map(|(name, _)| Artifact::named(name).selectors().len()).sum();
        assert_eq!(registered, served + 2, "the tables, receive and fallback");
        let native = market.rlc.is_zero();
        assert_eq!(served, if native { 95 } else { 96 });
        for (selector, what) in [(FixedBytes::ZERO, "receive"), (FixedBytes::repeat_byte(0xff), "fallback")] {
            assert!(!market.view(&Hub::facetAddressCall { selector }).unwrap().is_zero(), "{what}");
        }
    }
}

/// Names under which clients' tests look contracts up. Source: `poco-contracts.md` 2.4, 19.
const DEPLOYED: [&str; 35] = [
    "DiamondCutFacet",
    "DiamondLoupeFacet",
    "OwnershipFacet",
    "IexecAccessorsABILegacyFacet",
    "IexecCategoryManagerFacet",
    "IexecConfigurationExtraFacet",
    "IexecConfigurationFacet",
    "IexecEscrowTokenFacet",
    "IexecEscrowNativeFacet",
    "IexecOrderManagementFacet",
    "IexecPoco1Facet",
    "IexecPoco2Facet",
    "IexecPocoAccessorsFacet",
    "IexecRelayFacet",
    "IexecPocoBoostFacet",
    "IexecPocoBoostAccessorsFacet",
    "Diamond",
    "DiamondInit",
    "RLC",
    "IexecLibOrders_v5",
    "AppRegistry",
    "DatasetRegistry",
    "WorkerpoolRegistry",
    "App",
    "Dataset",
    "Workerpool",
    "InitializableUpgradeabilityProxy",
    "TestClient",
    "GasWasterClient",
    "TestReceiver",
    "OwnableMock",
    "ERC1271Mock",
    "ERC734Mock",
    "MatchOrdersFacetMock",
    "IexecEscrowTestContract",
];
const DESCRIBED: [&str; 15] = [
    "LibDiamond",
    "Registry",
    "Ownable",
    "IERC721",
    "IexecInterfaceToken",
    "IexecInterfaceNative",
    "IexecPocoAccessors",
    "IexecPocoBoostAccessors",
    "IexecConfiguration",
    "IexecConfigurationExtra",
    "IexecCategoryManager",
    "IexecOrderManagement",
    "IexecPoco2",
    "IWorkerpool",
    "IOracleConsumer",
];

#[test]
fn every_contract_that_clients_look_up_by_name_is_built() {
    for name in DEPLOYED {
        assert!(!Artifact::named(name).bytecode.is_empty(), "{name} cannot be deployed");
    }
    for name in DESCRIBED {
        let abi = Artifact::named(name).abi;
        assert!(name == "LibDiamond" || abi.functions().next().is_some(), "{name} has no functions");
    }
}

#[test]
fn test_doubles_have_the_functions_that_clients_use() {
    let doubles: [(&str, &[&str]); 8] = [
        ("TestClient", &["receiveResult(bytes32,bytes)", "gstore(bytes32)", "store(bytes32)"]),
        ("GasWasterClient", &["receiveResult(bytes32,bytes)", "counter()"]),
        ("TestReceiver", &["receiveApproval(address,uint256,address,bytes)"]),
        ("OwnableMock", &["owner()", "transferOwnership(address)"]),
        ("ERC1271Mock", &["isValidSignature(bytes32,bytes)"]),
        ("ERC734Mock", &["keyHasPurpose(bytes32,uint256)", "setKeyHasPurpose(bytes32,uint256)"]),
        ("MatchOrdersFacetMock", &[]),
        (
            "IexecEscrowTestContract",
            &[
                "lock_(address,uint256)",
                "unlock_(address,uint256)",
                "reward_(address,uint256,bytes32)",
                "seize_(address,uint256,bytes32)",
                "setBalance(address,uint256)",
                "balanceOf(address)",
                "frozenOf(address)",
            ],
        ),
    ];
    for (name, functions) in doubles {
        let served = signatures(name);
        assert!(functions.iter().all(|wanted| served.contains(*wanted)), "{name}: {served:?}");
    }
    let only = Artifact::named("MatchOrdersFacetMock").selectors();
    assert_eq!(only, [Hub::matchOrdersCall::SELECTOR], "its only function");
    let escrow = Artifact::named("IexecEscrowTestContract").abi;
    for event in ["Transfer", "Lock", "Unlock", "Reward", "Seize"] {
        assert!(escrow.event(event).is_some(), "{event}");
    }
}

#[test]
fn every_event_has_its_topic_names_and_indices() {
    let [token, native] = ["IexecInterfaceToken", "IexecInterfaceNative"].map(Artifact::named);
    for (aggregate, row) in [&token, &native].into_iter().flat_map(|a| rows("events").into_iter().map(move |r| (a, r)))
    {
        let signature = text(&row, "signature");
        assert_eq!(keccak256(signature).to_string(), text(&row, "topic"), "{signature}");
        let event = aggregate.abi.events().find(|event| event.signature() == signature);
        let event = event.unwrap_or_else(|| panic!("{} has no {signature}", aggregate.name));
        assert!(!event.anonymous, "{signature}");
        for (param, expected) in event.inputs.iter().zip(row["inputs"].as_array().unwrap()) {
            assert_eq!(param.name, text(expected, "name"), "{signature}");
            assert_eq!(param.indexed, expected["indexed"].as_bool().unwrap(), "{signature}: {}", param.name);
        }
    }
}

#[test]
fn every_custom_error_of_the_hub_is_in_the_aggregate_interface() {
    let aggregate = Artifact::named("IexecInterfaceToken");
    for row in rows("errors") {
        let error = aggregate.abi.errors().find(|error| error.signature() == text(&row, "signature"));
        let error = error.unwrap_or_else(|| panic!("no {}", text(&row, "signature")));
        assert_eq!(error.selector().to_string(), text(&row, "selector"));
    }
}

#[test]
fn structs_are_returned_with_the_names_that_clients_use() {
    let aggregate = Artifact::named("IexecInterfaceToken");
    let structs = &vectors("abi")["structs"];
    for (function, kind) in [
        ("viewDeal", "Deal"),
        ("viewTask", "Task"),
        ("viewContribution", "Contribution"),
        ("viewAccount", "Account"),
        ("viewCategory", "Category"),
        ("viewApp", "AppInfo"),
        ("viewDataset", "DatasetInfo"),
        ("viewWorkerpool", "WorkerpoolInfo"),
        ("domain", "EIP712Domain"),
    ] {
        let function = aggregate.abi.function(function).and_then(|all| all.first()).unwrap();
        let fields: Vec<_> = function.outputs[0].components.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(fields, names(&structs[kind]), "{kind}");
    }
}

#[test]
fn no_contract_is_too_large_and_none_uses_opcodes_younger_than_berlin() {
    let market = Market::deployed();
    let mut names: Vec<&str> = market.facets.iter().map(|(name, _)| *name).collect();
    names.push("IexecEscrowNativeFacet");
    names.extend(["Diamond", "DiamondInit", "RLC", "AppRegistry", "DatasetRegistry", "WorkerpoolRegistry"]);
    names.extend(["App", "Dataset", "Workerpool", "InitializableUpgradeabilityProxy", "IexecLibOrders_v5"]);
    for name in names {
        let code = Artifact::named(name).deployed;
        assert!(!code.is_empty() && code.len() < 24_576, "{name} has {} bytes", code.len());
        let young = opcodes(&code).find(|op| [0x48, 0x5c, 0x5d, 0x5e, 0x5f].contains(op));
        assert_eq!(young, None, "{name}");
    }
}

/// Opcodes without the data of pushes and without the data that solc keeps behind the last `INVALID`.
fn opcodes(code: &[u8]) -> impl Iterator<Item = u8> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let op = *code.get(at)?;
        at += 1 + if (0x60..=0x7f).contains(&op) { usize::from(op) - 0x5f } else { 0 };
        (op != 0xfe).then_some(op)
    })
}
