//! Every row of the specification's ABI tables is in the artifacts and served by the deployed diamond.

use alloy::json_abi::{Function, Param};
use alloy::primitives::{FixedBytes, keccak256};
use fairgrid_conformance::abi::Hub;
use fairgrid_conformance::{Artifact, Market, vectors};
use serde_json::Value;

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
    for row in rows("functions") {
        let selector = keccak256(text(&row, "signature"));
        assert_eq!(FixedBytes::<4>::from_slice(&selector[..4]).to_string(), text(&row, "selector"));
        check_function(function(&Artifact::named(text(&row, "facet")), &row), &row);
    }
}

#[test]
fn every_function_of_the_tables_is_in_the_aggregate_interface() {
    let aggregate = Artifact::named("IexecInterfaceToken");
    for row in rows("functions") {
        let management = ["DiamondCutFacet", "DiamondLoupeFacet"].contains(&text(&row, "facet"));
        if !management {
            check_function(function(&aggregate, &row), &row);
        }
    }
    assert!(aggregate.abi.receive.is_some() && aggregate.abi.fallback.is_some());
}

#[test]
fn the_diamond_serves_every_function_of_the_tables_and_no_other() {
    let mut market = Market::deployed();
    let mut served = 0;
    for row in rows("functions") {
        let selector: FixedBytes<4> = text(&row, "selector").parse().unwrap();
        let facet = market.view(&Hub::facetAddressCall { selector }).unwrap();
        let name = market.facets.iter().find(|(_, address)| *address == facet).map(|(name, _)| *name);
        assert_eq!(name, Some(text(&row, "facet")), "{}", text(&row, "signature"));
        served += 1;
    }
    let registered: usize = market.facets.clone().iter().map(|(name, _)| Artifact::named(name).selectors().len()).sum();
    assert_eq!(registered, served + 2, "98 entries: the tables, receive and fallback");
    assert_eq!(served, 96);
}

#[test]
fn every_event_has_its_topic_names_and_indices() {
    let aggregate = Artifact::named("IexecInterfaceToken");
    for row in rows("events") {
        let signature = text(&row, "signature");
        assert_eq!(keccak256(signature).to_string(), text(&row, "topic"), "{signature}");
        let event = aggregate.abi.events().find(|event| event.signature() == signature);
        let event = event.unwrap_or_else(|| panic!("the aggregate interface has no {signature}"));
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
