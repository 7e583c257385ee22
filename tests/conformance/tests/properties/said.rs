//! What the hub says, in the words of whoever knows the event.

use alloy::primitives::Log;
use alloy::sol_types::SolEventInterface as _;
use fairgrid_conformance::abi::Bags::BagsEvents;
use fairgrid_conformance::abi::Light::LightEvents;
use fairgrid_conformance::event;
use protocol::TaskId;
use protocol::hub::Event;

#[derive(Clone, Debug)]
pub(crate) enum Said {
    Classic(Event),
    Bags(BagsEvents),
    Light(LightEvents),
}

/// `None` for logs that tell nothing about money or tasks.
pub(crate) fn said(log: &Log) -> Option<Said> {
    let bags = BagsEvents::decode_log(log).ok().map(|said| Said::Bags(said.data));
    let light = || LightEvents::decode_log(log).ok().map(|said| Said::Light(said.data));
    bags.or_else(light).or_else(|| event(log).map(Said::Classic))
}

impl Said {
    /// The requester's contract is called after it.
    pub(crate) fn calls_back(&self) -> bool {
        matches!(self, Self::Classic(Event::TaskFinalize { .. }) | Self::Light(LightEvents::LightDelivered(_)))
    }

    pub(crate) fn is_consensus_of(&self, task: TaskId) -> bool {
        matches!(self, Self::Classic(Event::TaskConsensus { task: named, .. }) if *named == task)
    }

    /// How an event that a callback caused is counted.
    pub(crate) fn inside(&self) -> Option<&'static str> {
        Some(match self {
            Self::Classic(Event::OrdersMatched { .. }) => "matched inside a callback",
            Self::Classic(Event::TaskContribute { .. }) => "voted inside a callback",
            Self::Classic(Event::TaskClaimed { .. }) => "claimed inside a callback",
            Self::Classic(Event::TaskFinalize { .. }) => "finalized inside a callback",
            Self::Light(_) => "light deals moved inside a callback",
            // Belongs to the event before it.
            Self::Bags(BagsEvents::TaskFinalizeLate(_)) => return None,
            _ => "other events of callbacks",
        })
    }
}

/// How often the calls for many tasks are accepted, and refused.
pub(crate) fn counted(signature: &str, accepted: bool) -> Option<&'static str> {
    let (good, bad) = match signature.split('(').next()? {
        "initializeAndContributeAndFinalize" => ("alone at once: accepted", "alone at once: refused"),
        "contributeAndFinalizeRange" => ("ranges: accepted", "ranges: refused"),
        "contributeFor" => ("votes relayed: accepted", "votes relayed: refused"),
        "revealFor" => ("reveals relayed: accepted", "reveals relayed: refused"),
        "finalizeLate" => ("finalized late: accepted", "finalized late: refused"),
        "publishResults" => ("results published: accepted", "results published: refused"),
        "settleLight" => ("light settled: accepted", "light settled: refused"),
        "claimLight" => ("light claimed: accepted", "light claimed: refused"),
        "deliverLight" => ("light delivered: accepted", "light delivered: refused"),
        _ => return None,
    };
    Some(if accepted { good } else { bad })
}
