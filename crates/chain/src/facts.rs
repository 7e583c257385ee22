//! Everything the matcher needs to know about four orders, read in one go.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use protocol::matching::{Facts, Standing};
use protocol::order::{Kind, Order, Quadruple, Signed};
use protocol::{Address, Amount, U256};

use crate::bindings::Group;
use crate::{Client, Error};

/// ERC-734 purpose under which a group contract lists its members. Source: hub `groupmember_purpose`.
const GROUP_MEMBER: u64 = 4;

impl Client {
    /// What the chain says about four orders and the money of `payer`, the requester or a sponsor.
    ///
    /// # Errors
    /// When the node does not answer. What does not exist is reported in the facts, not as an error.
    pub async fn facts(&self, orders: &Quadruple, payer: Address) -> Result<Facts, Error> {
        let (categories, app, dataset, workerpool, request, groups, payer_account) = tokio::try_join!(
            self.categories(),
            self.standing(&orders.app),
            self.standing(&orders.dataset),
            self.standing(&orders.workerpool),
            self.standing(&orders.request),
            self.groups(orders),
            self.account(payer),
        )?;
        let pool_stake = match workerpool.1 {
            Some(owner) => self.account(owner).await?.stake,
            None => Amount::ZERO,
        };
        Ok(Facts {
            categories,
            app: app.0,
            dataset: dataset.0,
            workerpool: workerpool.0,
            request: request.0,
            groups,
            payer_stake: payer_account.stake,
            pool_stake,
        })
    }

    /// One order's standing, and who owns what it sells.
    async fn standing<O: Order>(&self, signed: &Signed<O>) -> Result<(Standing, Option<Address>), Error> {
        let subject = signed.order.subject();
        if subject.is_zero() {
            return Ok((Standing::default(), None));
        }
        let hash = signed.hash(&self.info().domain);
        let owner = async {
            match O::KIND {
                Kind::Request => Ok(Some(subject)),
                Kind::App | Kind::Dataset | Kind::Workerpool => self.owner_of(subject).await,
            }
        };
        let (owner, registered, consumed) =
            tokio::try_join!(owner, self.registered(O::KIND, subject), self.consumed(hash))?;
        let signed = match owner {
            Some(owner) => self.accepts_signature(owner, hash, &signed.sign).await?,
            None => false,
        };
        Ok((Standing { registered, signed, consumed }, owner))
    }

    /// Memberships among the orders' restrictions that a group contract affirms.
    async fn groups(&self, orders: &Quadruple) -> Result<BTreeSet<(Address, Address)>, Error> {
        let asked = restrictions(orders).into_iter().map(|(group, account)| async move {
            let member = self.is_member(group, account).await?;
            Ok::<_, Error>(member.then_some((group, account)))
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    /// Whether a group contract lists `account`. A contract that answers nothing usable lists nobody.
    async fn is_member(&self, group: Address, account: Address) -> Result<bool, Error> {
        let call = Group::keyHasPurposeCall { key: account.into_word(), purpose: U256::from(GROUP_MEMBER) };
        match self.node().call("ask a group", group, &call).await {
            Err(Error::Refused { .. } | Error::BadAnswer { .. }) => Ok(false),
            other => other,
        }
    }
}

/// Restrictions that name neither nobody nor the account itself: only those can be groups.
fn restrictions(orders: &Quadruple) -> BTreeSet<(Address, Address)> {
    let (app, dataset, pool, request) =
        (&orders.app.order, &orders.dataset.order, &orders.workerpool.order, &orders.request.order);
    let requester = request.requester;
    let pairs = [
        (request.workerpool, pool.workerpool),
        (app.datasetrestrict, dataset.dataset),
        (app.workerpoolrestrict, pool.workerpool),
        (app.requesterrestrict, requester),
        (dataset.apprestrict, app.app),
        (dataset.workerpoolrestrict, pool.workerpool),
        (dataset.requesterrestrict, requester),
        (pool.apprestrict, app.app),
        (pool.datasetrestrict, dataset.dataset),
        (pool.requesterrestrict, requester),
    ];
    pairs.into_iter().filter(|(group, account)| !group.is_zero() && group != account).collect()
}
