//! The members of each order, in the order in which they are hashed. Source: `poco-contracts.md` 3 and 10.1.

use alloy_primitives::{Address, B256, U256, keccak256};
use serde::{Deserialize, Serialize};

use super::wire::uint;
use super::{Kind, Order};
use crate::{Amount, Tag};

/// An owner lets others run an app. Restrictions: zero is anybody, an address or a group contract is only those.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppOrder {
    /// The app contract.
    pub app: Address,
    /// Price of one task.
    pub appprice: Amount,
    /// Tasks this order is good for.
    #[serde(with = "uint")]
    pub volume: U256,
    /// Features the app needs.
    pub tag: Tag,
    /// Dataset that it may be used with.
    pub datasetrestrict: Address,
    /// Pool that may run it.
    pub workerpoolrestrict: Address,
    /// Requester that may buy it.
    pub requesterrestrict: Address,
    /// Makes equal orders distinct.
    pub salt: B256,
}

/// An owner lets others compute on a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetOrder {
    /// The dataset contract; zero is "no dataset".
    pub dataset: Address,
    /// Price of one task.
    pub datasetprice: Amount,
    /// Tasks this order is good for.
    #[serde(with = "uint")]
    pub volume: U256,
    /// Features that the dataset's owner demands.
    pub tag: Tag,
    /// App that may read it.
    pub apprestrict: Address,
    /// Pool that may hold it.
    pub workerpoolrestrict: Address,
    /// Requester that may buy it.
    pub requesterrestrict: Address,
    /// Makes equal orders distinct.
    pub salt: B256,
}

/// A pool offers computing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerpoolOrder {
    /// The workerpool contract.
    pub workerpool: Address,
    /// Price of one task.
    pub workerpoolprice: Amount,
    /// Tasks this order is good for.
    #[serde(with = "uint")]
    pub volume: U256,
    /// Features offered.
    pub tag: Tag,
    /// Category: the time limits offered.
    #[serde(with = "uint")]
    pub category: U256,
    /// Greatest trust offered.
    #[serde(with = "uint")]
    pub trust: U256,
    /// App that may run.
    pub apprestrict: Address,
    /// Dataset that may be used.
    pub datasetrestrict: Address,
    /// Requester that may buy.
    pub requesterrestrict: Address,
    /// Makes equal orders distinct.
    pub salt: B256,
}

/// A requester wants a computation done, once per unit of volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestOrder {
    /// The app to run.
    pub app: Address,
    /// Most that one task may cost for the app.
    pub appmaxprice: Amount,
    /// The dataset to use; zero is none.
    pub dataset: Address,
    /// Most that one task may cost for the dataset.
    pub datasetmaxprice: Amount,
    /// Pool that must run it; zero is any.
    pub workerpool: Address,
    /// Most that one task may cost for computing.
    pub workerpoolmaxprice: Amount,
    /// Who signs and, unless sponsored, pays.
    pub requester: Address,
    /// Tasks wanted.
    #[serde(with = "uint")]
    pub volume: U256,
    /// Features needed.
    pub tag: Tag,
    /// Category: the time limits wanted.
    #[serde(with = "uint")]
    pub category: U256,
    /// How sure the result must be: wrong with probability at most `1 / trust`.
    #[serde(with = "uint")]
    pub trust: U256,
    /// Who may read an encrypted result.
    pub beneficiary: Address,
    /// Contract that receives the result; zero is none.
    pub callback: Address,
    /// Deal parameters as JSON text: [`crate::params::DealParams`].
    pub params: String,
    /// Makes equal orders distinct.
    pub salt: B256,
}

fn word(value: U256) -> B256 {
    B256::from(value)
}

impl Order for AppOrder {
    const KIND: Kind = Kind::App;
    const TYPE: &'static str = "AppOrder(address app,uint256 appprice,uint256 volume,bytes32 tag,\
        address datasetrestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)";

    fn words(&self) -> Vec<B256> {
        vec![
            self.app.into_word(),
            word(self.appprice.to_nrlc()),
            word(self.volume),
            self.tag.0,
            self.datasetrestrict.into_word(),
            self.workerpoolrestrict.into_word(),
            self.requesterrestrict.into_word(),
            self.salt,
        ]
    }

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }

    fn subject(&self) -> Address {
        self.app
    }
}

impl Order for DatasetOrder {
    const KIND: Kind = Kind::Dataset;
    const TYPE: &'static str = "DatasetOrder(address dataset,uint256 datasetprice,uint256 volume,bytes32 tag,\
        address apprestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)";

    fn words(&self) -> Vec<B256> {
        vec![
            self.dataset.into_word(),
            word(self.datasetprice.to_nrlc()),
            word(self.volume),
            self.tag.0,
            self.apprestrict.into_word(),
            self.workerpoolrestrict.into_word(),
            self.requesterrestrict.into_word(),
            self.salt,
        ]
    }

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }

    fn subject(&self) -> Address {
        self.dataset
    }
}

impl Order for WorkerpoolOrder {
    const KIND: Kind = Kind::Workerpool;
    const TYPE: &'static str = "WorkerpoolOrder(address workerpool,uint256 workerpoolprice,uint256 volume,\
        bytes32 tag,uint256 category,uint256 trust,address apprestrict,address datasetrestrict,\
        address requesterrestrict,bytes32 salt)";

    fn words(&self) -> Vec<B256> {
        vec![
            self.workerpool.into_word(),
            word(self.workerpoolprice.to_nrlc()),
            word(self.volume),
            self.tag.0,
            word(self.category),
            word(self.trust),
            self.apprestrict.into_word(),
            self.datasetrestrict.into_word(),
            self.requesterrestrict.into_word(),
            self.salt,
        ]
    }

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }

    fn subject(&self) -> Address {
        self.workerpool
    }
}

impl Order for RequestOrder {
    const KIND: Kind = Kind::Request;
    const TYPE: &'static str = "RequestOrder(address app,uint256 appmaxprice,address dataset,uint256 datasetmaxprice,\
        address workerpool,uint256 workerpoolmaxprice,address requester,uint256 volume,bytes32 tag,uint256 category,\
        uint256 trust,address beneficiary,address callback,string params,bytes32 salt)";

    fn words(&self) -> Vec<B256> {
        vec![
            self.app.into_word(),
            word(self.appmaxprice.to_nrlc()),
            self.dataset.into_word(),
            word(self.datasetmaxprice.to_nrlc()),
            self.workerpool.into_word(),
            word(self.workerpoolmaxprice.to_nrlc()),
            self.requester.into_word(),
            word(self.volume),
            self.tag.0,
            word(self.category),
            word(self.trust),
            self.beneficiary.into_word(),
            self.callback.into_word(),
            keccak256(&self.params),
            self.salt,
        ]
    }

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }

    fn subject(&self) -> Address {
        self.requester
    }
}
